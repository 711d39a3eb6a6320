//! A client that costs next to nothing.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
};

use serde_json::Value;

pub const PASSWORD: &str = "Quiet-Harbour-71-lanterns";

/// Whether this was started by `cargo bench`. What `cargo test --all-targets` does with a benchmark is to see that it starts.
pub fn wanted() -> bool {
    let wanted = std::env::args().any(|word| word == "--bench");
    if !wanted {
        println!("Run `make bench`: this takes minutes and means something in a release build only.");
    }
    wanted
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
        let (mut length, mut chunked) = (0, false);
        loop {
            let header = line().trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.parse().expect("a length");
            }
            chunked |= header == "transfer-encoding: chunked";
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("the whole body");
        while chunked {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("the length of a chunk");
            let length = usize::from_str_radix(line.trim_end(), 16).expect("a length");
            let mut chunk = vec![0; length + 2];
            self.stream.read_exact(&mut chunk).expect("the whole chunk");
            body.extend_from_slice(&chunk[..length]);
            chunked = length > 0;
        }
        (status, body)
    }
}
