//! Requests by any kind of caller.

use std::time::Duration;

use actix_web::{
    http::{Method, StatusCode, header},
    web::Bytes,
};
use awc::ClientRequest;
use serde_json::{Value, json};

use super::Answer;

/// A caller: anonymous, with a token, or with a cookie as the page has it.
#[derive(Clone)]
pub struct Client {
    pub url: String,
    pub bearer: Option<String>,
    pub cookie: Option<String>,
    pub username: String,
}

impl Client {
    pub fn request(&self, method: &str, path: &str) -> ClientRequest {
        let method: Method = method.parse().unwrap();
        let mut request = awc::Client::builder()
            .timeout(Duration::from_mins(1))
            .disable_redirects()
            .finish()
            .request(method.clone(), format!("{}{path}", self.url));
        if let Some(token) = &self.bearer {
            request = request.insert_header((header::AUTHORIZATION, format!("Bearer {token}")));
        }
        if let Some(cookie) = &self.cookie {
            request = request.insert_header((header::COOKIE, cookie.as_str()));
            if !method.is_safe() {
                request = request.insert_header(("sec-fetch-site", "same-origin"));
            }
        }
        request
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request("GET", path).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request("POST", path).send_json(&body).await.unwrap()).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request("PATCH", path).send_json(&body).await.unwrap()).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request("PUT", path).send_json(&body).await.unwrap()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request("DELETE", path).send().await.unwrap()).await
    }

    pub async fn delete_with(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request("DELETE", path).send_json(&body).await.unwrap()).await
    }

    /// Sends `body` as it is.
    pub async fn send(&self, method: &str, path: &str, content_type: &str, body: impl Into<Bytes>) -> Answer {
        let request = self.request(method, path).insert_header((header::CONTENT_TYPE, content_type));
        Answer::of(request.send_body(body.into()).await.unwrap()).await
    }

    /// Signs in as the page does; the client then carries the cookie instead of a token.
    pub async fn sign_in(&self, username: &str, password: &str) -> Client {
        let answer = self.post("/api/v1/auth/login", json!({"username": username, "password": password})).await;
        answer.expect(StatusCode::OK);
        Client {
            bearer: None,
            cookie: Some(answer.cookie().expect("a sign-in sets a cookie")),
            username: username.to_owned(),
            url: self.url.clone(),
        }
    }

    /// Logs an entry and returns it.
    pub async fn log(&self, metric: &str, value: i32, at: &str) -> Value {
        let answer = self.post("/api/v1/entries", json!({"metric": metric, "value": value, "at": at})).await;
        answer.expect(StatusCode::CREATED).json.clone()
    }
}
