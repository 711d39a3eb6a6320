//! The promises of docs/security.md, tested from outside: every requirement of OWASP ASVS 5.0 that applies, by its number, and the classes
//! of flaw that comparable programs had. `THROUGH_NGINX=1 cargo test --test api security::` tests the same through nginx.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use serde_json::{Value, json};
use status_tracker::server::document;

use crate::support::{Answer, Client, TestApp};

mod document;
mod flaws;
mod v1;
mod v11;
mod v13;
mod v14;
mod v15;
mod v16;
mod v2;
mod v3;
mod v4;
mod v6;
mod v7;
mod v8;
mod v9;

/// Close to [`crate::support::PASSWORD`], but not it.
pub const WRONG: &str = "Quiet-Harbour-71-lanternS";
/// Another password that is strong enough.
pub const NEW_PASSWORD: &str = "Wide-Meadow-38-swallows";

/// A file of the repository.
pub fn repository(path: &str) -> String {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
}

/// The files below a folder of the repository that end in one of these, with their text.
pub fn sources(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has none of {endings:?}");
    found
}

/// The sources that the page is built from, without its tests and without files that only describe types.
pub fn page_sources() -> Vec<(String, String)> {
    sources("web/src", &[".ts", ".svelte"])
        .into_iter()
        .filter(|(name, _)| !name.ends_with(".test.ts") && !name.ends_with(".d.ts"))
        .collect()
}

/// Method, path and description of every operation.
pub fn operations() -> Vec<(String, String, Value)> {
    let document = serde_json::to_value(document()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    found
}

/// A path of the document with values for its parameters.
pub fn filled(path: &str) -> String {
    path.split('/')
        .map(|part| match part {
            "{id}" => "019cb2f0-0000-7000-8000-000000000001",
            _ if part.starts_with('{') => "robin",
            _ => part,
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// Sends bytes as they are, and returns all that comes back until the connection ends or nothing more comes for a second.
pub async fn raw(url: &str, bytes: impl Into<Vec<u8>>) -> String {
    let (address, bytes) = (url.replace("http://", ""), bytes.into());
    let exchange = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        stream.write_all(&bytes).unwrap();
        let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            answer.extend_from_slice(&buffer[..read]);
        }
        String::from_utf8_lossy(&answer).into_owned()
    };
    actix_web::web::block(exchange).await.unwrap()
}

pub async fn login(app: &TestApp, username: &str, password: &str) -> Answer {
    app.anonymous().post("/api/v1/auth/login", json!({"username": username, "password": password})).await
}

pub async fn register(app: &TestApp, username: &str, password: &str) -> Answer {
    let body = json!({"username": username, "password": password, "privacy_policy_version": "2026-11-25.2"});
    app.anonymous().post("/api/v1/auth/register", body).await
}

pub async fn change_password(client: &Client, current: &str, new: &str) -> Answer {
    let body = json!({"current_password": current, "new_password": new});
    client.send("PUT", "/api/v1/me/password", "application/json", body.to_string()).await
}

/// The newest audit records, as an admin sees them.
pub async fn audit(admin: &Client) -> Vec<Value> {
    admin.get("/api/v1/admin/audit?limit=100").await.json["items"].as_array().unwrap().clone()
}
