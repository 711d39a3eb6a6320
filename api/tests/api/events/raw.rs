//! A client that listens on a thread of its own, to a server in a process of its own.

use std::{
    io::{BufRead, BufReader, Result, Write},
    net::{SocketAddr, TcpStream},
};

use crate::db::crash::PATIENCE;

pub struct Raw(BufReader<TcpStream>);

#[derive(Debug)]
pub struct Line {
    pub id: String,
    pub name: String,
    pub data: String,
}

impl Raw {
    pub fn open(address: SocketAddr, token: &str, person: &str, last_event_id: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let head = format!(
            "GET /api/v1/people/{person}/events HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Last-Event-ID: {last_event_id}\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        Ok(Self(BufReader::new(stream)))
    }
}

impl Iterator for Raw {
    type Item = Line;

    /// The next complete event. Each part of the body holds complete events, so the framing between parts is no line of one.
    fn next(&mut self) -> Option<Line> {
        let (mut id, mut name, mut data) = (None, None, None);
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).ok()? == 0 || !line.ends_with('\n') {
                return None;
            }
            let line = line.trim_end();
            if let Some(value) = line.strip_prefix("id: ") {
                id = Some(value.to_owned());
            } else if let Some(value) = line.strip_prefix("event: ") {
                name = Some(value.to_owned());
            } else if let Some(value) = line.strip_prefix("data: ") {
                data = Some(value.to_owned());
            } else if let ("", Some(id), Some(name), Some(data)) = (line, &id, &name, &data) {
                return Some(Line { id: id.clone(), name: name.clone(), data: data.clone() });
            }
        }
    }
}
