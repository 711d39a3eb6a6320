//! Measures whether the time of a refusal tells who has an account, at sign-in and elsewhere, and whether hashing slows others down.
//!
//! The first is measured on a server within this process, with a cheap hash, so that a difference between two refusals is a
//! larger part of them; the second on the program itself, with its production hash, by the 99th percentile and the memory.

mod support;

use std::{
    fs,
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream},
    ops::RangeInclusive,
    path::Path,
    process::{Child, Command, ExitCode, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use diesel::prelude::*;
use rand::{Rng, SeedableRng, rngs::SmallRng, seq::SliceRandom};
use serde_json::{Value, json};
use status_tracker::{
    account::model::{NewUser, Role, insert_user},
    account::privacy_policy::VERSION,
    db::schema::users,
    server::Services,
};
use support::{Connection, PASSWORD};
use tempfile::TempDir;

/// Times four attempts, one less than what locks a name: 1,000 requests on each side.
const NAMES: usize = 250;
const ATTEMPTS: usize = 4;
/// How often the slower of two refusals may be that of the known name. Chance alone strays by 0.013.
const UNTOLD: RangeInclusive<f64> = 0.45..=0.55;

const CLIENTS: usize = 50;
const SPELL: Duration = Duration::from_secs(30);
const SLOWEST: Duration = Duration::from_millis(100);
const MEMORY_KIB: u64 = 150 * 1024;

fn main() -> ExitCode {
    if !support::wanted() {
        return ExitCode::SUCCESS;
    }
    let untold = names_stay_untold();
    let undisturbed = others_stay_undisturbed();
    if untold && undisturbed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A request about somebody, and how it is refused.
#[derive(Clone, Copy)]
struct Refusal {
    method: &'static str,
    /// `{}` stands for the name, as in the address.
    path: &'static str,
    body: fn(&str) -> Value,
    status: u16,
}

impl Refusal {
    const LOGIN: Self = Self { method: "POST", path: "/api/v1/auth/login", body: wrong_password, status: 401 };
    const LOCKED: Self = Self { status: 423, ..Self::LOGIN };
    const TOKEN: Self = Self { path: "/api/v1/auth/token", ..Self::LOGIN };
    const CONTINUATION: Self = Self { body: no_continuation, ..Self::LOGIN };
    const REGISTERING: Self = Self { path: "/api/v1/auth/register", body: no_invitation, status: 403, ..Self::LOGIN };
    const STATUS: Self = Self { method: "GET", path: "/api/v1/people/{}/status", body: |_| Value::Null, status: 404 };
    const ENTRIES: Self = Self { path: "/api/v1/people/{}/entries", ..Self::STATUS };
    const EVENTS: Self = Self { path: "/api/v1/people/{}/events", ..Self::STATUS };
    const ASKING: Self = Self { method: "POST", path: "/api/v1/people/{}/share-requests", ..Self::STATUS };
    const ACTING_AS: Self = Self { path: "/api/v1/me?acting_as={}", status: 409, ..Self::STATUS };

    /// How long it took.
    fn time(&self, connection: &mut Connection, name: &str) -> Duration {
        let (path, body) = (self.path.replace("{}", name), Some((self.body)(name)).filter(|body| !body.is_null()));
        let begun = Instant::now();
        let (answered, _) = connection.request(self.method, &path, body.as_ref());
        let taken = begun.elapsed();
        assert_eq!(answered, self.status, "{path} of {name}");
        taken
    }
}

fn wrong_password(name: &str) -> Value {
    json!({"username": name, "password": "Wrong-Harbour-71-lanterns"})
}

fn no_continuation(name: &str) -> Value {
    json!({"username": name, "continuation": "x".repeat(43), "totp_code": "000000"})
}

fn no_invitation(name: &str) -> Value {
    json!({"username": name, "password": PASSWORD, "privacy_policy_version": VERSION, "invite_code": "x".repeat(22)})
}

/// Prints how refusals of names that exist compare with those of names that do not; whether they can be told apart.
fn names_stay_untold() -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let services = support::services(&folder, "6");
    let mut random = SmallRng::seed_from_u64(3);
    let [viewers, disabled, admins, nobody, nobody_else, others] = [(); 6].map(|()| names(&mut random));
    add_users(&services, &viewers, Role::Viewer, false);
    add_users(&services, &disabled, Role::Viewer, true);
    add_users(&services, &admins, Role::Admin, false);
    add_users(&services, &["reader".to_owned()], Role::Viewer, false);
    let address = support::serve(services);
    // A new connection for each comparison: one that is idle meanwhile is closed.
    let stranger = || Connection::open(address);
    let token = support::token(address, "reader");
    let reader = || {
        let mut connection = Connection::open(address);
        connection.authorize(&token);
        connection
    };
    println!("{:46}{:>10}{:>10}{:>8}", "refusals, median in ms", "known", "unknown", "AUC");
    let mut held = true;
    for (title, refusal, sides) in [
        ("sign-in, known or not", Refusal::LOGIN, [&viewers, &nobody]),
        ("sign-in, disabled or not there", Refusal::LOGIN, [&disabled, &nobody_else]),
        ("token, known or not", Refusal::TOKEN, [&admins, &others]),
        ("continuation, known or not", Refusal::CONTINUATION, [&admins, &others]),
        ("registering uninvited, taken or free", Refusal::REGISTERING, [&viewers, &nobody]),
    ] {
        held &= compare(stranger(), title, refusal, sides, &mut random);
    }
    for (title, refusal, sides) in [
        ("status, not shared or not there", Refusal::STATUS, [&admins, &others]),
        ("status, another viewer or not there", Refusal::STATUS, [&viewers, &nobody]),
        ("entries, not shared or not there", Refusal::ENTRIES, [&admins, &others]),
        ("events, not shared or not there", Refusal::EVENTS, [&admins, &others]),
        ("asking, another viewer or not there", Refusal::ASKING, [&viewers, &nobody]),
        ("asking, disabled or not there", Refusal::ASKING, [&disabled, &nobody_else]),
        ("acting as, known or not", Refusal::ACTING_AS, [&admins, &others]),
    ] {
        held &= compare(reader(), title, refusal, sides, &mut random);
    }
    let mut fifth = stranger();
    for name in viewers.iter().chain(&nobody) {
        Refusal::LOGIN.time(&mut fifth, name);
    }
    let sides = [&viewers, &nobody];
    held &= compare(stranger(), "sign-in, known or not, locked by the fifth", Refusal::LOCKED, sides, &mut random);
    println!("\nThe AUC has to stay within {UNTOLD:?}: {}\n", verdict(held));
    held
}

fn verdict(held: bool) -> &'static str {
    if held { "held" } else { "NOT HELD" }
}

/// Names of one shape, so that nothing but their being known tells them apart.
fn names(random: &mut SmallRng) -> Vec<String> {
    (0..NAMES).map(|_| (0..12).map(|_| char::from(random.gen_range(b'a'..=b'z'))).collect()).collect()
}

fn add_users(services: &Services, names: &[String], role: Role, disabled: bool) {
    let state = &services.state;
    let (hash, now) = (support::password_hash(services), state.clock.now());
    for name in names {
        let user = NewUser::new(state.clock.new_id(), name, role, hash.clone(), now);
        state
            .db
            .write_blocking(move |conn| {
                let id = insert_user(conn, &user)?.id;
                diesel::update(users::table.find(id)).set(users::disabled.eq(i16::from(disabled))).execute(conn)?;
                Ok(())
            })
            .expect("a user");
    }
}

fn compare(
    mut connection: Connection,
    title: &str,
    refusal: Refusal,
    sides: [&Vec<String>; 2],
    random: &mut SmallRng,
) -> bool {
    let mut attempts: Vec<(usize, &String)> = [0, 1]
        .into_iter()
        .flat_map(|side| sides[side].iter().map(move |name| (side, name)))
        .collect::<Vec<_>>()
        .repeat(ATTEMPTS);
    attempts.shuffle(random);
    let mut times = [Vec::new(), Vec::new()];
    for (side, name) in attempts {
        times[side].push(refusal.time(&mut connection, name));
    }
    let [known, unknown] = times.map(|mut times| {
        times.sort_unstable();
        times
    });
    let (auc, median) = (auc(&known, &unknown), |times: &[Duration]| times[times.len() / 2].as_secs_f64() * 1e3);
    let held = UNTOLD.contains(&auc);
    let mark = if held { "" } else { "  told apart" };
    println!("{title:46}{:>10.3}{:>10.3}{auc:>8.3}{mark}", median(&known), median(&unknown));
    held
}

fn small(count: usize) -> u32 {
    u32::try_from(count).expect("thousands at most")
}

/// How likely one of `known` takes longer than one of `unknown`, both sorted: 0.5 when nothing tells them apart (Mann-Whitney).
fn auc(known: &[Duration], unknown: &[Duration]) -> f64 {
    // Twice the number of pairs, because equal ones count half.
    let twice: u32 = known
        .iter()
        .map(|time| unknown.partition_point(|other| other < time) + unknown.partition_point(|other| other <= time))
        .map(small)
        .sum();
    f64::from(twice) / (2.0 * f64::from(small(known.len())) * f64::from(small(unknown.len())))
}

/// Prints what others wait, and what memory the program holds, while 50 clients do nothing but try to sign in; whether both stay in
/// their bounds.
fn others_stay_undisturbed() -> bool {
    let program = Program::start();
    let mut connection = Connection::open(program.address);
    connection.authorize(&support::token(program.address, "morgan"));
    for number in 1..=100 {
        let body = json!({"metric": "water", "value": number});
        assert_eq!(connection.request("POST", "/api/v1/entries", Some(&body)).0, 201);
    }
    let routes = ["/api/v1/people/morgan/status", "/api/v1/people/morgan/entries?limit=20", "/health/live"];
    let mut times = [(); 3].map(|()| Vec::new());
    let idle = program.memory_kib("VmRSS");
    let (stopped, hashed, refused) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (stopped, hashed, refused) = (&stopped, &hashed, &refused);
            scope.spawn(move || {
                sign_in_until(stopped, program.address, client, [hashed, refused]);
            });
        }
        let begun = Instant::now();
        while begun.elapsed() < SPELL {
            for (route, times) in routes.iter().zip(&mut times) {
                let begun = Instant::now();
                connection.get(route);
                times.push(begun.elapsed());
            }
        }
        stopped.store(true, Ordering::Relaxed);
    });
    let (hashed, refused) = (hashed.into_inner(), refused.into_inner());
    println!(
        "{CLIENTS} clients signed in for {} s: {hashed} were hashed, {refused} told to come later",
        SPELL.as_secs()
    );
    println!("{:42}{:>10}{:>10}{:>10}{:>10}", "others meanwhile, ms", "requests", "median", "p99", "max");
    // Nothing is shown if nothing was hashed.
    let mut held = hashed > 0 && refused > 0;
    for (route, mut times) in routes.iter().zip(times) {
        times.sort_unstable();
        let at = |share: usize| times[(times.len() - 1) * share / 100];
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        held &= at(99) < SLOWEST;
        println!("{route:42}{:>10}{:>10.2}{:>10.2}{:>10.2}", times.len(), ms(at(50)), ms(at(99)), ms(at(100)));
    }
    let peak = program.memory_kib("VmHWM");
    held &= peak < MEMORY_KIB;
    println!("memory, MiB: {} idle, {} at most", idle / 1024, peak / 1024);
    println!(
        "\np99 has to stay below {} ms, memory below {} MiB: {}",
        SLOWEST.as_millis(),
        MEMORY_KIB / 1024,
        verdict(held)
    );
    held
}

/// Signs in as one stranger after the other, and counts the attempts that were hashed and those that were refused.
fn sign_in_until(stopped: &AtomicBool, address: SocketAddr, client: usize, [hashed, refused]: [&AtomicUsize; 2]) {
    let mut connection = Connection::open(address);
    for number in 0.. {
        if stopped.load(Ordering::Relaxed) {
            break;
        }
        let body = json!({"username": format!("stranger-{client}-{number}"), "password": PASSWORD});
        match connection.request("POST", "/api/v1/auth/login", Some(&body)).0 {
            401 => hashed.fetch_add(1, Ordering::Relaxed),
            503 => refused.fetch_add(1, Ordering::Relaxed),
            other => panic!("a sign-in was answered with {other}"),
        };
    }
}

/// The program as an operator runs it, with a person who logs; ends when dropped.
struct Program {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Program {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // Freed again for the program, which takes it at once.
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let run = |words: &[&str]| Self::command(folder.path(), address, words).spawn().expect("the program");
        assert!(run(&["migrate"]).wait().expect("its end").success());
        let mut create = run(&["user", "create", "--username", "morgan", "--role", "admin", "--password-stdin"]);
        create.stdin.take().expect("its input").write_all(PASSWORD.as_bytes()).expect("a program that reads");
        assert!(create.wait().expect("its end").success());
        let program = Self { child: run(&["serve"]), address, _folder: folder };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "the program does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        program
    }

    fn command(folder: &Path, address: SocketAddr, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_status-tracker"));
        command
            .args(words)
            .env("DATA_DIR", folder)
            .env("BIND_ADDR", address.to_string())
            .env("BCRYPT_COST", "14")
            .env("RATE_LIMIT_ENABLED", "false")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// A figure of the kernel's about its memory.
    fn memory_kib(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the program's status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line about memory");
        line.trim_matches(|letter: char| !letter.is_ascii_digit()).parse().expect("a number")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
