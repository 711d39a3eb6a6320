//! Administration of other people's accounts.

mod changes;
mod last_admin;
mod shown;
mod ways_in;

use actix_web::http::StatusCode;
use diesel::prelude::*;
use serde_json::Value;
use status_tracker::{
    account::ids::UserId,
    auth::{
        Named,
        api_tokens::{self, Scope},
        model::{Session, SessionKind, start_session},
    },
    clock::{DAY, Timestamp},
    db::schema::users,
};

use crate::support::{Client, TestApp};

const USERS: &str = "/api/v1/admin/users";
const OWN: &str = "Wide-Meadow-38-swallows";

fn at(username: &str) -> String {
    format!("{USERS}/{username}")
}

/// The details of all records of `action`, newest first.
async fn recorded(admin: &Client, action: &str) -> Vec<Value> {
    let answer = admin.get(&format!("/api/v1/admin/audit?action={action}")).await;
    answer.expect(StatusCode::OK).json["items"].as_array().unwrap().clone()
}

/// An API token of the user, who can read with it.
async fn api_token(app: &TestApp, username: &str) -> Client {
    let (id, now) = (app.clock.new_id(), app.clock.now());
    let (name, tokens) = (username.to_owned(), app.services.auth.api_tokens.clone());
    let make = move |conn: &mut _| {
        let user: UserId = users::table.filter(users::username.eq(name)).select(users::id).first(conn)?;
        let token = tokens.issue(Named { user: user.as_str().parse().unwrap(), session: id }, [7; 16]);
        let row = Session::new(id.into(), user, SessionKind::ApiToken, now, Timestamp(now.0 + DAY));
        start_session(conn, &row.for_token("script".to_owned(), &[Scope::Read], api_tokens::hash(&token)))?;
        Ok(token)
    };
    let token = app.state.db.write(make).await.unwrap();
    Client { bearer: Some(token), ..app.anonymous() }
}
