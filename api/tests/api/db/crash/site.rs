//! Servers in processes of their own, one after the other on the same data.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{ErrorKind, Write},
    net::{SocketAddr, TcpListener},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use serde_json::json;
use tempfile::TempDir;

use super::{Client, PATIENCE};
use crate::support::PASSWORD;

pub const JWT_SECRET: &str = "one secret of a server that gets killed";

/// A place for one server after the other: the same data, the same port, the same secrets.
pub struct Site {
    pub folder: TempDir,
    pub address: SocketAddr,
    /// Settings beyond those of every site.
    pub settings: Vec<(&'static str, &'static str)>,
    /// The command line of a program that starts ours.
    pub behind: Vec<String>,
}

impl Site {
    /// A migrated database with the admin `robin`.
    pub fn new() -> Self {
        Self::within(tempfile::tempdir().unwrap(), Vec::new(), Vec::new())
    }

    /// [`Self::new`] with `settings`, each program started by way of `behind`.
    pub fn within(folder: TempDir, settings: Vec<(&'static str, &'static str)>, behind: Vec<String>) -> Self {
        let site = Self { folder, address: free_address(), settings, behind };
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
        let program = [env!("CARGO_BIN_EXE_status-tracker")].into_iter();
        let mut all = self.behind.iter().map(String::as_str).chain(program).chain(words.iter().copied());
        let mut command = Command::new(all.next().unwrap());
        command
            .args(all)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .envs([
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
        self.serve_until("/health/ready")
    }

    /// A new server that answers 200 here.
    pub fn serve_until(&self, path: &str) -> Server {
        let mut server = Server(self.command(&["serve"]).spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Client::new(self.address, "").request("GET", path, None) {
                Ok((200, _)) => return server,
                // The process does not listen yet. Yielding gives it the processor; nothing would notify this thread.
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

    /// Robin's token, from a server that then stops: it is valid at all later ones.
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
    pub fn stored(&self) -> BTreeMap<String, (i64, String)> {
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

    pub fn assert_sound(&self) {
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

/// A free address, below the ports that the kernel gives to clients: a client that keeps trying one of those while nobody listens can end
/// up connected to itself, and then the server cannot have it.
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

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.0.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    }

    /// The exit status, after a kill where the program does not end by itself.
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
