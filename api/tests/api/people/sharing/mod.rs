//! Sharing by consent: its routes, and what each setting lets through by each way out.

mod ends;
mod hidden;
mod newcomers;
mod requests;
mod settings;
mod shares;
mod ways_out;

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp};

pub const SHARES: &str = "/api/v1/me/shares";
pub const ASK_ROBIN: &str = "/api/v1/people/robin/share-requests";

/// Two people between whom nothing is decided yet.
pub async fn robin_and_alex(app: &TestApp) -> (Client, Client) {
    use status_tracker::account::model::Role;
    let pair = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    app.execute("DELETE FROM shares; DELETE FROM outbox;");
    pair
}

impl Client {
    pub async fn ask(&self, path: &str) -> Answer {
        Answer::of(self.request("POST", path).send().await.unwrap()).await
    }

    /// Answers, narrows or ends what `viewer` sees.
    pub async fn decides(&self, viewer: &Client, change: Value) -> Value {
        let answer = self.patch(&format!("{SHARES}/{}", viewer.username), change).await;
        answer.expect(actix_web::http::StatusCode::OK).json.clone()
    }

    pub async fn sharing(&self, mode: &str) {
        self.patch("/api/v1/me", json!({"sharing": mode})).await.expect(actix_web::http::StatusCode::OK);
    }
}

/// All data of sharing: shares, looks, the outbox, and the length of the audit log.
pub fn rows(app: &TestApp) -> String {
    #[derive(QueryableByName)]
    struct Rows {
        #[diesel(sql_type = sql_types::Text)]
        rows: String,
    }
    let query = "SELECT (SELECT json_group_array(json_array(person_id, viewer_id, state, water, altitude, history, export, until, \
                         requested_at, since)) FROM shares)
                     || (SELECT json_group_array(json_array(person_id, viewer_id, last_at)) FROM looks)
                     || (SELECT json_group_array(json_array(id, person_id, topic, level, subject)) FROM outbox)
                     || (SELECT last FROM audit_head) AS rows";
    sql_query(query).get_result::<Rows>(&mut app.connection()).unwrap().rows
}

/// Waits until everything that was to be written later is written.
pub async fn settled(app: &TestApp) {
    app.state.db.write(|_| Ok(())).await.unwrap();
}

/// How many outbox rows about a share there are.
pub fn told(app: &TestApp) -> i64 {
    app.number("SELECT count(*) AS n FROM outbox WHERE topic = 'share' AND level = 1")
}

/// An answer without the parts that differ each time: status, headers and body.
pub fn comparable(answer: &Answer) -> String {
    let differs = ["date", "server-time", "x-request-id", "x-ratelimit-limit", "x-ratelimit-remaining"];
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !differs.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let id = answer.header("x-request-id");
    format!("{} {headers:?} {}", answer.status, String::from_utf8_lossy(&answer.body).replace(id, "ID"))
}
