//! The delay of a write on a thousand open streams, and the cost of ten thousand. The server runs in a process of
//! its own, so that its memory is its own too; both share the cores with the one client that listens on all streams.

#[expect(dead_code, reason = "the other benchmarks need more of it")]
mod support;

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    process::{Child, Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use actix_web::rt;
use serde_json::json;
use status_tracker::{
    account::model::{NewUser, Role, Sharing, UserChanges, insert_user, update_user},
    auth::{
        Named,
        model::{Session, SessionKind, start_session},
    },
    clock::{DAY, Timestamp},
    server::Services,
};
use support::Connection;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

const PER_USER: usize = 10;
const WATCHED_BY: usize = 100;
const WRITES: usize = 100;
const SOON: Duration = Duration::from_secs(1);
const MANY: usize = 10_000;
const MEMORY: u64 = 100 << 20;

fn main() -> ExitCode {
    if !support::wanted() {
        return ExitCode::SUCCESS;
    }
    let _raised = rlimit::increase_nofile_limit(rlimit::INFINITY).expect("a limit for open files");
    let soon = Bench::start(WATCHED_BY).run(Bench::latency);
    let small = Bench::start(MANY / PER_USER).run(Bench::memory);
    if soon && small { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Bench {
    server: Child,
    address: SocketAddr,
    /// The tokens of the one who writes, and of those who watch.
    writer: String,
    viewers: Vec<String>,
    _folder: TempDir,
}

impl Bench {
    fn start(viewers: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let services = support::services(&folder, "4");
        let writer = account(&services, "robin", Role::Admin);
        let viewers =
            (0..viewers).map(|number| account(&services, &format!("viewer-{number}"), Role::Viewer)).collect();
        drop(services);
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        let server = Command::new(env!("CARGO_BIN_EXE_status-tracker"))
            .arg("serve")
            .env("DATA_DIR", folder.path())
            .env("BIND_ADDR", address.to_string())
            .envs([("BCRYPT_COST", "4"), ("RATE_LIMIT_ENABLED", "false"), ("LOG_LEVEL", "warn")])
            .stdin(Stdio::null())
            .spawn()
            .expect("a server");
        while std::net::TcpStream::connect(address).is_err() {
            std::thread::yield_now();
        }
        Self { server, address, writer, viewers, _folder: folder }
    }

    fn run(mut self, what: impl AsyncFnOnce(&Self) -> bool) -> bool {
        let held = rt::System::new().block_on(what(&self));
        self.server.kill().and_then(|()| self.server.wait()).expect("an end");
        held
    }

    async fn latency(&self) -> bool {
        let mut heard = self.listen(PER_USER).await;
        let count = self.viewers.len() * PER_USER;
        let mut times = Vec::with_capacity(WRITES * count);
        for number in 0..WRITES {
            let begun = Instant::now();
            self.write(number);
            for _ in 0..count {
                times.push(heard.recv().await.expect("listeners") - begun);
            }
        }
        times.sort_unstable();
        let at = |share: usize| times[(times.len() - 1) * share / 100];
        let (median, late, last) = (at(50), at(99), at(100));
        let held = late <= SOON;
        println!("{WRITES} writes, each on {count} streams: median {median:.0?}, p99 {late:.0?}, last {last:.0?}");
        println!("p99 within {SOON:.0?}: {}\n", if held { "held" } else { "NOT HELD" });
        held
    }

    async fn memory(&self) -> bool {
        // A server takes some memory once, at its first requests.
        for number in 0..100 {
            self.write(number);
        }
        let before = self.resident();
        let begun = Instant::now();
        let mut heard = self.listen(PER_USER).await;
        println!("{MANY} streams opened in {:.1?}", begun.elapsed());
        let open = self.resident();
        let begun = Instant::now();
        self.write(1);
        for _ in 0..MANY {
            heard.recv().await.expect("listeners");
        }
        println!("a write was on all of them after {:.0?}", begun.elapsed());
        let used = self.resident();
        let grown = open.max(used).saturating_sub(before);
        let held = grown <= MEMORY;
        let mib = |bytes: u64| bytes >> 20;
        println!(
            "resident: {} MiB before, {} MiB with all open, {} MiB after the write",
            mib(before),
            mib(open),
            mib(used)
        );
        println!(
            "{} KiB each, {} MiB for all, at most {} MiB: {}",
            grown / 1024 / MANY as u64,
            mib(grown),
            mib(MEMORY),
            if held { "held" } else { "NOT HELD" }
        );
        held
    }

    fn write(&self, number: usize) {
        let mut connection = Connection::open(self.address);
        connection.authorize(&self.writer);
        let body = json!({"metric": "water", "value": 1 + number, "note": "as much as a note is long, as a rule"});
        assert_eq!(connection.request("POST", "/api/v1/entries", Some(&body)).0, 201);
    }

    /// Opens so many streams for each viewer, waits for the first status on each, then reports the instant of every entry that arrives.
    async fn listen(&self, per_viewer: usize) -> UnboundedReceiver<Instant> {
        let (ready, mut is_ready) = unbounded_channel();
        let (hear, heard) = unbounded_channel();
        for token in &self.viewers {
            for _ in 0..per_viewer {
                rt::spawn(listener(self.address, token.clone(), ready.clone(), hear.clone()));
            }
            for _ in 0..per_viewer {
                is_ready.recv().await.expect("listeners");
            }
        }
        heard
    }

    /// The memory of the server's process, in bytes.
    fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }
}

async fn listener(address: SocketAddr, token: String, ready: UnboundedSender<Instant>, hear: UnboundedSender<Instant>) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request =
        format!("GET /api/v1/people/robin/events HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a server that reads");
    let (mut text, mut buffer) = (String::new(), [0; 2048]);
    let mut is_ready = false;
    loop {
        let count = stream.read(&mut buffer).await.expect("a server that answers");
        if count == 0 {
            return;
        }
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        while let Some((block, rest)) = text.split_once("\n\n") {
            let sender = if block.contains("event: entry") { Some(&hear) } else { (!is_ready).then_some(&ready) };
            // The head of the answer and the first comment make up the first block.
            if block.contains("event: ") {
                is_ready = true;
                if let Some(sender) = sender {
                    let _over = sender.send(Instant::now());
                }
            }
            text = rest.to_owned();
        }
    }
}

/// An account that is signed in, and its token.
fn account(services: &Services, username: &str, role: Role) -> String {
    let state = &services.state;
    let (user_id, session_id, now) = (state.clock.new_id(), state.clock.new_id(), state.clock.now());
    let expires = Timestamp(now.0 + DAY);
    let user = NewUser::new(user_id, username, role, String::new(), now);
    let session = Session::new(session_id.into(), user_id.into(), SessionKind::Jwt, now, expires);
    let insert = move |conn: &mut _| {
        let user = insert_user(conn, &user)?;
        update_user(conn, &user.id, &UserChanges { sharing: Some(Sharing::Everyone), ..UserChanges::default() })?;
        Ok(start_session(conn, &session)?)
    };
    state.db.write_blocking(insert).expect("an account");
    services.auth.jwt.issue(Named { user: user_id, session: session_id }, now, expires).expect("a token")
}
