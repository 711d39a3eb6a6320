//! A client that listens.

use std::{
    pin::Pin,
    time::{Duration, Instant},
};

use actix_web::web::Bytes;
use awc::error::PayloadError;
use futures_util::{Stream, StreamExt};
use serde_json::Value;

use crate::support::{Answer, Client};

/// Longer than any step takes here, shorter than anybody wants to wait for a failure.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Listener {
    body: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>,
    read: String,
    /// How many comments arrived.
    pub comments: usize,
    /// The server's time in milliseconds, from the last comment.
    pub server_time: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: String,
    pub name: String,
    pub data: Value,
}

impl Client {
    /// Listens to a person.
    pub async fn listen(&self, person: &str) -> Listener {
        Listener::open(self, &format!("/api/v1/people/{person}/events"), "").await
    }

    /// Continues to listen to a person after the event `id`.
    pub async fn listen_after(&self, person: &str, id: &str) -> Listener {
        Listener::open(self, &format!("/api/v1/people/{person}/events"), id).await
    }
}

impl Listener {
    pub async fn open(client: &Client, path: &str, last_event_id: &str) -> Self {
        Self::try_open(client, path, last_event_id).await.unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    /// Opens a stream, or returns the answer given instead.
    pub async fn try_open(client: &Client, path: &str, last_event_id: &str) -> Result<Self, Answer> {
        let begun = Instant::now();
        let response = loop {
            let request = client.request("GET", path).insert_header(("last-event-id", last_event_id));
            let response = request.send().await.unwrap();
            // A dropped stream still counts for a moment.
            if response.status() != 429 || begun.elapsed() > PATIENCE {
                break response;
            }
        };
        if response.status() != 200 {
            return Err(Answer::of(response).await);
        }
        for (name, value) in
            [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")]
        {
            // nginx removes the last of these headers.
            let sent = response.headers().get(name).map(|value| value.to_str().unwrap());
            assert!(sent == Some(value) || name == "x-accel-buffering" && sent.is_none(), "{name}: {sent:?}");
        }
        assert!(!response.headers().contains_key("etag"));
        Ok(Self { body: Box::pin(response), read: String::new(), comments: 0, server_time: 0 })
    }

    /// The next event; `None` once the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.read = rest;
                if block.starts_with(':') {
                    self.comments += 1;
                    continue;
                }
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
                let data = serde_json::from_str(&field("data: ")).unwrap();
                self.server_time = field(": ").parse().unwrap();
                return Some(Event { id: field("id: "), name: field("event: "), data });
            }
            self.more().await?;
        }
    }

    /// Waits for a comment: the server's time in milliseconds.
    pub async fn heartbeat(&mut self) {
        loop {
            assert!(!self.read.contains("event:"), "{}", self.read);
            if let Some(end) = self.read.find("\n\n") {
                let beat: String = self.read.drain(..end + 2).collect();
                let time = beat.strip_prefix(':').expect("a comment").trim();
                self.comments += 1;
                // The first comment of a stream says only that it is connected.
                if !time.is_empty() {
                    self.server_time = time.parse().expect("a time");
                }
                return;
            }
            self.more().await.expect("the stream goes on");
        }
    }

    async fn more(&mut self) -> Option<()> {
        let chunk = tokio::time::timeout(PATIENCE, self.body.next()).await.expect("something within the time")?;
        self.read.push_str(std::str::from_utf8(&chunk.ok()?).unwrap());
        Some(())
    }

    /// The next event, which must have this name.
    #[track_caller]
    pub fn expect(&mut self, name: &'static str) -> impl Future<Output = Event> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let event = self.next().await.unwrap_or_else(|| panic!("{caller}: the stream ended before `{name}`"));
            assert_eq!(event.name, name, "{caller}: {event:?}");
            event
        }
    }

    /// Expects nothing but the end of the stream, for this reason.
    #[track_caller]
    pub fn expect_revoked(&mut self, reason: &'static str) -> impl Future<Output = ()> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let event = self.next().await.unwrap_or_else(|| panic!("{caller}: the stream ended without a word"));
            assert_eq!((event.name.as_str(), &event.data["reason"]), ("revoked", &reason.into()), "{caller}");
            assert_eq!(self.next().await, None, "{caller}");
        }
    }
}
