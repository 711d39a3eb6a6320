//! An answer shows one moment, whatever is written while it is made: here by another connection, between any two of its statements.

use actix_web::http::StatusCode;
use diesel::{
    Connection, SqliteConnection,
    connection::{InstrumentationEvent, SimpleConnection},
};
use serde_json::{Value, json};
use status_tracker::account::model::Role;

use crate::support::{Answer, Client, NOON, TestApp};

const AFTER: &str = "written after the end";

/// A server with a single reader, whose statements are overheard.
async fn app() -> (TestApp, Client, Client) {
    let app = TestApp::with(&[("DATABASE_READERS", "1")]).await;
    let (robin, viewer) = (app.named("robin", Role::Admin).await, app.viewer().await);
    robin.log("water", 250, NOON).await;
    robin.log("altitude", 5, NOON).await;
    (app, robin, viewer)
}

/// Runs the SQL that `sql` gives for its number, before each reading statement from now on.
fn meddle(app: &TestApp, sql: impl Fn(usize) -> Option<String> + Send + 'static) {
    let path = app.folder.path().join("status-tracker.db");
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    let mut number = 0;
    let overhear = move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event
            && query.to_string().starts_with("SELECT")
        {
            if let Some(sql) = sql(number) {
                other.batch_execute(&sql).unwrap();
            }
            number += 1;
        }
    };
    app.state
        .db
        .read_blocking(|conn| {
            conn.set_instrumentation(overhear);
            Ok(())
        })
        .unwrap();
}

/// Runs `sql` once, before the statement of this number.
fn meddle_once(app: &TestApp, at: usize, sql: &'static str) {
    meddle(app, move |number| (number == at).then(|| sql.to_owned()));
}

#[actix_web::test]
async fn a_write_in_between_shows_whole_or_not_at_all() {
    let (app, robin, viewer) = app().await;
    meddle(&app, |number| {
        let amount = 1000 + number;
        Some(format!(
            "BEGIN; UPDATE users SET daily_goal_ml = {amount}, display_name = '{amount}';
             UPDATE entries SET value = {amount}, note = '{amount}' WHERE metric = 'water'; COMMIT;"
        ))
    });
    let of_one_moment = |status: &Value| {
        let goal = status["water"]["goal_ml"].as_i64().unwrap();
        assert!(goal >= 1000, "{status}");
        assert_eq!(status["water"]["last_ml"], goal, "{status}");
        assert_eq!(status["water"]["today_ml"], goal, "{status}");
        assert_eq!(status["person"]["display_name"], goal.to_string(), "{status}");
    };
    for client in [&robin, &viewer] {
        of_one_moment(&client.get("/api/v1/people/robin/status").await.expect(StatusCode::OK).json);
        of_one_moment(&client.get("/api/v1/people").await.expect(StatusCode::OK).json["items"][0]["status"]);
    }
    let me = robin.get("/api/v1/me").await;
    assert_eq!(me.expect(StatusCode::OK).json["display_name"], me.json["daily_goal_ml"].to_string());
}

fn shows_nothing_of_after(answer: &Answer, case: &str) {
    let body = String::from_utf8_lossy(&answer.body);
    assert!(!body.contains(AFTER) && !body.contains("4321"), "{case}: {body}");
}

#[actix_web::test]
async fn nothing_is_shown_that_was_logged_after_the_end_of_a_share() {
    let endings = [
        "UPDATE shares SET state = 'ended'",
        "UPDATE shares SET water = 'logged', altitude = 'none', history = 0",
        "UPDATE users SET sharing = 'nobody' WHERE username = 'robin'",
        "UPDATE shares SET until = 1",
    ];
    let (app, _robin, viewer) = app().await;
    let prepared = "UPDATE users SET sharing = 'approved', display_name = 'Robin';
                    UPDATE shares SET state = 'approved', water = 'exact', altitude = 'exact', history = 1, until = NULL;
                    UPDATE entries SET value = 5, note = NULL;";
    let mut shown = 0;
    for ending in endings {
        for path in ["status", "entries", "entries?metric=water"] {
            for at in 0..8 {
                app.execute(prepared);
                let sql: &'static str = format!(
                    "BEGIN; {ending}; UPDATE entries SET value = 4321, note = '{AFTER}';
                     UPDATE users SET display_name = '{AFTER}' WHERE username = 'robin'; COMMIT;"
                )
                .leak();
                meddle_once(&app, at, sql);
                let answer = viewer.get(&format!("/api/v1/people/robin/{path}")).await;
                let case = format!("{ending} before statement {at} of {path}");
                if answer.status == StatusCode::OK {
                    // A narrowed share still shows the person, whose name is not logged data.
                    let body = String::from_utf8_lossy(&answer.body);
                    assert!(!body.contains("4321") && !body.contains(&format!("\"note\":\"{AFTER}")), "{case}: {body}");
                    shown += 1;
                } else {
                    shows_nothing_of_after(&answer, &case);
                }
            }
        }
    }
    assert!(shown > 0);
}

#[actix_web::test]
async fn nothing_is_shown_that_was_written_after_the_end_of_a_session() {
    let (app, robin, _viewer) = app().await;
    let entry = robin.log("water", 250, NOON).await["id"].as_str().unwrap().to_owned();
    let paths = [
        "/me".to_owned(),
        "/me/sessions".to_owned(),
        "/me/shares".to_owned(),
        "/me/audience".to_owned(),
        "/people".to_owned(),
        "/people/robin/status".to_owned(),
        "/people/robin/entries".to_owned(),
        format!("/entries/{entry}"),
        format!("/entries/{entry}/versions"),
        "/admin/users".to_owned(),
        "/admin/users/robin".to_owned(),
        "/admin/users/robin/sessions".to_owned(),
        "/admin/audit".to_owned(),
        "/admin/invites".to_owned(),
    ];
    let endings = ["DELETE FROM sessions", "UPDATE users SET disabled = 1 WHERE username = 'robin'"];
    for ending in endings {
        for path in &paths {
            for at in 0..6 {
                let robin = app.named(&format!("n{}", app.clock.new_id().simple()), Role::Admin).await;
                app.execute("UPDATE users SET disabled = 0, display_name = 'x'; UPDATE entries SET note = NULL");
                // The asking account is disabled, and the data to show is changed.
                let ending = ending.replace("'robin'", &format!("'{}'", robin.username));
                let sql: &'static str = format!(
                    "BEGIN; {ending}; UPDATE entries SET value = 4321, note = '{AFTER}';
                     UPDATE users SET display_name = '{AFTER}'; COMMIT;"
                )
                .leak();
                meddle_once(&app, at, sql);
                let path = format!("/api/v1{path}");
                shows_nothing_of_after(&robin.get(&path).await, &format!("{ending} before statement {at} of {path}"));
            }
        }
    }
}

#[actix_web::test]
async fn a_preview_is_of_one_moment_however_long_it_takes() {
    let (app, robin, _viewer) = app().await;
    let prepared = "DELETE FROM entries;
        INSERT INTO entries (user_id, id, metric, value, at, day, tags, created_at, updated_at)
        WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 1199)
        SELECT (SELECT id FROM users WHERE username = 'robin'), printf('0192aaaa-0000-7000-8000-%012d', n), 'water', 5,
               1772366400000, '2026-03-01', '[]', n, n
        FROM n";
    for at in 0..8 {
        app.execute(prepared);
        meddle_once(&app, at, "UPDATE entries SET day = '2026-02-01'");
        let preview = robin.post("/api/v1/entries/recompute?dry_run=true", json!({})).await;
        let moved = preview.expect(StatusCode::OK).json["moved"].as_i64().unwrap();
        assert!([0, 1200].contains(&moved), "{moved} before statement {at}");
    }
}
