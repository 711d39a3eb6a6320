//! Events other than an answer that begin and end rights: the way an account is made, its role, its end.

use std::process::Command;

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::account::{model::Role, privacy_policy};

use super::{ASK_ROBIN, SHARES, comparable, robin_and_alex, settled, told};
use crate::support::{Client, PASSWORD, TestApp};

async fn access(viewer: &Client) -> Vec<(Value, Value)> {
    let people = viewer.get("/api/v1/people").await.json;
    let stands = |item: &Value| (item["person"]["username"].clone(), item["access"].clone());
    people["items"].as_array().unwrap().iter().map(stands).collect()
}

fn stands(names: &[(&str, &str)]) -> Vec<(Value, Value)> {
    names.iter().map(|(name, access)| (json!(name), json!(access))).collect()
}

/// Somebody signed in with a password of their own, whose account an admin made or invited them to make.
async fn arrived(app: &TestApp, name: &str, password: &str) -> Client {
    let own = "Another-Harbour-72-lanterns";
    let first = app.anonymous().sign_in(name, password).await;
    let change = json!({"current_password": password, "new_password": own});
    first.put("/api/v1/me/password", change).await.expect(StatusCode::NO_CONTENT);
    app.anonymous().sign_in(name, own).await
}

#[actix_web::test]
async fn a_viewer_whom_a_person_brought_in_may_watch_them_and_nobody_else() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let sasha = app.named("sasha", Role::Admin).await;
    let made = robin.post("/api/v1/admin/users", json!({"username": "made", "role": "viewer"})).await.json;
    let made = arrived(&app, "made", made["temporary_password"].as_str().unwrap()).await;
    assert_eq!(access(&made).await, stands(&[("robin", "watching"), ("sasha", "may_ask")]));
    let invite = json!({"role": "viewer", "expires_at": "2026-03-02T12:00:00Z", "max_uses": 1});
    let code = sasha.post("/api/v1/admin/invites", invite).await.json["code"].clone();
    let register = |name: &str, code: &Value| json!({"username": name, "password": PASSWORD, "privacy_policy_version": privacy_policy::VERSION, "invite_code": code});
    app.anonymous().post("/api/v1/auth/register", register("invited", &code)).await.expect(StatusCode::CREATED);
    let invited = app.anonymous().sign_in("invited", PASSWORD).await;
    assert_eq!(access(&invited).await, stands(&[("robin", "may_ask"), ("sasha", "watching")]));
    app.anonymous().post("/api/v1/auth/register", register("open", &json!(null))).await.expect(StatusCode::CREATED);
    let open = app.anonymous().sign_in("open", PASSWORD).await;
    assert_eq!(access(&open).await, stands(&[("robin", "may_ask"), ("sasha", "may_ask")]));
    let granted = &made.get("/api/v1/people").await.json["items"][0]["granted"];
    assert_eq!(
        granted,
        &json!({"water": "exact", "altitude": "exact", "history": true, "export": false, "until": null})
    );
    assert_eq!(told(&app), 2);
    // New admins are nobody's viewers.
    robin.post("/api/v1/admin/users", json!({"username": "boss", "role": "admin"})).await.expect(StatusCode::CREATED);
    assert_eq!(app.number("SELECT count(*) AS n FROM shares"), 2);
}

/// Over HTTP and at the command line: an admin watches nobody, even once they are a viewer again.
#[actix_web::test]
async fn a_viewer_who_becomes_an_admin_watches_nobody() {
    for at_the_command_line in [false, true] {
        let app = TestApp::start().await;
        let (robin, alex) = robin_and_alex(&app).await;
        let sasha = app.named("sasha", Role::Admin).await;
        app.execute("DELETE FROM shares; DELETE FROM outbox");
        robin.decides(&alex, json!({"state": "approved"})).await;
        alex.ask("/api/v1/people/sasha/share-requests").await.expect(StatusCode::CREATED);
        let before = told(&app);
        for role in ["admin", "viewer"] {
            if at_the_command_line {
                let words = ["user", "set-role", "--username", "alex", "--role", role];
                let mut program = Command::new(env!("CARGO_BIN_EXE_status-tracker"));
                assert!(program.args(words).env("DATA_DIR", app.folder.path()).output().unwrap().status.success());
            } else {
                robin.patch("/api/v1/admin/users/alex", json!({"role": role})).await.expect(StatusCode::OK);
            }
            assert_eq!(app.number("SELECT count(*) AS n FROM shares"), 0);
            alex.get("/api/v1/people/robin/status").await.expect_problem(401, "unauthorized");
        }
        assert_eq!(told(&app), before + 2, "each of the two is told");
        assert_eq!(app.recorded("share.end").len(), 1);
        let again = app.anonymous().sign_in("alex", PASSWORD).await;
        assert_eq!(access(&again).await, stands(&[("robin", "may_ask"), ("sasha", "may_ask")]));
        robin.get(&format!("{SHARES}/alex")).await.expect_problem(404, "not_found");
        assert_eq!(sasha.get(SHARES).await.json["items"], json!([]));
    }
}

#[actix_web::test]
async fn a_person_who_becomes_a_viewer_or_is_disabled_shares_nothing() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    let sasha = app.named("sasha", Role::Admin).await;
    app.execute("DELETE FROM shares");
    robin.decides(&alex, json!({"state": "approved"})).await;
    robin.sharing("everyone").await;
    for change in [json!({"disabled": true}), json!({"disabled": false, "role": "viewer"})] {
        alex.get("/api/v1/people/robin/status").await.expect(StatusCode::OK);
        sasha.patch("/api/v1/admin/users/robin", change).await.expect(StatusCode::OK);
        for path in ["status", "entries"] {
            alex.get(&format!("/api/v1/people/robin/{path}")).await.expect_problem(404, "not_found");
        }
        alex.ask(ASK_ROBIN).await.expect_problem(404, "not_found");
        assert_eq!(access(&alex).await, stands(&[("sasha", "may_ask")]));
        sasha
            .patch("/api/v1/admin/users/robin", json!({"disabled": false, "role": "admin"}))
            .await
            .expect(StatusCode::OK);
    }
    alex.get("/api/v1/people/robin/status").await.expect_problem(404, "not_found");
    assert_eq!(access(&alex).await, stands(&[("robin", "may_ask"), ("sasha", "may_ask")]), "robin decides again");
}

#[actix_web::test]
async fn nothing_of_sharing_is_left_of_an_erased_account() {
    for gone in ["robin", "alex"] {
        let app = TestApp::start().await;
        let (robin, alex) = robin_and_alex(&app).await;
        let sasha = app.named("sasha", Role::Admin).await;
        app.execute("DELETE FROM shares; DELETE FROM outbox");
        robin.decides(&alex, json!({"state": "approved"})).await;
        alex.get("/api/v1/people/robin/status").await.expect(StatusCode::OK);
        settled(&app).await;
        app.execute(
            "INSERT INTO processes (id, seen_at) VALUES ('one', 0);
             INSERT INTO watchers (person_id, viewer_id, process_id, since)
             SELECT person.id, viewer.id, 'one', 0
             FROM users AS person, users AS viewer WHERE person.username = 'robin' AND viewer.username = 'alex'",
        );
        let rows = "SELECT (SELECT count(*) FROM shares) + (SELECT count(*) FROM looks) + (SELECT count(*) FROM watchers) AS n";
        assert_eq!(app.number(rows), 3);
        sasha.delete(&format!("/api/v1/admin/users/{gone}")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(app.number(rows), 0, "{gone}");
        let of_person = "SELECT count(*) AS n FROM outbox WHERE person_id NOT IN (SELECT id FROM users)";
        assert_eq!(app.number(of_person), 0, "{gone}");
    }
}

/// People who may not be watched cannot be told from people who do not exist, whatever the reason.
#[actix_web::test]
async fn a_person_who_may_not_be_watched_is_not_there() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    for name in ["ended", "expired", "hidden", "off", "asked", "unasked"] {
        app.named(name, Role::Admin).await;
    }
    app.named("kim", Role::Viewer).await;
    app.clock.advance(1);
    let now = app.clock.now().0;
    app.execute(&format!(
        "UPDATE shares SET state = 'ended' WHERE person_id = (SELECT id FROM users WHERE username = 'ended');
         UPDATE shares SET until = {now} WHERE person_id = (SELECT id FROM users WHERE username = 'expired');
         UPDATE shares SET state = 'requested' WHERE person_id = (SELECT id FROM users WHERE username = 'asked');
         DELETE FROM shares WHERE person_id = (SELECT id FROM users WHERE username = 'unasked');
         UPDATE users SET sharing = 'nobody' WHERE username = 'hidden';
         UPDATE users SET disabled = 1 WHERE username = 'off';"
    ));
    for path in ["status", "entries", "entries?limit=0", "entries?cursor=x", "entries?metric=water"] {
        let mut answers = Vec::new();
        for who in ["nobody", "ended", "expired", "hidden", "off", "asked", "unasked", "kim", "alex"] {
            answers.push((who, comparable(&alex.get(&format!("/api/v1/people/{who}/{path}")).await)));
        }
        for who in ["ended", "kim", "nobody"] {
            answers.push((who, comparable(&robin.get(&format!("/api/v1/people/{who}/{path}")).await)));
        }
        let first = answers[0].1.clone();
        for (who, answer) in answers {
            assert_eq!(answer, first, "{who}/{path}");
        }
    }
}

/// Somebody kept out, refused or narrowed is not let in by two changes of their role, nor by being disabled and enabled, whoever else the
/// person lets in.
#[actix_web::test]
async fn the_decision_about_a_viewer_outlives_every_change_of_their_account() {
    let trips: [[Value; 2]; 3] = [
        [json!({"role": "admin"}), json!({"role": "viewer"})],
        [json!({"disabled": true}), json!({"disabled": false})],
        [json!({"role": "admin", "disabled": true}), json!({"role": "viewer", "disabled": false})],
    ];
    for trip in trips {
        let by_role = trip[0]["role"].is_string();
        for decision in [json!({"state": "ended"}), json!({"water": "band", "history": false})] {
            let app = TestApp::start().await;
            let (robin, alex) = robin_and_alex(&app).await;
            app.execute("DELETE FROM shares");
            robin.sharing("everyone").await;
            robin.log("water", 250, "2026-03-01T09:00:00Z").await;
            robin.decides(&alex, decision.clone()).await;
            for change in &trip {
                robin.patch("/api/v1/admin/users/alex", change.clone()).await.expect(StatusCode::OK);
            }
            let again = app.anonymous().sign_in("alex", PASSWORD).await;
            let status = again.get("/api/v1/people/robin/status").await;
            if by_role || decision["state"] == "ended" {
                status.expect_problem(404, "not_found");
            } else {
                assert_eq!(status.expect(StatusCode::OK).json["water"]["today_ml"], json!(null), "still a band");
            }
            again.get("/api/v1/people/robin/entries").await.expect_client_error();
            if decision["state"] == "ended" {
                let asked = again.post(ASK_ROBIN, json!({})).await;
                asked.expect_problem(409, "asked_recently");
            }
        }
    }
}

/// Every credential that let somebody in before ends: a page, a token, a script's key.
#[actix_web::test]
async fn no_way_in_comes_back_with_an_account_that_is_enabled_again() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    for trip in [
        [json!({"disabled": true}), json!({"disabled": false})],
        [json!({"role": "viewer"}), json!({"role": "admin"})],
        [json!({"role": "viewer", "disabled": true}), json!({"role": "admin", "disabled": false})],
    ] {
        let jwt = app.admin().await;
        let name = jwt.username.clone();
        let page = app.anonymous().sign_in(&name, PASSWORD).await;
        let body = json!({"name": "button", "scopes": ["read"], "expires_at": "2026-04-01T12:00:00Z"});
        let made = jwt.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED).json.clone();
        let script = Client { bearer: made["token"].as_str().map(str::to_owned), ..app.anonymous() };
        let invite = json!({"role": "viewer", "expires_at": "2026-03-02T12:00:00Z", "max_uses": 1});
        let invite = jwt.post("/api/v1/admin/invites", invite).await.expect(StatusCode::CREATED).json.clone();
        for client in [&jwt, &page, &script] {
            client.get("/api/v1/people").await.expect(StatusCode::OK);
        }
        for change in trip {
            robin.patch(&format!("/api/v1/admin/users/{name}"), change).await.expect(StatusCode::OK);
            for client in [&jwt, &page, &script] {
                client.get("/api/v1/people").await.expect_problem(401, "unauthorized");
            }
        }
        let body = json!({
            "username": "newcomer",
            "password": PASSWORD,
            "privacy_policy_version": privacy_policy::VERSION,
            "invite_code": invite["code"],
        });
        app.anonymous().post("/api/v1/auth/register", body).await.expect_problem(403, "invalid_invite");
    }
}

/// A lock belongs to a name: no change of its account lifts it, only the command for that.
#[actix_web::test]
async fn a_lock_stays_through_every_change_of_the_account() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let wrong = json!({"username": "alex", "password": "Quiet-Harbour-71-lanternS"});
    app.named("alex", Role::Viewer).await;
    for _ in 0..5 {
        app.anonymous().post("/api/v1/auth/login", wrong.clone()).await.expect_problem(401, "invalid_credentials");
    }
    for change in
        [json!({"disabled": true}), json!({"disabled": false}), json!({"role": "admin"}), json!({"role": "viewer"})]
    {
        robin.patch("/api/v1/admin/users/alex", change).await.expect(StatusCode::OK);
        let right = json!({"username": "alex", "password": PASSWORD});
        app.anonymous().post("/api/v1/auth/login", right).await.expect_problem(423, "locked");
    }
    robin.delete("/api/v1/admin/users/alex").await.expect(StatusCode::NO_CONTENT);
    app.named("alex", Role::Viewer).await;
    app.anonymous().post("/api/v1/auth/token", wrong).await.expect_problem(423, "locked");
}
