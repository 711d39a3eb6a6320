//! The real program, killed and stopped while it writes: what it acknowledged is there, once.
//!
//! Nothing here sleeps. Kills are triggered by progress, a client whose server has gone waits to be told of the next one, and the
//! wait for a new process is a loop around `connect`, which the kernel refuses at once until the process listens.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Condvar, Mutex, atomic::AtomicUsize, atomic::Ordering, mpsc},
    thread,
    time::{Duration, Instant},
};

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query};
use serde_json::{Value, json};
use status_tracker::clock::Clock;
use tempfile::TempDir;

use crate::support::PASSWORD;

const CLIENTS: usize = 16;
const ENTRIES: usize = 1000;
const KILLS: usize = 20;
/// So many acknowledgements after the last kill comes the next one; the last 100 entries see a server that stays.
const ACKNOWLEDGED_BETWEEN_KILLS: usize = 45;
/// Every so many entries a client throws the first answer away, as if it had been lost on the way.
const LOST_ANSWER: usize = 8;
pub const JWT_SECRET: &str = "one secret of a server that gets killed";
/// Nothing here takes longer on a working machine; what does has got stuck.
pub const PATIENCE: Duration = Duration::from_secs(50);

#[test]
fn what_was_acknowledged_survives_twenty_kills_once() {
    let site = Site::new();
    let token = site.token();
    let clock = Clock::system();
    // Neither has to be known to the server beforehand: ids and instants are the client's own.
    let wanted: Vec<Value> = (0..ENTRIES)
        .map(|number| {
            let at = status_tracker::clock::Timestamp(clock.now().0 - i64::try_from(number).unwrap() * 60_000);
            json!({"id": clock.new_id(), "metric": "water", "value": 1 + number, "at": at, "note": format!("entry {number}")})
        })
        .collect();
    let (next, failures, repeats) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let era = Era::default();
    let (acknowledge, acknowledged) = mpsc::channel::<String>();

    let mut server = site.serve();
    let mut acks = BTreeSet::new();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let acknowledge = acknowledge.clone();
            scope.spawn(|| {
                let acknowledge = acknowledge;
                let mut client = Client::new(site.address, &token);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(entry) = wanted.get(number) else { break };
                    let mut answer_lost = number % LOST_ANSWER == 0;
                    loop {
                        let seen = era.now();
                        match client.request("POST", "/api/v1/entries", Some(entry)) {
                            Ok((200 | 201, _)) if answer_lost => answer_lost = false,
                            Ok((status @ (200 | 201), stored)) => {
                                for (field, value) in entry.as_object().unwrap() {
                                    assert_eq!(&stored[field], value, "{field} as it was acknowledged");
                                }
                                repeats.fetch_add(usize::from(status == 200), Ordering::Relaxed);
                                acknowledge.send(stored["id"].as_str().unwrap().to_owned()).unwrap();
                                break;
                            }
                            Ok((503, _)) => drop(failures.fetch_add(1, Ordering::Relaxed)),
                            Ok((status, problem)) => panic!("{status} for an entry like any other: {problem}"),
                            Err(error) => {
                                failures.fetch_add(1, Ordering::Relaxed);
                                // Refused means there is no server at the moment; anything else may be over already.
                                if error.kind() == ErrorKind::ConnectionRefused {
                                    era.wait_past(seen);
                                }
                            }
                        }
                    }
                }
            });
        }
        drop(acknowledge);
        let deadline = Instant::now() + PATIENCE;
        for id in (0..ENTRIES).map(|_| {
            acknowledged
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
                .expect("an acknowledgement in time")
        }) {
            assert!(acks.insert(id), "each entry is acknowledged to its client once");
            if acks.len() % ACKNOWLEDGED_BETWEEN_KILLS == 0 && acks.len() / ACKNOWLEDGED_BETWEEN_KILLS <= KILLS {
                server.kill();
                server = site.serve();
                era.next();
            }
        }
    });
    let (failures, repeats) = (failures.into_inner(), repeats.into_inner());
    println!("{failures} requests failed and were tried again; {repeats} found that they had been stored before");
    assert_eq!(era.now(), KILLS);
    // A kill cuts the connections of all clients, and all of them still had something to send.
    assert!(failures >= KILLS * CLIENTS / 2, "only {failures} requests were hit by {KILLS} kills");
    assert!(repeats >= ENTRIES / LOST_ANSWER, "the {repeats} repeats include each answer thrown away");
    server.kill();

    let stored = site.stored();
    assert_eq!(stored.len(), ENTRIES, "no entry is there twice, and none that nobody sent");
    for entry in &wanted {
        let id = entry["id"].as_str().unwrap();
        assert!(acks.contains(id));
        assert_eq!(stored[id], (entry["value"].as_i64().unwrap(), entry["note"].as_str().unwrap().to_owned()));
    }
    site.assert_sound();
}

#[test]
fn sigterm_lets_what_is_in_flight_finish() {
    let site = Site::new();
    let token = site.token();
    let clock = Clock::system();
    let mut server = site.serve();
    // Each is known to a worker before it has anything to do: connections still waiting to be accepted are not in flight.
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| Client::new(site.address, &token)).collect();
    for client in &mut clients {
        assert_eq!(client.request("GET", "/health/live", None).unwrap().0, 200);
    }
    let mut idle = Client::new(site.address, &token);
    assert_eq!(idle.request("GET", "/health/live", None).unwrap().0, 200);

    // Somebody else holds the database, so that the writes below stay in flight for as long as this test likes.
    let mut holder = site.connect();
    holder.batch_execute("BEGIN IMMEDIATE").unwrap();
    let ids: Vec<String> = clients.iter().map(|_| clock.new_id().to_string()).collect();
    for (client, id) in clients.iter_mut().zip(&ids) {
        client.send("POST", "/api/v1/entries", Some(&json!({"id": id, "metric": "altitude", "value": 7}))).unwrap();
    }
    // A worker reads its connections in the order in which they have something for it, and new ones go round the workers. When these
    // have been answered, the writes have been read.
    for _ in 0..2 * thread::available_parallelism().unwrap().get() {
        let answer = Client::new(site.address, &token).request("GET", "/health/live", None).unwrap();
        assert_eq!(answer.0, 200);
    }

    let begun = Instant::now();
    server.signal("TERM");
    while TcpStream::connect(site.address).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "a server that has been asked to stop goes on accepting");
        thread::yield_now();
    }
    holder.batch_execute("COMMIT").unwrap();
    drop(holder);
    for (client, id) in clients.iter_mut().zip(&ids) {
        let (status, stored) = client.receive().expect("an answer to what was in flight");
        assert_eq!((status, stored["id"].as_str()), (201, Some(id.as_str())));
    }
    drop(clients);
    let status = server.wait();
    let took = begun.elapsed();
    println!("stopped after {took:?}");
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(10), "an idle connection does not hold up the end: {took:?}");
    assert!(idle.request("GET", "/health/live", None).is_err());

    let log = std::fs::metadata(site.path("status-tracker.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "all is in the database file itself");
    assert_eq!(site.stored().into_keys().collect::<BTreeSet<_>>(), ids.into_iter().collect());
    site.assert_sound();
}

#[test]
fn sigterm_under_load_loses_nothing_that_was_acknowledged() {
    let site = Site::new();
    let token = site.token();
    let clock = Clock::system();
    let mut server = site.serve();
    let (acknowledge, acknowledged) = mpsc::channel::<String>();
    let mut acks = BTreeSet::new();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let acknowledge = acknowledge.clone();
            let (clock, token) = (&clock, &token);
            scope.spawn(move || {
                let mut client = Client::new(site.address, token);
                loop {
                    let id = clock.new_id().to_string();
                    let entry = json!({"id": id, "metric": "altitude", "value": 7});
                    match client.request("POST", "/api/v1/entries", Some(&entry)) {
                        Ok((status, problem)) => assert_eq!(status, 201, "{problem}"),
                        // The server closed the connection, or is gone.
                        Err(_) => break,
                    }
                    acknowledge.send(id).unwrap();
                }
            });
        }
        drop(acknowledge);
        let mut stopping = None;
        while let Ok(id) = acknowledged.recv_timeout(PATIENCE) {
            acks.insert(id);
            if acks.len() == 200 {
                server.signal("TERM");
                stopping = Some(Instant::now());
            }
        }
        assert_eq!(server.wait().code(), Some(0));
        let took = stopping.expect("200 acknowledgements").elapsed();
        println!("stopped after {took:?} with {} acknowledged", acks.len());
        assert!(took < Duration::from_secs(10), "{took:?}");
    });
    let stored: BTreeSet<String> = site.stored().into_keys().collect();
    assert!(acks.is_subset(&stored), "lost: {:?}", acks.difference(&stored));
    // Written but not told, because the connection closed in between: at most the one each client was waiting for.
    assert!(stored.len() <= acks.len() + CLIENTS);
    site.assert_sound();
}

/// Fifty at once, killed in the middle: those that were let through before and after are the limit, to the request.
#[test]
fn what_the_limits_counted_survives_kills_to_the_request() {
    const LIMIT: usize = 300;
    let mut site = Site::new();
    let token = site.token();
    site.settings = vec![("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "300/24h")];
    let (mut answered, mut broken) = (0, 0);
    for kill_after in [70, 90] {
        let mut server = site.serve();
        let (tell, told) = mpsc::channel::<bool>();
        thread::scope(|scope| {
            for _ in 0..50 {
                let (tell, token, address) = (tell.clone(), &token, site.address);
                scope.spawn(move || {
                    let mut client = Client::new(address, token);
                    loop {
                        let answer = client.request("GET", "/api/v1/me", None);
                        let let_through = match &answer {
                            Ok((status, problem)) => {
                                assert_eq!(*status, 200, "{problem}");
                                true
                            }
                            Err(_) => false,
                        };
                        tell.send(let_through).unwrap();
                        if !let_through {
                            break;
                        }
                    }
                });
            }
            drop(tell);
            let mut now = 0;
            while let Ok(let_through) = told.recv_timeout(PATIENCE) {
                if let_through {
                    now += 1;
                    if now == kill_after {
                        server.kill();
                    }
                } else {
                    broken += 1;
                }
            }
            answered += now;
        });
    }
    let server = site.serve();
    let mut client = Client::new(site.address, &token);
    let mut after = 0;
    let refused = loop {
        match client.request("GET", "/api/v1/me", None).unwrap() {
            (200, _) => after += 1,
            (status, problem) => break (status, problem["code"].clone()),
        }
    };
    assert_eq!(refused, (429, json!("rate_limited")));
    // A request that a kill cut off was let through or not; its client cannot know. All others add up.
    println!("{answered} answered before, {broken} cut off, {after} after");
    assert!(answered + after <= LIMIT, "{answered} + {after} are more than {LIMIT}");
    assert!(answered + broken + after >= LIMIT, "{answered} + {broken} + {after} are less than {LIMIT}");
    let journal = std::fs::read_to_string(site.path("limits.journal")).unwrap();
    let counted: usize = journal.lines().map(|line| line.split(' ').nth(1).unwrap().parse::<usize>().unwrap()).sum();
    assert_eq!(counted, LIMIT);
    drop(server);

    let server = site.serve();
    let (status, problem) = Client::new(site.address, &token).request("GET", "/api/v1/me", None).unwrap();
    assert_eq!((status, &problem["code"]), (429, &json!("rate_limited")), "a restart gives nothing back");
    drop(server);
}

/// How many times the server has been replaced; clients that find none wait here for the next one.
#[derive(Default)]
struct Era {
    number: Mutex<usize>,
    changed: Condvar,
}

impl Era {
    fn now(&self) -> usize {
        *self.number.lock().unwrap()
    }

    fn next(&self) {
        *self.number.lock().unwrap() += 1;
        self.changed.notify_all();
    }

    fn wait_past(&self, seen: usize) {
        let number = self.number.lock().unwrap();
        let (number, _) = self.changed.wait_timeout_while(number, PATIENCE, |number| *number == seen).unwrap();
        assert_ne!(*number, seen, "no new server came");
    }
}

/// A place for one server after the other: the same data, the same port, the same secrets.
pub struct Site {
    pub folder: TempDir,
    pub address: SocketAddr,
    /// On top of those of every site.
    settings: Vec<(&'static str, &'static str)>,
}

impl Site {
    /// A migrated database with the admin `robin`.
    pub fn new() -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap(), address: free_address(), settings: Vec::new() };
        assert!(site.command(&["migrate"]).status().unwrap().success());
        let mut create = site
            .command(&["user", "create", "--username", "robin", "--role", "admin", "--password-stdin"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        create.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        assert!(create.wait().unwrap().success());
        site
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let log = File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_status-tracker"));
        command.args(words).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).envs([
            ("DATA_DIR", self.folder.path().to_str().unwrap()),
            ("BIND_ADDR", &self.address.to_string()),
            ("BCRYPT_COST", "4"),
            ("RATE_LIMIT_ENABLED", "false"),
            ("LOG_LEVEL", "warn"),
            ("JWT_SECRET", JWT_SECRET),
            ("SESSION_SECRET", "two secret of a server that gets killed"),
            ("PASSWORD_PEPPER", "three secret of a server that gets killed"),
        ]);
        command.envs(self.settings.iter().copied());
        command
    }

    /// A new server, ready.
    pub fn serve(&self) -> Server {
        let mut server = Server(self.command(&["serve"]).spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Client::new(self.address, "").request("GET", "/health/ready", None) {
                Ok((200, _)) => return server,
                // The process has not come to listening yet. Yielding gives it the processor; there is nothing to be told by.
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => thread::yield_now(),
                other => panic!("{other:?}: {}", std::fs::read_to_string(self.path("log")).unwrap()),
            }
            let ended = server.0.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "no server: {}",
                std::fs::read_to_string(self.path("log")).unwrap()
            );
        }
    }

    /// Robin's token, from a server that then goes: it holds for all that follow.
    pub fn token(&self) -> String {
        let mut server = self.serve();
        let body = json!({"username": "robin", "password": PASSWORD});
        let (status, answer) =
            Client::new(self.address, "").request("POST", "/api/v1/auth/token", Some(&body)).unwrap();
        assert_eq!(status, 200, "{answer}");
        server.kill();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    pub fn connect(&self) -> SqliteConnection {
        SqliteConnection::establish(self.path("status-tracker.db").to_str().unwrap()).unwrap()
    }

    /// Value and note of every entry by its id.
    fn stored(&self) -> BTreeMap<String, (i64, String)> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            id: String,
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            value: i64,
            #[diesel(sql_type = diesel::sql_types::Text)]
            note: String,
        }
        let query = sql_query("SELECT id, value, coalesce(note, '') AS note FROM entries");
        let rows: Vec<Row> = query.load(&mut self.connect()).unwrap();
        let count = rows.len();
        let stored: BTreeMap<_, _> = rows.into_iter().map(|row| (row.id, (row.value, row.note))).collect();
        assert_eq!(stored.len(), count, "an id is there twice");
        stored
    }

    fn assert_sound(&self) {
        #[derive(Debug, QueryableByName)]
        struct Finding {
            #[diesel(sql_type = diesel::sql_types::Text)]
            finding: String,
        }
        let mut connection = self.connect();
        let findings = sql_query(
            "SELECT integrity_check AS finding FROM pragma_integrity_check \
             UNION ALL SELECT \"table\" || ' ' || parent FROM pragma_foreign_key_check",
        );
        let findings: Vec<Finding> = findings.load(&mut connection).unwrap();
        assert_eq!(findings.iter().map(|row| row.finding.as_str()).collect::<Vec<_>>(), ["ok"]);
    }
}

/// An address nobody uses, below the ports that the kernel gives to clients: a client that keeps asking for one of those while nobody
/// listens can end up connected to itself, and then the server cannot have it.
fn free_address() -> SocketAddr {
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    std::iter::repeat_with(|| first + u16::try_from(TAKEN.fetch_add(1, Ordering::Relaxed)).unwrap())
        .map(|port| SocketAddr::from(([127, 0, 0, 1], port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .unwrap()
}

pub struct Server(Child);

impl Server {
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.0.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    }

    /// How it ended; killed if it does not.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not stop");
            // The standard library can wait for a child for ever or not at all.
            thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _already_gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// One connection at a time, kept open as long as the server does.
pub struct Client {
    address: SocketAddr,
    token: String,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    pub fn new(address: SocketAddr, token: &str) -> Self {
        Self { address, token: token.to_owned(), connection: None }
    }

    pub fn request(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        self.send(method, path, body)?;
        self.receive()
    }

    fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<()> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            self.address,
            self.token,
            body.len()
        );
        let connection = if let Some(connection) = self.connection.take() {
            connection
        } else {
            let stream = TcpStream::connect(self.address)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_nodelay(true)?;
            BufReader::new(stream)
        };
        connection.get_ref().write_all((head + &body).as_bytes())?;
        self.connection = Some(connection);
        Ok(())
    }

    /// The answer to the request that was sent; all of it, or an error. The connection stays for the next one.
    fn receive(&mut self) -> Result<(u16, Value)> {
        let mut connection = self.connection.take().expect("a request was sent");
        let mut line = || -> Result<String> {
            let mut line = String::new();
            match connection.read_line(&mut line)? {
                0 => Err(Error::from(ErrorKind::UnexpectedEof)),
                _ => Ok(line.trim_end().to_ascii_lowercase()),
            }
        };
        let malformed = || Error::from(ErrorKind::InvalidData);
        let status = line()?.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(malformed)?;
        let (mut length, mut close) = (0, false);
        loop {
            let header = line()?;
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.parse().map_err(|_| malformed())?;
            }
            close |= header == "connection: close";
        }
        let mut body = vec![0; length];
        connection.read_exact(&mut body)?;
        if !close {
            self.connection = Some(connection);
        }
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }
}
