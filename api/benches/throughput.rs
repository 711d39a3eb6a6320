//! Requests a second that the program serves on this machine as an operator runs it: a process of its own, a year of demo
//! data, signed in, limits and log on, 64 kept connections. Beside it, in turns, a handler that does nothing, which shows
//! all that the machine and the load allow; where `scripts/install-tools.sh bench` has installed it, `PocketBase`; and, if
//! `BENCH_BEFORE` names the program of an earlier version, that one.

#[path = "support/connection.rs"]
mod connection;

use std::{
    fs::File,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use actix_web::{App, HttpResponse, HttpServer, web};
use connection::{Connection, PASSWORD};
use serde_json::{Value, json};
use status_tracker::clock::{Clock, HOUR, Timestamp};

const CONNECTIONS: usize = 64;
const SPELL: Duration = Duration::from_secs(4);
const ROUNDS: usize = 3;
/// As many as two persons log in a year of the demo.
const ENTRIES: usize = 8_000;

/// A request of somebody who is signed in, by its number.
type Ask = Box<dyn Fn(usize) -> (&'static str, String, Option<Value>) + Sync>;

struct Candidate {
    name: &'static str,
    address: SocketAddr,
    token: String,
    asks: Vec<(&'static str, Ask)>,
    _process: Option<Process>,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn main() {
    if !connection::wanted() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let candidates: Vec<Candidate> =
        [Some(nothing()), Some(now(folder.path())), before(folder.path()), peer(folder.path())]
            .into_iter()
            .flatten()
            .collect();
    println!("{CONNECTIONS} connections, {ROUNDS} turns of {} s each; the median, a second:", SPELL.as_secs());
    for number in 0..3 {
        let with: Vec<&Candidate> = candidates.iter().filter(|candidate| candidate.asks.len() > number).collect();
        let mut rates = vec![Vec::new(); with.len()];
        for _ in 0..ROUNDS {
            for (candidate, rates) in with.iter().zip(&mut rates) {
                rates.push(candidate.rate(number));
            }
        }
        for (candidate, mut rates) in with.iter().zip(rates) {
            rates.sort_by(f64::total_cmp);
            println!("{:>16} {:<28}{:>8.0}", candidate.name, candidate.asks[number].0, rates[ROUNDS / 2]);
        }
    }
}

impl Candidate {
    fn rate(&self, number: usize) -> f64 {
        let ask = &self.asks[number].1;
        let (sender, counts) = mpsc::channel();
        let begun = Instant::now();
        thread::scope(|scope| {
            for lane in 0..CONNECTIONS {
                let sender = sender.clone();
                scope.spawn(move || {
                    let mut connection = Connection::open(self.address);
                    connection.authorize(&self.token);
                    let mut count = 0_u32;
                    while begun.elapsed() < SPELL {
                        let (method, path, body) = ask(lane * 1_000_000 + count as usize);
                        let (status, answer) = connection.request(method, &path, body.as_ref());
                        assert!((200..300).contains(&status), "{path}: {}", String::from_utf8_lossy(&answer));
                        count += 1;
                    }
                    sender.send(count).expect("somebody who counts");
                });
            }
        });
        drop(sender);
        f64::from(counts.iter().sum::<u32>()) / begun.elapsed().as_secs_f64()
    }
}

fn read(what: &'static str, path: String) -> (&'static str, Ask) {
    (what, Box::new(move |_| ("GET", path.clone(), None)))
}

/// A bare server without a product behind it.
fn nothing() -> Candidate {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let answer = || async { HttpResponse::Ok().content_type("application/json").body("{\"status\":\"ok\"}") };
    thread::spawn(move || {
        let server = HttpServer::new(move || App::new().default_service(web::to(answer)));
        actix_web::rt::System::new().block_on(server.disable_signals().listen(listener).expect("a server").run())
    });
    let asks = vec![read("answers that say nothing", "/".to_owned())];
    Candidate { name: "bare handler", address, token: String::new(), asks, _process: None }
}

fn now(folder: &Path) -> Candidate {
    ours("status-tracker", Path::new(env!("CARGO_BIN_EXE_status-tracker")), &folder.join("now"))
}

fn before(folder: &Path) -> Option<Candidate> {
    let program = std::env::var_os("BENCH_BEFORE")?;
    Some(ours("before", Path::new(&program), &folder.join("before")))
}

fn ours(name: &'static str, program: &Path, folder: &Path) -> Candidate {
    std::fs::create_dir(folder).expect("a folder");
    let address = free_address();
    let data = folder.join("data");
    let log = || File::options().create(true).append(true).open(folder.join("log")).expect("a log");
    let program = |words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words).env("DATA_DIR", &data).env("BIND_ADDR", address.to_string()).env("BCRYPT_COST", "4");
        command.env("RATE_LIMIT_GENERAL", "100000000/1s").env("LOG_FORMAT", "json").stderr(log());
        command
    };
    let made = program(&["demo", "--days", "365"]).output().expect("a demo");
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    let after = |word: &str| {
        let rest = said.split(word).nth(1).unwrap_or_else(|| panic!("no {word} in {said}"));
        rest.split_whitespace().next().unwrap_or_default().trim_end_matches(',').to_owned()
    };
    let (person, password) = (after("users:"), after("password:"));
    let process = started(program(&["serve"]).spawn(), address);
    let body = json!({"username": person, "password": password});
    let answer = Connection::open(address).json("POST", "/api/v1/auth/token", Some(&body));
    let token = answer["access_token"].as_str().expect("a token").to_owned();
    let asks = vec![
        read("status reads", format!("/api/v1/people/{person}/status")),
        read("pages of 20 of the history", format!("/api/v1/people/{person}/entries?limit=20")),
        (
            "durable inserts",
            Box::new(|number: usize| {
                let entry = json!({"metric": "water", "value": 1 + number % 5000, "note": "with a squeeze of lemon"});
                ("POST", "/api/v1/entries".to_owned(), Some(entry))
            }) as Ask,
        ),
    ];
    Candidate { name, address, token, asks, _process: Some(process) }
}

/// The same in another product: a table with an index for what is asked, and as many rows.
fn peer(folder: &Path) -> Option<Candidate> {
    const EMAIL: &str = "robin@example.org";
    let program = PathBuf::from(std::env::var_os("CACHE_DIR")?).join("bench-venv/bin/pocketbase");
    if !program.exists() {
        return None;
    }
    let (address, data) = (free_address(), folder.join("peer"));
    let command = |words: &[&str]| {
        let mut command = Command::new(&program);
        command.args(words).arg("--dir").arg(&data).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    assert!(command(&["superuser", "upsert", EMAIL, PASSWORD]).status().expect("a peer").success());
    let process = started(command(&["serve", "--http", &address.to_string()]).spawn(), address);
    let mut connection = Connection::open(address);
    connection.get("/api/health");
    let path = "/api/collections/_superusers/auth-with-password";
    let credentials = json!({"identity": EMAIL, "password": PASSWORD});
    let token = connection.json("POST", path, Some(&credentials))["token"].as_str().expect("a token").to_owned();
    connection.authorize(&token);
    let text = |name: &str| json!({"name": name, "type": "text"});
    let fields = [text("person"), text("metric"), json!({"name": "value", "type": "number"}), text("at"), text("note")];
    let indexes = ["CREATE INDEX entries_by_time ON entries (person, at)"];
    let collection = json!({"name": "entries", "type": "base", "fields": fields, "indexes": indexes});
    connection.json("POST", "/api/collections", Some(&collection));
    let now = Clock::system().now();
    let row = move |number: usize| {
        let at = Timestamp(now.0 - i64::try_from(number).unwrap_or_default() * HOUR).to_string();
        json!({"person": "robin", "metric": "water", "value": 1 + number % 5000, "at": at, "note": "with a squeeze of lemon"})
    };
    let records = "/api/collections/entries/records";
    for number in 0..ENTRIES {
        connection.json("POST", records, Some(&row(number)));
    }
    let list = |count| format!("{records}?perPage={count}&skipTotal=1&sort=-at&filter=(person%3D%27robin%27)");
    let asks = vec![
        read("reads of the newest entry", list(1)),
        read("pages of 20 of the history", list(20)),
        (
            "durable inserts",
            Box::new(move |number: usize| ("POST", records.to_owned(), Some(row(number % 10_000)))) as Ask,
        ),
    ];
    Some(Candidate { name: "PocketBase", address, token, asks, _process: Some(process) })
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

/// A process that listens.
fn started(process: std::io::Result<Child>, address: SocketAddr) -> Process {
    let mut process = Process(process.expect("a process"));
    while TcpStream::connect(address).is_err() {
        let ended = process.0.try_wait().expect("to know of it");
        assert!(ended.is_none(), "it ended: {ended:?}");
        thread::yield_now();
    }
    process
}
