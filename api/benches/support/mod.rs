//! The parts that all benchmarks share: a server of their own and a client that costs next to nothing.

mod connection;

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    thread,
};

use secrecy::SecretString;
use serde_json::json;
use status_tracker::{
    clock::Clock,
    config::Config,
    db::Db,
    server::{self, Services},
};
use tempfile::TempDir;

pub use self::connection::{Connection, PASSWORD, wanted};

/// The program's own, so that the figures are the program's too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A new database in `folder` and a server's services around it. Request lines go nowhere, as the logger is never started.
pub fn services(folder: &TempDir, bcrypt_cost: &str) -> Services {
    let path = folder.path().to_str().expect("a path in UTF-8");
    let settings = [("DATA_DIR", path), ("BCRYPT_COST", bcrypt_cost), ("RATE_LIMIT_ENABLED", "false")];
    let settings: BTreeMap<_, _> =
        settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let config = Config::from_sources(settings, None).expect("a configuration");
    let db = Db::create(&config).expect("a database");
    Services::new(config, Clock::system(), db).expect("services")
}

/// The hash that is stored of [`PASSWORD`].
pub fn password_hash(services: &Services) -> String {
    actix_web::rt::System::new().block_on(services.auth.passwords.hash(&SecretString::from(PASSWORD))).expect("a hash")
}

/// Serves for as long as the benchmark runs.
pub fn serve(services: Services) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || actix_web::rt::System::new().block_on(server::serve(services, listener).expect("a server")));
    address
}

pub fn token(address: SocketAddr, username: &str) -> String {
    let body = json!({"username": username, "password": PASSWORD});
    let answer = Connection::open(address).json("POST", "/api/v1/auth/token", Some(&body));
    answer["access_token"].as_str().expect("a token").to_owned()
}
