//! Pruning of rows after a week, and the rows that have to stay so that nobody can tell what was hidden from them.

use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::{
    account::model::Role,
    clock::{DAY, SECOND, Timestamp},
    metric::Detail,
    outbox,
    people::sharing::Granted,
};

use super::change_share;
use crate::support::{Client, NOON, TestApp};

/// Prunes as if every row were older than a week.
async fn prune_all(app: &TestApp) {
    let later = Timestamp(app.clock.now().0 + 8 * DAY);
    while app.state.db.write(move |conn| Ok(outbox::prune(conn, later)?)).await.unwrap() > 0 {}
}

/// Expects a quiet stream for a reader who comes back with the id, and a new stream that begins with the same id.
async fn expect_unchanged(app: &TestApp, reader: &Client, id: &str, what: &str) {
    let mut back = reader.listen_after("robin", id).await;
    back.heartbeat().await;
    app.clock.advance(15 * SECOND);
    back.heartbeat().await;
    assert_eq!(reader.listen("robin").await.expect("status").await.id, id, "{what}");
}

#[actix_web::test]
async fn the_pruning_of_hidden_changes_tells_nothing_either() {
    for hidden in [false, true] {
        let app = TestApp::start().await;
        let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
        robin.log("altitude", 5, NOON).await;
        change_share(&app, |share| share.set_terms(Granted { water: Detail::None, ..Granted::USUAL })).await;
        let first = alex.listen("robin").await.expect("status").await;
        if hidden {
            robin.log("water", 250, NOON).await;
            // Shares of others, and more than one turn takes.
            for number in 0..70 {
                app.named(&format!("viewer-{number}"), Role::Viewer).await;
            }
        }
        prune_all(&app).await;
        expect_unchanged(&app, &alex, &first.id, &format!("hidden: {hidden}")).await;
        robin.log("altitude", 6, NOON).await;
        prune_all(&app).await;
        let mut back = alex.listen_after("robin", &first.id).await;
        back.expect("reset").await;
        assert_eq!(back.expect("status").await.data["altitude"]["value"], 6);
    }
}

#[actix_web::test]
async fn the_pruning_of_others_changes_tells_a_person_nothing() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    robin.log("water", 250, NOON).await;
    let first = robin.listen("robin").await.expect("status").await;
    sasha.log("water", 250, NOON).await;
    prune_all(&app).await;
    expect_unchanged(&app, &robin, &first.id, "a day of sasha").await;
}

#[actix_web::test]
async fn the_newest_of_each_kind_stays_and_nothing_of_whoever_is_gone() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    let left = |app: &TestApp, name: &str| {
        app.number(&format!(
            "SELECT count(*) AS n FROM outbox JOIN users ON users.id = person_id WHERE username = '{name}'"
        ))
    };
    // One turn does not prune this many, and all of them have to stay.
    app.execute(
        "INSERT INTO users (id, username, display_name, role, password_hash, time_zone, day_starts_at, unit, daily_goal_ml,
                            water_presets_ml, created_at)
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1200)
         SELECT printf('viewer-%d', n), printf('viewer-%d', n), 'x', 'viewer', 'x', 'UTC', 0, 'ml', 2000, '[]', 0 FROM n;
         INSERT INTO outbox (id, person_id, at, topic, level, subject)
         SELECT row_number() OVER (), (SELECT id FROM users WHERE username = 'robin'), 0, 'share', 1, id
         FROM users WHERE role = 'viewer';
         UPDATE outbox_head SET last = 1200",
    );
    prune_all(&app).await;
    assert_eq!(left(&app, "robin"), 1200);
    for value in 1..=30 {
        robin.log("water", value, NOON).await;
        sasha.log("altitude", 5, NOON).await;
    }
    // A later change of a share replaces the one before it.
    robin.patch("/api/v1/me/shares/viewer-1", json!({"state": "approved"})).await.expect(StatusCode::OK);
    prune_all(&app).await;
    assert_eq!((left(&app, "robin"), left(&app, "sasha")), (1201, 1));

    for number in 1..=5 {
        let path = format!("/api/v1/admin/users/viewer-{number}");
        robin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    }
    robin.delete("/api/v1/admin/users/sasha").await.expect(StatusCode::NO_CONTENT);
    prune_all(&app).await;
    // The newest row sent to robin stays, without the name of the viewer who is gone.
    assert_eq!((left(&app, "robin"), left(&app, "sasha")), (1197, 0));
    let gone = "SELECT count(*) AS n FROM outbox WHERE topic = 'share' AND subject NOT IN (SELECT id FROM users)";
    assert_eq!(app.number(gone), 0);
    // Every row has been walked over, and none is walked over twice.
    assert_eq!(app.number("SELECT last - pruned AS n FROM outbox_head"), 0);
}
