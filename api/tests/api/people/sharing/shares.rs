//! Shares that a person reads and changes.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{account::model::Role, clock::MINUTE};

use super::{SHARES, robin_and_alex, rows, settled, told};
use crate::support::{Client, TestApp};

const ALEX: &str = "/api/v1/me/shares/alex";

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["username"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_share_is_narrowed_ended_and_approved_again() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    // Nobody asked: the person approves by themself.
    robin.get(ALEX).await.expect_problem(404, "not_found");
    let change = json!({"state": "approved", "altitude": "logged", "export": true, "until": "2026-03-02T12:00:00Z"});
    let share = robin.decides(&alex, change).await;
    assert_eq!(share["until"], "2026-03-02T12:00:00.000Z");
    assert_eq!(share, robin.get(ALEX).await.json);
    let granted = &alex.get("/api/v1/people").await.json["items"][0]["granted"];
    assert_eq!(
        granted,
        &json!({"water": "exact", "altitude": "logged", "history": true, "export": true, "until": "2026-03-02T12:00:00.000Z"})
    );
    app.clock.advance(MINUTE);
    let narrowed = robin.decides(&alex, json!({"water": "none", "history": false, "until": null})).await;
    assert_eq!((&narrowed["since"], &narrowed["until"]), (&json!("2026-03-01T12:00:00.000Z"), &json!(null)));
    let ended = robin.decides(&alex, json!({"state": "ended"})).await;
    assert_eq!((&ended["state"], &ended["since"]), (&json!("ended"), &json!("2026-03-01T12:01:00.000Z")));
    alex.get("/api/v1/people/robin/status").await.expect_problem(404, "not_found");
    let again = robin.decides(&alex, json!({"state": "approved"})).await;
    assert_eq!((&again["water"], &again["history"]), (&json!("none"), &json!(false)), "what was narrowed stays narrow");
    assert_eq!(told(&app), 4);
    assert_eq!(
        app.recorded("share.update"),
        [
            ["robin", "alex", "success", "approved, water none, altitude logged, export"],
            ["robin", "alex", "success", "approved, water none, altitude logged, export"],
            [
                "robin",
                "alex",
                "success",
                "approved, water exact, altitude logged, history, export, until 2026-03-02T12:00:00.000Z"
            ],
        ]
    );
    assert_eq!(app.recorded("share.end"), [["robin", "alex", "success", ""]]);
}

#[actix_web::test]
async fn a_setting_that_is_so_already_is_no_change() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    robin.decides(&alex, json!({"state": "approved", "water": "band", "until": "2026-03-02T12:00:00Z"})).await;
    let before = rows(&app);
    for change in [
        json!({}),
        json!({"state": "approved"}),
        json!({"water": "band", "history": true}),
        json!({"until": "2026-03-02T12:00:00Z"}),
    ] {
        robin.decides(&alex, change).await;
    }
    assert_eq!(rows(&app), before);
    for _ in 0..2 {
        robin.delete(ALEX).await.expect(StatusCode::NO_CONTENT);
    }
    robin.decides(&alex, json!({"state": "ended"})).await;
    assert_eq!((told(&app), app.recorded("share.end").len()), (2, 1));
}

#[actix_web::test]
async fn bad_changes_change_nothing() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    robin.decides(&alex, json!({"state": "approved"})).await;
    let before = rows(&app);
    for (change, field) in [
        (json!({"state": "requested"}), "state"),
        (json!({"state": "gone"}), "state"),
        (json!({"state": null}), "state"),
        (json!({"water": "some"}), "water"),
        (json!({"water": null}), "water"),
        (json!({"altitude": 3}), "altitude"),
        (json!({"history": "yes"}), "history"),
        (json!({"history": null}), "history"),
        (json!({"export": 1}), "export"),
        (json!({"until": "2026-03-01T12:00:00Z"}), "until"),
        (json!({"until": "2026-02-28T12:00:00Z", "state": "approved"}), "until"),
        (json!({"until": "2026-02-28T12:00:00Z", "state": "ended"}), "until"),
        (json!({"until": "tomorrow"}), "until"),
        (json!({"until": "2026-04-01T12:00:00"}), "until"),
        (json!({"viewer_id": "x"}), "viewer_id"),
        (json!({"username": "kim"}), "username"),
        (json!({"since": "2026-04-01T12:00:00Z"}), "since"),
        (json!({"water": "band", "person_id": "x"}), "person_id"),
    ] {
        let answer = robin.patch(ALEX, change.clone()).await;
        answer.expect_problem(422, "invalid");
        assert_eq!(answer.fields(), [field], "{change}");
    }
    assert_eq!(robin.patch(ALEX, json!([])).await.status, 422);
    assert_eq!(rows(&app), before);
}

#[actix_web::test]
async fn with_whom_nothing_can_be_shared_is_not_there() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    app.named("sasha", Role::Admin).await;
    app.execute("DELETE FROM shares; DELETE FROM outbox");
    for mode in ["approved", "everyone", "nobody"] {
        robin.sharing(mode).await;
        let before = rows(&app);
        for who in ["nobody", "sasha", "robin", "ROBIN"] {
            let path = format!("{SHARES}/{who}");
            robin.get(&path).await.expect_problem(404, "not_found");
            robin.patch(&path, json!({"state": "approved"})).await.expect_problem(404, "not_found");
            robin.patch(&path, json!({"water": "band"})).await.expect_problem(404, "not_found");
            robin.delete(&path).await.expect_problem(404, "not_found");
        }
        assert_eq!(rows(&app), before);
    }
    robin.sharing("approved").await;
    let before = rows(&app);
    for change in [json!({}), json!({"water": "band"}), json!({"state": "ended"}), json!({"until": null})] {
        robin.patch(ALEX, change).await.expect_problem(404, "not_found");
    }
    robin.delete(ALEX).await.expect_problem(404, "not_found");
    for (method, path) in [("GET", SHARES), ("GET", ALEX), ("DELETE", ALEX), ("GET", "/api/v1/me/audience")] {
        alex.send(method, path, "", "").await.expect_problem(403, "read_only_role");
    }
    alex.patch(ALEX, json!({"state": "approved"})).await.expect_problem(403, "read_only_role");
    assert_eq!(rows(&app), before);
}

/// A share belongs to its person: another admin reads and changes their own with the same viewer.
#[actix_web::test]
async fn another_persons_share_is_out_of_reach() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    let sasha = app.named("sasha", Role::Admin).await;
    app.execute("DELETE FROM shares");
    robin.decides(&alex, json!({"state": "approved", "water": "band"})).await;
    sasha.get(ALEX).await.expect_problem(404, "not_found");
    sasha.patch(ALEX, json!({"water": "exact"})).await.expect_problem(404, "not_found");
    sasha.delete(ALEX).await.expect_problem(404, "not_found");
    sasha.decides(&alex, json!({"state": "approved", "water": "none"})).await;
    assert_eq!(robin.get(ALEX).await.json["water"], "band");
    assert_eq!(names(&sasha.get(SHARES).await.json), ["alex"]);
}

#[actix_web::test]
async fn with_everyone_all_viewers_are_there_and_one_can_be_kept_out() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    for name in ["ada", "bob", "cyd"] {
        app.named(name, Role::Viewer).await;
    }
    app.execute("DELETE FROM shares; UPDATE users SET disabled = 1 WHERE username IN ('bob', 'cyd')");
    robin.patch(&format!("{SHARES}/cyd"), json!({"state": "approved"})).await.expect(StatusCode::OK);
    assert_eq!(names(&robin.get(SHARES).await.json), ["cyd"], "a share stays while its viewer is disabled");
    robin.sharing("everyone").await;
    assert_eq!(names(&robin.get(SHARES).await.json), ["ada", "alex", "cyd"]);
    let implied = robin.get(ALEX).await.json;
    assert_eq!(
        (&implied["state"], &implied["since"], &implied["water"]),
        (&json!("approved"), &json!(null), &json!("exact"))
    );
    robin.get(&format!("{SHARES}/bob")).await.expect_problem(404, "not_found");
    let before = rows(&app);
    assert_eq!(robin.decides(&alex, json!({"history": true})).await, implied, "no narrowing, no share");
    assert_eq!(rows(&app), before);
    assert_eq!(robin.decides(&alex, json!({"history": false})).await["since"], "2026-03-01T12:00:00.000Z");
    alex.get("/api/v1/people/robin/entries").await.expect_problem(403, "history_not_shared");
    robin.delete(&format!("{SHARES}/ada")).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(robin.get(&format!("{SHARES}/ada")).await.json["state"], "ended");
    robin.sharing("nobody").await;
    alex.get("/api/v1/people/robin/status").await.expect_problem(404, "not_found");
    assert_eq!(alex.get("/api/v1/people").await.json["items"], json!([]));
    assert_eq!(robin.get(ALEX).await.json["state"], "approved", "what was decided is kept");
    robin.sharing("approved").await;
    alex.get("/api/v1/people/robin/status").await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn time_ends_a_share_to_the_millisecond() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    robin.decides(&alex, json!({"state": "approved", "until": "2026-03-01T12:01:00Z"})).await;
    app.clock.advance(MINUTE - 1);
    alex.get("/api/v1/people/robin/status").await.expect(StatusCode::OK);
    app.clock.advance(1);
    for mode in ["approved", "everyone"] {
        robin.sharing(mode).await;
        alex.get("/api/v1/people/robin/status").await.expect_problem(404, "not_found");
        let ended = robin.get(ALEX).await.json;
        assert_eq!((&ended["state"], &ended["since"]), (&json!("ended"), &json!("2026-03-01T12:01:00.000Z")));
    }
    // A share that is over does not begin again by being given a later end.
    app.clock.advance(MINUTE);
    let share = robin.decides(&alex, json!({"until": "2026-03-03T12:00:00Z"})).await;
    assert_eq!(share["state"], "ended");
    let share = robin.decides(&alex, json!({"until": "2026-03-01T12:02:01Z"})).await;
    assert_eq!(share["state"], "ended");
    app.clock.advance(MINUTE);
    let share = robin.decides(&alex, json!({"state": "approved"})).await;
    assert_eq!((&share["state"], &share["until"]), (&json!("approved"), &json!(null)), "an end that is past goes");
}

#[actix_web::test]
async fn shares_come_in_pages_by_name() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let sasha = app.named("sasha", Role::Admin).await;
    for name in ["eve", "ada", "dee", "bob", "cyd"] {
        app.named(name, Role::Viewer).await;
    }
    for mode in ["approved", "everyone"] {
        robin.sharing(mode).await;
        let mut found = Vec::new();
        let mut path = format!("{SHARES}?limit=2");
        loop {
            let page = robin.get(&path).await;
            found.extend(names(&page.expect(StatusCode::OK).json).into_iter().map(str::to_owned));
            let Some(cursor) = page.json["next_cursor"].as_str() else { break };
            path = format!("{SHARES}?limit=2&cursor={cursor}");
            sasha.get(&path).await.expect_problem(422, "invalid_cursor");
        }
        assert_eq!(found, ["ada", "bob", "cyd", "dee", "eve"]);
    }
    for query in ["limit=0", "limit=501", "cursor=x", "state=approved"] {
        assert_eq!(robin.get(&format!("{SHARES}?{query}")).await.status, 422, "{query}");
        assert_eq!(robin.get(&format!("/api/v1/me/audience?{query}")).await.status, 422, "{query}");
    }
}

#[actix_web::test]
async fn the_person_sees_who_looked_and_when() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    robin.decides(&alex, json!({"state": "approved"})).await;
    robin.get("/api/v1/people/robin/status").await.expect(StatusCode::OK);
    for path in ["/api/v1/people/robin/status", "/api/v1/people/robin/entries", "/api/v1/people"] {
        alex.get(path).await.expect(StatusCode::OK);
    }
    alex.ask(super::ASK_ROBIN).await.expect(StatusCode::OK);
    app.clock.advance(MINUTE);
    alex.ask(super::ASK_ROBIN).await.expect(StatusCode::OK);
    settled(&app).await;
    assert_eq!(robin.get(ALEX).await.json["last_looked_at"], "2026-03-01T12:01:00.000Z");
    let audience = robin.get("/api/v1/me/audience?limit=1").await.json;
    let look = json!({"username": "alex", "display_name": "alex", "at": "2026-03-01T12:01:00.000Z"});
    assert_eq!((&audience["watching"], &audience["items"]), (&json!([]), &json!([look])));
    let cursor = audience["next_cursor"].as_str().unwrap();
    let rest = robin.get(&format!("/api/v1/me/audience?cursor={cursor}")).await.json;
    let look = json!({"username": "alex", "display_name": "alex", "at": "2026-03-01T12:00:00.000Z"});
    assert_eq!(
        (&rest["items"], &rest["next_cursor"]),
        (&json!([look]), &json!(null)),
        "once a minute, and not oneself"
    );
}

#[actix_web::test]
async fn a_look_that_could_not_be_written_is_written_the_next_time() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    robin.decides(&alex, json!({"state": "approved"})).await;
    app.execute("CREATE TRIGGER refused BEFORE INSERT ON looks BEGIN SELECT raise(ABORT, 'refused'); END");
    alex.get("/api/v1/people").await.expect(StatusCode::OK);
    settled(&app).await;
    app.execute("DROP TRIGGER refused");
    assert_eq!(app.recorded("person.look"), Vec::<[String; 4]>::new());
    alex.get("/api/v1/people").await.expect(StatusCode::OK);
    settled(&app).await;
    assert_eq!(robin.get(ALEX).await.json["last_looked_at"], "2026-03-01T12:00:00.000Z");
    assert_eq!(app.recorded("person.look").len(), 1);
}

/// Somebody who takes a free name is not its earlier owner, neither as a viewer nor as a person.
#[actix_web::test]
async fn a_name_that_is_taken_anew_inherits_no_looks() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    let sasha = app.named("sasha", Role::Admin).await;
    for person in [&robin, &sasha] {
        person.decides(&alex, json!({"state": "approved"})).await;
        alex.get(&format!("/api/v1/people/{}/status", person.username)).await.expect(StatusCode::OK);
    }
    settled(&app).await;
    app.clock.advance(MINUTE);
    for name in ["alex", "sasha"] {
        robin.delete(&format!("/api/v1/admin/users/{name}")).await.expect(StatusCode::NO_CONTENT);
    }
    let items = |audience: Value| audience["items"].clone();
    let gone = json!([{"username": "alex", "display_name": null, "at": "2026-03-01T12:00:00.000Z"}]);
    assert_eq!(items(robin.get("/api/v1/me/audience").await.json), gone);
    app.named("alex", Role::Viewer).await;
    assert_eq!(items(robin.get("/api/v1/me/audience").await.json), gone);
    assert_eq!(robin.get(ALEX).await.json["last_looked_at"], json!(null));
    let sasha = app.named("sasha", Role::Admin).await;
    assert_eq!(items(sasha.get("/api/v1/me/audience").await.json), json!([]));
}

#[actix_web::test]
async fn a_viewer_who_is_watching_now_is_there_once_and_goes_with_their_process() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    robin.decides(&alex, json!({"state": "approved"})).await;
    let now = app.clock.now().0;
    for (process, since) in [("one", now - 1), ("two", now - 2)] {
        app.execute(&format!(
            "INSERT INTO processes (id, seen_at) VALUES ('{process}', {now});
             INSERT INTO watchers (person_id, viewer_id, process_id, since)
             SELECT person.id, viewer.id, '{process}', {since}
             FROM users AS person, users AS viewer WHERE person.username = 'robin' AND viewer.username = 'alex'"
        ));
    }
    let watching = async |robin: &Client| {
        let watching = robin.get("/api/v1/me/audience").await.json["watching"].clone();
        (watching, robin.get(ALEX).await.json["watching"].clone())
    };
    let alex = json!([{"username": "alex", "display_name": "alex", "since": "2026-03-01T11:59:59.998Z"}]);
    assert_eq!(watching(&robin).await, (alex, json!(true)));
    app.clock.advance(status_tracker::outbox::presence::LEASE);
    assert_eq!(watching(&robin).await, (json!([]), json!(false)));
}
