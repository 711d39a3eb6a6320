//! Records of when somebody logs, whom they let watch and on what terms, and who looked at them are
//! shown to the people they name and to the operator. Nothing tells other admins that they exist.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{
    account::model::Role,
    audit::model::{Verdict, verify},
    clock::{DAY, HOUR, MINUTE, SECOND},
};

use crate::{
    people::sharing::{comparable, settled},
    support::{Client, NOON, PASSWORD, TestApp},
};

const AUDIT: &str = "/api/v1/admin/audit";

/// Everything that an admin can read of the log, page by page and by every filter, except who asks.
async fn all(admin: &Client) -> Vec<String> {
    let mut found = Vec::new();
    for query in [
        "limit=2",
        "limit=100",
        "actor=robin",
        "target=alex",
        "target=robin&limit=3",
        "action=entry.create",
        "action=entry.rewind",
        "action=share.update",
        "action=share.request",
        "action=person.look",
        "action=user.create",
        "outcome=success&limit=1",
        "from=2026-03-01T12:00:02Z",
        "to=2026-03-01T12:00:09Z&limit=3",
    ] {
        let mut path = format!("{AUDIT}?{query}");
        loop {
            let answer = admin.get(&path).await;
            answer.expect(StatusCode::OK);
            found.push(format!("{path}: {}", comparable(&answer)));
            let Some(cursor) = answer.json["next_cursor"].as_str() else { break };
            path = format!("{AUDIT}?{query}&cursor={cursor}");
        }
    }
    found
}

/// Seven seconds on a server, in which robin lives or does not.
async fn a_while(lives: bool) -> (TestApp, Client, Client) {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    let alex = app.named("alex", Role::Viewer).await;
    app.execute("DELETE FROM shares");
    for second in 0..7 {
        app.clock.advance(SECOND);
        if lives {
            let entry = robin.log("water", 200 + second, NOON).await;
            let path = format!("/api/v1/entries/{}", entry["id"].as_str().unwrap());
            robin.patch(&path, json!({"value": 9})).await.expect(StatusCode::OK);
            robin.delete(&path).await.expect(StatusCode::NO_CONTENT);
            alex.post("/api/v1/people/robin/share-requests", json!(null)).await;
            let terms = json!({"state": "approved", "water": if second % 2 == 0 { "band" } else { "logged" }});
            robin.patch("/api/v1/me/shares/alex", terms).await.expect(StatusCode::OK);
            alex.get("/api/v1/people").await.expect(StatusCode::OK);
            settled(&app).await;
        }
        // Anybody who manages the server may know of this action.
        let user = json!({"username": format!("new-{second}"), "role": "viewer", "share": null});
        robin.post("/api/v1/admin/users", user).await.expect(StatusCode::CREATED);
    }
    // Deleting the shares ends what is left of it, so that nothing is shared in either case.
    app.execute("DELETE FROM shares");
    (app, robin, sasha)
}

#[actix_web::test]
async fn nothing_of_somebodys_life_shows_to_another_admin() {
    let (busy, robin, sasha) = a_while(true).await;
    let (quiet, _, other) = a_while(false).await;
    let without_ids = |answers: Vec<String>| -> Vec<String> {
        // Request ids and cursors differ each time, so only the lengths around them are compared.
        answers
            .into_iter()
            .map(|answer| {
                answer.split("\"request_id\"").map(|part| part.len().to_string()).collect::<Vec<_>>().join(" ")
            })
            .collect()
    };
    let told = async |app: &TestApp, admin: &Client| {
        let listed = admin.get(&format!("{AUDIT}?limit=100")).await;
        let items = listed.expect(StatusCode::OK).json["items"].as_array().unwrap().clone();
        settled(app).await;
        let fields =
            |item: &Value| ["id", "at", "actor", "action", "target", "detail"].map(|field| item[field].clone());
        items.iter().map(fields).collect::<Vec<_>>()
    };
    assert_eq!(told(&busy, &sasha).await, told(&quiet, &other).await);
    assert_eq!(without_ids(all(&sasha).await), without_ids(all(&other).await));
    let export = |answer: crate::support::Answer| {
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let lines = lines.filter(|line| line["action"] != "audit.export");
        lines.map(|line| ["id", "at", "action", "target"].map(|field| line[field].clone())).collect::<Vec<_>>()
    };
    let (one, two) = (sasha.get(&format!("{AUDIT}/export")).await, other.get(&format!("{AUDIT}/export")).await);
    let (one, two) = (export(one), export(two));
    assert_eq!(one, two);
    assert_eq!(one.iter().map(|line| line[0].as_i64().unwrap()).collect::<Vec<_>>(), (1..=7).collect::<Vec<_>>());
    // Robin finds all of it, numbered without a gap, and the chain holds all of it.
    let own = robin.get(&format!("{AUDIT}?limit=100")).await.json["items"].as_array().unwrap().clone();
    let named = |action: &str| own.iter().filter(|item| item["action"] == action).count();
    assert_eq!((named("entry.create"), named("entry.delete"), named("share.update")), (7, 7, 7));
    assert!(named("person.look") >= 1 && named("share.request") >= 1);
    let ids: Vec<i64> = own.iter().rev().map(|item| item["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, (ids[0]..ids[0] + i64::try_from(ids.len()).unwrap()).collect::<Vec<_>>());
    let verdict = busy.state.db.read_blocking(|conn| Ok(verify(conn, None)?)).unwrap();
    assert!(matches!(verdict, Verdict::Sound { .. }), "{verdict:?}");
}

#[actix_web::test]
async fn whoever_takes_a_name_that_somebody_had_takes_nothing_of_theirs() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    robin.log("water", 250, NOON).await;
    app.clock.advance(MINUTE);
    sasha.delete("/api/v1/admin/users/robin").await.expect(StatusCode::NO_CONTENT);
    let robin = app.named("robin", Role::Admin).await;
    app.clock.advance(MINUTE);
    robin.log("altitude", 5, NOON).await;
    let seen = async |admin: &Client| {
        let answer = admin.get(&format!("{AUDIT}?actor=robin&action=entry.create")).await;
        answer.expect(StatusCode::OK).json["items"].as_array().unwrap().len()
    };
    assert_eq!((seen(&robin).await, seen(&sasha).await), (1, 0));
}

#[actix_web::test]
async fn a_cursor_says_nothing_to_whoever_takes_it_apart() {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    for _ in 0..3 {
        robin.log("water", 250, NOON).await;
    }
    for path in [format!("{AUDIT}?limit=1"), "/api/v1/people/robin/entries?limit=1".to_owned()] {
        let answer = robin.get(&path).await;
        let cursor = answer.json["next_cursor"].as_str().unwrap();
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(&app.clock.now().0.to_string()), "{path}");
        robin.get(&format!("{path}&cursor={cursor}")).await.expect(StatusCode::OK);
    }
}

#[actix_web::test]
async fn the_sessions_of_another_admin_do_not_tell_when_they_log() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    let body = json!({"name": "button", "scopes": ["log"], "expires_at": "2026-06-01T00:00:00Z"});
    let made = robin.post("/api/v1/me/tokens", body).await;
    let bearer = made.expect(StatusCode::CREATED).json["token"].as_str().map(str::to_owned);
    let button = Client { bearer, ..app.anonymous() };
    let page = app.anonymous().sign_in("robin", PASSWORD).await;
    let seen = async |admin: &Client| {
        app.services.auth.last_seen.flush(&app.state.db).await.unwrap();
        admin.get("/api/v1/admin/users/robin/sessions").await.expect(StatusCode::OK).json.clone()
    };
    let (before, own) = (seen(&sasha).await, seen(&robin).await);
    assert_eq!(before["items"].as_array().unwrap().len(), 3);
    for way in [&button, &page, &robin] {
        app.clock.advance(HOUR);
        way.post("/api/v1/entries", json!({"metric": "water", "value": 250})).await.expect(StatusCode::CREATED);
        assert_eq!(seen(&sasha).await, before);
    }
    assert_ne!(seen(&robin).await, own, "one's own uses are told");
    // A device that nobody uses any more does not tell by going when it was used last.
    app.clock.advance(7 * DAY + MINUTE);
    let sasha = app.anonymous().sign_in("sasha", PASSWORD).await;
    assert_eq!(seen(&sasha).await, before);
}

#[actix_web::test]
async fn the_security_report_does_not_tell_others_of_a_life() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    let alex = app.named("alex", Role::Viewer).await;
    let report = async |admin: &Client| {
        settled(&app).await;
        admin.get("/api/v1/admin/security").await.expect(StatusCode::OK).json.clone()
    };
    let before = report(&sasha).await;
    let entry = json!({"metric": "water", "value": 250, "note": "<script"});
    robin.post("/api/v1/entries", entry).await.expect(StatusCode::CREATED);
    alex.get("/api/v1/people/robin/entries?cursor=%3Cscript%3E").await;
    for place in ["/people/robin", "/history", "/sharing", "/api/v1/start", "/api/v1/people"] {
        alex.get(&format!("{place}?x=%3Cscript%3E")).await;
    }
    for place in ["audience", "events"] {
        robin.get(&format!("/api/v1/me/{place}?x=%3Cscript%3E")).await;
    }
    alex.delete("/api/v1/me/shares/robin?x=%3Cscript%3E").await;
    assert_eq!(report(&sasha).await, before);
    let own = report(&robin).await;
    let found = own["suspicious"].as_array().unwrap();
    assert_eq!(found.last().unwrap()["detail"], "POST /api/v1/entries: field `note`");
    assert_eq!(own["hours"][23]["suspicious"], 3);
    // An attack is there for all, without a name; what is nobody's life is there as before.
    alex.get("/api/v1/people/robin/entries?cursor=%00").await.expect_problem(400, "suspicious_request");
    let attack = report(&sasha).await["suspicious"][0].clone();
    assert_eq!((&attack["username"], &attack["detail"]), (&json!(null), &json!("GET /api/v1/people")));
    app.clock.advance(SECOND);
    robin.patch("/api/v1/me", json!({"display_name": "<script"})).await.expect(StatusCode::OK);
    assert_eq!(report(&sasha).await["suspicious"][0]["username"], "robin");
}
