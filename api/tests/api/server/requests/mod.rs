//! Rules for every request and every answer: headers, hosts, other sites, and requests that look like an attack.

mod headers;
mod report;
mod suspicion;

use actix_web::http::StatusCode;
use serde_json::Value;

use crate::support::{Answer, Client, TestApp};

async fn with(client: &Client, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers.iter().fold(client.request(method, path), |request, header| request.append_header(*header));
    Answer::of(request.send().await.unwrap()).await
}

/// The security report that an admin reads, after all delayed writes.
async fn shown(app: &TestApp, admin: &Client) -> Value {
    app.state.db.write(|_| Ok(())).await.unwrap();
    admin.get("/api/v1/admin/security").await.expect(StatusCode::OK).json.clone()
}
