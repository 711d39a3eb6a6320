//! A waiting write acts on the state at its turn, not the state when it was requested.

use std::sync::mpsc;

use actix_web::http::StatusCode;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use status_tracker::{account::model::Role, clock::SECOND};

use super::ENTRIES;
use crate::support::{Answer, Client, NOON, TestApp};

/// The answer to a request that arrives before `sql` runs and is written after it, a second later.
async fn overtaken(app: &TestApp, client: &Client, path: &str, body: Value, sql: &'static str) -> Answer {
    let (go_on, wait) = mpsc::channel::<()>();
    app.state.db.write_later("what overtakes", move |conn| {
        wait.recv().unwrap();
        Ok(conn.batch_execute(sql)?)
    });
    let others = async {
        // Each job takes longer than the request before it takes to join the queue.
        for _ in 0..5 {
            app.anonymous().get("/health/live").await.expect(StatusCode::OK);
        }
        app.clock.advance(SECOND);
        go_on.send(()).unwrap();
    };
    futures_util::future::join(client.post(path, body), others).await.0
}

#[actix_web::test]
async fn the_zone_is_the_one_that_holds_when_it_is_written() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let samoa = "UPDATE users SET time_zone = 'Pacific/Pago_Pago'";
    let logged =
        overtaken(&app, &robin, ENTRIES, json!({"metric": "water", "value": 250, "at": "2026-03-01T05:00:00Z"}), samoa)
            .await;
    assert_eq!(logged.expect(StatusCode::CREATED).json["day"], "2026-02-28");

    robin.patch("/api/v1/me", json!({"time_zone": "Pacific/Tongatapu"})).await.expect(StatusCode::OK);
    let path = format!("{ENTRIES}/recompute");
    let preview = robin.post(&format!("{path}?dry_run=true"), json!({})).await;
    assert_eq!(preview.json["moved"], 1);
    let digest = json!({"digest": preview.json["digest"]});
    overtaken(&app, &robin, &path, digest, samoa).await.expect_problem(409, "changed_since_preview");
    assert_eq!(robin.get("/api/v1/people/robin/entries").await.json["items"][0]["day"], "2026-02-28");
}

/// Without this rule, the last of two changes could count as the older one.
#[actix_web::test]
async fn an_entry_was_changed_when_its_turn_came() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let id = robin.log("water", 250, NOON).await["id"].as_str().unwrap().to_owned();
    robin.delete(&format!("{ENTRIES}/{id}")).await.expect(StatusCode::NO_CONTENT);
    for (path, at) in [("restore", "12:00:01"), ("versions/2/restore", "12:00:02")] {
        overtaken(&app, &robin, &format!("{ENTRIES}/{id}/{path}"), json!({}), "SELECT 1").await.expect(StatusCode::OK);
        let versions = robin.get(&format!("{ENTRIES}/{id}/versions?limit=1")).await.json;
        assert_eq!(versions["items"][0]["replaced_at"], format!("2026-03-01T{at}.000Z"), "{path}");
    }
}

#[actix_web::test]
async fn a_user_who_was_signed_out_meanwhile_writes_nothing() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let id = robin.log("water", 250, NOON).await["id"].as_str().unwrap().to_owned();
    robin.patch(&format!("{ENTRIES}/{id}"), json!({"value": 300})).await.expect(StatusCode::OK);
    robin.delete(&format!("{ENTRIES}/{id}")).await.expect(StatusCode::NO_CONTENT);
    let before = app.contents();
    for (path, body) in [
        (ENTRIES.to_owned(), json!({"metric": "water", "value": 100})),
        (format!("{ENTRIES}/{id}/restore"), json!({})),
        (format!("{ENTRIES}/{id}/versions/1/restore"), json!({})),
    ] {
        let client = app.anonymous().sign_in("robin", crate::support::PASSWORD).await;
        overtaken(&app, &client, &path, body, "DELETE FROM sessions").await.expect_problem(401, "unauthorized");
        assert_eq!(app.contents(), before, "{path}");
    }
}
