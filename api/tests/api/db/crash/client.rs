//! A client that notices where a connection breaks, and can send without waiting for the answer.

use std::{
    io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write},
    net::{SocketAddr, TcpStream},
};

use serde_json::Value;

use super::PATIENCE;

/// One connection at a time, open for as long as the server allows.
pub struct Client {
    address: SocketAddr,
    token: String,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    pub fn new(address: SocketAddr, token: &str) -> Self {
        Self { address, token: token.to_owned(), connection: None }
    }

    /// Whether the next request uses the connection of the last one.
    pub fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    pub fn request(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        self.send(method, path, body)?;
        self.receive()
    }

    pub fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<()> {
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

    /// The complete answer to the last request, or an error. The connection stays for the next request.
    pub fn receive(&mut self) -> Result<(u16, Value)> {
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
