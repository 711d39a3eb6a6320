//! An answer, and checks on it.

use actix_web::{
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
    web::Bytes,
};
use awc::ClientResponse;
use serde_json::Value;

/// The beginning of an endless body, up to its first event.
async fn first_event<S>(response: &mut ClientResponse<S>) -> Bytes
where
    S: futures_util::Stream<Item = Result<Bytes, awc::error::PayloadError>> + Unpin,
{
    use futures_util::StreamExt;
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains("\ndata: ") {
        let Some(chunk) = response.next().await else { break };
        read.extend_from_slice(&chunk.unwrap());
    }
    read.into()
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// `null` where the body is not JSON.
    pub json: Value,
}

impl Answer {
    pub async fn of<S>(mut response: ClientResponse<S>) -> Self
    where
        S: futures_util::Stream<Item = Result<Bytes, awc::error::PayloadError>> + Unpin,
    {
        let endless = response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let body =
            if endless { first_event(&mut response).await } else { response.body().limit(64 << 20).await.unwrap() };
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            json: serde_json::from_slice(&body).unwrap_or(Value::Null),
            body,
        }
    }

    #[track_caller]
    pub fn expect(&self, status: StatusCode) -> &Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// Expects a complete problem document of this status and code, whose id leads to the log line.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.json["status"], status);
        assert_eq!(self.json["code"], code);
        assert_eq!(self.json["request_id"], self.header("x-request-id"));
        for member in ["type", "title", "detail"] {
            assert!(self.json[member].as_str().is_some_and(|text| !text.is_empty()), "{member} of {}", self.json);
        }
        self
    }

    /// Expects a refusal as the client's own mistake.
    #[track_caller]
    pub fn expect_client_error(&self) -> &Self {
        assert!(self.status.is_client_error(), "{}: {}", self.status, String::from_utf8_lossy(&self.body));
        self
    }

    /// The names of the fields a 422 complains about.
    pub fn fields(&self) -> Vec<&str> {
        self.json["errors"].as_array().into_iter().flatten().filter_map(|error| error["field"].as_str()).collect()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// `name=value` of the session cookie, as a browser would send it back.
    pub fn cookie(&self) -> Option<String> {
        self.headers.get(header::SET_COOKIE)?.to_str().ok()?.split(';').next().map(str::to_owned)
    }
}
