//! Log lines of the running program: one line a request, no secret, and nothing that a client could forge.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::support::PASSWORD;

pub struct Running {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
    pub address: String,
    folder: tempfile::TempDir,
}

impl Running {
    pub fn start(format: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = |word| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_status-tracker"));
            command.arg(word).env_clear().env("DATA_DIR", folder.path()).env("BCRYPT_COST", "4");
            command.env("BIND_ADDR", "127.0.0.1:0").env("LOG_FORMAT", format).stderr(Stdio::piped());
            command
        };
        assert!(program("migrate").status().unwrap().success());
        let mut child = program("serve").spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        while !first.contains("127.0.0.1:") {
            first.clear();
            assert_ne!(log.read_line(&mut first).unwrap(), 0, "the program stopped");
        }
        let port = first.split("127.0.0.1:").nth(1).unwrap();
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        Self { child, log, address: format!("127.0.0.1:{port}"), folder }
    }

    /// Takes away a table that every sign-in needs.
    pub fn break_the_database(&self) {
        use diesel::{Connection, connection::SimpleConnection};
        let path = self.folder.path().join("status-tracker.db");
        let mut connection = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute("ALTER TABLE sign_in_failures RENAME TO elsewhere").unwrap();
    }

    /// Sends one request as it is, and returns the answer and the log line that it left.
    pub fn ask(&mut self, request: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        // Lines that the server writes by itself, such as the head of the audit log, come in between.
        let mut line = String::new();
        while !line.contains("\"message\":\"request\"") && !line.contains(" request method=") {
            line.clear();
            assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "the program stopped");
        }
        (answer, line)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    answer.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default()
}

#[test]
fn a_request_leaves_one_line_that_leads_back_to_its_answer() {
    let mut server = Running::start("json");
    let request = "GET /api/v1/me?token=a-secret-in-the-query HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                   Authorization: Bearer a-secret-in-a-header\r\n\r\n";
    let (answer, line) = server.ask(request);
    let logged: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(logged["request_id"], header(&answer, "x-request-id: "));
    assert_eq!(
        (&logged["method"], &logged["path"], &logged["status"]),
        (&"GET".into(), &"/api/v1/me".into(), &401.into())
    );
    assert_eq!((&logged["level"], &logged["address"]), (&"INFO".into(), &"127.0.0.1".into()));
    assert!(logged["ms"].is_number() && logged["at"].as_str().unwrap().ends_with('Z'));
    assert!(!line.contains("a-secret"), "{line}");

    let body = format!(r#"{{"username":"nobody","password":"{PASSWORD}"}}"#);
    let (_, line) = server.ask(&format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert!(line.contains("\"status\":401") && !line.contains(PASSWORD) && !line.contains("nobody"), "{line}");
}

#[test]
fn no_client_can_forge_a_line() {
    for format in ["json", "pretty"] {
        let mut server = Running::start(format);
        let forged = "GET /%0a2026-01-01T00:00:00.000Z%20INFO%20forged%1b[2J HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let (_, line) = server.ask(forged);
        assert!(line.contains("404") && !line.trim_end().contains(char::is_control), "{line:?}");
        let (_, next) = server.ask("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert!(next.contains("/health/live"), "the line after is that of the next request: {next}");
    }
}
