//! A statement is planned once a connection: it is cached, and no value that is bound to it makes SQLite plan it again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use actix_web::http::StatusCode;
use diesel::{
    Connection, QueryableByName, RunQueryDsl,
    connection::InstrumentationEvent,
    sql_query,
    sql_types::{BigInt, Text},
};
use serde_json::json;
use status_tracker::{account::model::Role, db::DbConnection, error::ApiError};

use crate::support::TestApp;

const TIMES: i64 = 6;

/// A cached statement, as SQLite knows it.
#[derive(Debug, QueryableByName)]
struct Statement {
    #[diesel(sql_type = Text)]
    sql: String,
    /// How often it was planned again.
    #[diesel(sql_type = BigInt)]
    reprep: i64,
    #[diesel(sql_type = BigInt)]
    run: i64,
}

fn cached(conn: &mut DbConnection) -> Result<Vec<Statement>, ApiError> {
    let DbConnection::Sqlite(conn) = conn else { panic!("it is SQLite that is asked") };
    Ok(sql_query("SELECT sql, reprep, run FROM sqlite_stmt WHERE sql NOT LIKE '%sqlite_stmt%'").load(conn)?)
}

/// How often each statement reached a connection.
pub type Said = Arc<Mutex<BTreeMap<String, i64>>>;

pub fn overhear(conn: &mut DbConnection) -> Said {
    let said = Said::default();
    let noted = Arc::clone(&said);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let query = query.to_string();
            let sql = query.split(" -- binds: ").next().unwrap_or_default().to_owned();
            *noted.lock().unwrap().entry(sql).or_default() += 1;
        }
    });
    said
}

#[track_caller]
fn judge(whose: &str, cached: &[Statement], said: &Said) {
    let again: Vec<&Statement> = cached.iter().filter(|statement| statement.reprep > 0).collect();
    assert!(again.is_empty(), "{whose} plans again: {again:#?}");
    let said = said.lock().unwrap();
    let often: Vec<(&String, i64)> = said
        .iter()
        .filter(|(sql, times)| {
            // Opening and closing a transaction needs no plan, and Diesel caches no UPDATE.
            **times >= TIMES && ["SELECT", "INSERT", "DELETE"].iter().any(|verb| sql.starts_with(verb))
        })
        .map(|(sql, times)| (sql, *times))
        .collect();
    assert!(often.len() > 4, "{whose}: hardly anything was overheard: {said:#?}");
    let runs =
        |sql: &String| cached.iter().find(|statement| statement.sql == *sql).map_or(0, |statement| statement.run);
    let uncached: Vec<_> = often.iter().filter(|(sql, times)| runs(sql) < *times).collect();
    assert!(uncached.is_empty(), "{whose} prepares these each time: {uncached:#?}");
}

#[actix_web::test]
async fn a_statement_is_planned_once_a_connection() {
    let app = TestApp::with(&[("DATABASE_READERS", "1")]).await;
    let (robin, viewer) = (app.named("robin", Role::Admin).await, app.viewer().await);
    let read = app.state.db.read_blocking(|conn| Ok(overhear(conn))).unwrap();
    let written = app.state.db.write(|conn| Ok(overhear(conn))).await.unwrap();
    for number in 1..=TIMES {
        let entry = json!({"metric": "water", "value": 100 * number, "note": format!("the {number}th")});
        let entry = robin.post("/api/v1/entries", entry).await.expect(StatusCode::CREATED).json.clone();
        let path = format!("/api/v1/entries/{}", entry["id"].as_str().unwrap());
        robin.patch(&path, json!({"value": 5})).await.expect(StatusCode::OK);
        robin.post("/api/v1/entries", json!({"metric": "altitude", "value": number})).await.expect(StatusCode::CREATED);
        robin.delete(&path).await.expect(StatusCode::NO_CONTENT);
        robin.post(&format!("{path}/restore"), json!({})).await.expect(StatusCode::OK);
        robin.patch("/api/v1/me", json!({"daily_goal_ml": 1000 + number})).await.expect(StatusCode::OK);
        for client in [&robin, &viewer] {
            for path in ["/me", "/people", "/people/robin/status", "/people/robin/entries"] {
                client.get(&format!("/api/v1{path}")).await.expect(StatusCode::OK);
            }
            // A limit that is bound is another each time.
            let path = format!("/api/v1/people/robin/entries?limit={number}");
            let page = client.get(&path).await;
            let cursor = page.expect(StatusCode::OK).json["next_cursor"].as_str().unwrap_or_default();
            if !cursor.is_empty() {
                client.get(&format!("{path}&cursor={cursor}")).await.expect(StatusCode::OK);
            }
        }
    }
    let reader = app.state.db.read_blocking(cached).unwrap();
    judge("the reader", &reader, &read);
    let writer = app.state.db.write(cached).await.unwrap();
    judge("the writer", &writer, &written);
}

#[actix_web::test]
async fn no_list_is_planned_again_for_another_limit() {
    const LISTS: [&str; 8] = [
        "/people",
        "/people/robin/entries",
        "/entries/deleted",
        "/entries/019cb2f0-0000-7000-8000-000000000001/versions",
        "/me/shares",
        "/me/audience",
        "/admin/users",
        "/admin/invites",
    ];
    let app = TestApp::with(&[("DATABASE_READERS", "1")]).await;
    let robin = app.named("robin", Role::Admin).await;
    let entry = json!({"id": "019cb2f0-0000-7000-8000-000000000001", "metric": "water", "value": 250});
    robin.post("/api/v1/entries", entry).await.expect(StatusCode::CREATED);
    for limit in 1..=TIMES {
        for list in LISTS {
            robin.get(&format!("/api/v1{list}?limit={limit}")).await.expect(StatusCode::OK);
        }
    }
    let reader = app.state.db.read_blocking(cached).unwrap();
    let lists = reader.iter().filter(|one| one.sql.contains(" ORDER BY ") && one.run >= TIMES).count();
    assert!(lists >= LISTS.len(), "only {lists} of {} lists: {reader:#?}", LISTS.len());
    let again: Vec<&Statement> = reader.iter().filter(|statement| statement.reprep > 0).collect();
    assert!(again.is_empty(), "these are planned again: {again:#?}");
}
