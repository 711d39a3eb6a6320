//! What the benchmarks share: a server of their own and a client that costs next to nothing.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

use actix_web::web;
use secrecy::SecretString;
use serde_json::{Value, json};
use status_tracker::{
    clock::Clock,
    config::Config,
    db::Db,
    server::{self, AppState},
};
use tempfile::TempDir;

/// The program's own, so that the figures are the program's too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub const PASSWORD: &str = "Quiet-Harbour-71-lanterns";

/// Whether this was started by `cargo bench`. What `cargo test --all-targets` does with a benchmark is to see that it starts.
pub fn wanted() -> bool {
    let wanted = std::env::args().any(|word| word == "--bench");
    if !wanted {
        println!("Run `make bench`: this takes minutes and means something in a release build only.");
    }
    wanted
}

/// A new database in `folder` and a server's state around it. Request lines go nowhere, as the logger is never started.
pub fn state(folder: &TempDir, bcrypt_cost: &str) -> web::Data<AppState> {
    let path = folder.path().to_str().expect("a path in UTF-8");
    let settings = [("DATA_DIR", path), ("BCRYPT_COST", bcrypt_cost), ("RATE_LIMIT_ENABLED", "false")];
    let settings: BTreeMap<_, _> =
        settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let config = Config::from_sources(settings, None).expect("a configuration");
    let db = Db::create(&config).expect("a database");
    AppState::new(config, Clock::system(), db).expect("a state")
}

/// What is kept of [`PASSWORD`].
pub fn password_hash(state: &AppState) -> String {
    actix_web::rt::System::new().block_on(state.passwords.hash(&SecretString::from(PASSWORD))).expect("a hash")
}

/// Serves for as long as the benchmark runs.
pub fn serve(state: web::Data<AppState>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || actix_web::rt::System::new().block_on(server::serve(state, listener).expect("a server")));
    address
}

pub fn token(address: SocketAddr, username: &str) -> String {
    let body = json!({"username": username, "password": PASSWORD});
    let answer = Connection::open(address).json("POST", "/api/v1/auth/token", Some(&body));
    answer["access_token"].as_str().expect("a token").to_owned()
}

/// A connection that is kept.
pub struct Connection {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    head: String,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let head = format!("Host: {address}\r\nContent-Type: application/json\r\n");
        Self { stream: BufReader::new(stream), address, head }
    }

    /// Sends `token` with every request from now on.
    pub fn authorize(&mut self, token: &str) {
        self.head =
            format!("Host: {}\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}\r\n", self.address);
    }

    pub fn get(&mut self, path: &str) -> Vec<u8> {
        let (status, body) = self.request("GET", path, None);
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        body
    }

    pub fn json(&mut self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, body) = self.request(method, path, body);
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("JSON")
    }

    pub fn request(&mut self, method: &str, path: &str, body: Option<&Value>) -> (u16, Vec<u8>) {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!("{method} {path} HTTP/1.1\r\n{}Content-Length: {}\r\n\r\n{body}", self.head, body.len());
        self.stream.get_mut().write_all(request.as_bytes()).expect("a server that reads");
        let mut line = || {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("a server that answers");
            line
        };
        let status = line().split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let mut length = 0;
        loop {
            let header = line().trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("the whole body");
        (status, body)
    }
}
