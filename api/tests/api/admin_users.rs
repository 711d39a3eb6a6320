//! What admins do with other people's accounts.

use actix_web::http::StatusCode;
use diesel::prelude::*;
use serde_json::{Value, json};
use status_tracker::{
    auth::{
        api_tokens::{self, Scope},
        model::{Kind, Session, start_session},
    },
    clock::{DAY, HOUR, Timestamp},
    db::schema::users,
    users::model::Role,
};

use crate::support::{Answer, Client, PASSWORD, TestApp};

const USERS: &str = "/api/v1/admin/users";
const OWN: &str = "Wide-Meadow-38-swallows";

fn at(username: &str) -> String {
    format!("{USERS}/{username}")
}

async fn leave(client: &Client) -> Answer {
    client.send("DELETE", "/api/v1/me", "application/json", json!({"password": PASSWORD}).to_string()).await
}

/// The details of all records of `action`, newest first.
async fn recorded(admin: &Client, action: &str) -> Vec<Value> {
    let answer = admin.get(&format!("/api/v1/admin/audit?action={action}")).await;
    answer.expect(StatusCode::OK).json["items"].as_array().unwrap().clone()
}

/// An API token of the user, who can read with it.
async fn api_token(app: &TestApp, username: &str) -> Client {
    let (id, now) = (app.clock.new_id(), app.clock.now());
    let (name, tokens) = (username.to_owned(), app.state.api_tokens.clone());
    let make = move |conn: &mut _| {
        let user: String = users::table.filter(users::username.eq(name)).select(users::id).first(conn)?;
        let token = tokens.issue(user.parse().unwrap(), id, [7; 16]);
        let row = Session::new(id.to_string(), user, Kind::ApiToken, now, Timestamp(now.0 + DAY));
        start_session(conn, &row.for_token("script".to_owned(), &[Scope::Read], api_tokens::hash(&token)))?;
        Ok(token)
    };
    let token = app.state.db.write(make).await.unwrap();
    Client { bearer: Some(token), ..app.anonymous() }
}

/// OWASP ASVS v5.0.0-6.4.1, v5.0.0-6.4.6: the password is made up, expires, and opens nothing but the choice of another.
#[actix_web::test]
async fn a_new_user_gets_a_password_that_only_lets_them_choose_their_own() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let created = admin.post(USERS, json!({"username": "Sam", "role": "viewer", "display_name": "Sam T."})).await;
    created.expect(StatusCode::CREATED);
    let user = &created.json["user"];
    assert_eq!(
        (&user["username"], &user["display_name"], &user["role"]),
        (&json!("sam"), &json!("Sam T."), &json!("viewer"))
    );
    assert_eq!(
        (&user["locked_until"], &user["disabled"], &user["last_login_at"]),
        (&json!(null), &json!(false), &json!(null))
    );
    assert_eq!(created.json["expires_at"], "2026-03-02T12:00:00.000Z");
    let password = created.json["temporary_password"].as_str().unwrap();
    assert_eq!(password.len(), 24);

    let page = app.anonymous().sign_in("sam", password).await;
    let me = page.get("/api/v1/me").await;
    assert_eq!((&me.json["password_change_required"], &me.json["privacy_policy_due"]), (&json!(true), &json!(true)));
    page.get("/api/v1/people").await.expect_problem(403, "password_change_required");
    let change = json!({"current_password": password, "new_password": OWN});
    let changed = page.put("/api/v1/me/password", change).await;
    changed.expect(StatusCode::NO_CONTENT);
    // The cookie is a new one.
    let page = Client { cookie: changed.cookie(), ..page };
    page.get("/api/v1/people").await.expect(StatusCode::OK);
    app.clock.advance(2 * DAY);
    app.anonymous().sign_in("sam", OWN).await;

    let record = &recorded(&admin, "user.create").await[0];
    assert_eq!(
        (&record["actor"], &record["target"], &record["detail"]),
        (&json!(admin.username), &json!("sam"), &json!("role viewer"))
    );
    admin.post(USERS, json!({"username": "SAM", "role": "admin"})).await.expect_problem(409, "username_taken");
}

/// OWASP ASVS v5.0.0-6.4.1
#[actix_web::test]
async fn a_temporary_password_is_over_after_a_day() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let reset = admin.post(&format!("{}/reset-password", at(&viewer.username)), json!(null)).await;
    reset.expect(StatusCode::OK);
    assert_eq!(reset.json["expires_at"], "2026-03-02T12:00:00.000Z");
    let credentials = |password: &str| json!({"username": viewer.username, "password": password});
    let anonymous = app.anonymous();
    let old = anonymous.post("/api/v1/auth/token", credentials(PASSWORD)).await;
    old.expect_problem(401, "invalid_credentials");
    let temporary = credentials(reset.json["temporary_password"].as_str().unwrap());
    app.clock.advance(DAY - 1);
    anonymous.post("/api/v1/auth/token", temporary.clone()).await.expect(StatusCode::OK);
    app.clock.advance(1);
    anonymous.post("/api/v1/auth/token", temporary).await.expect_problem(401, "invalid_credentials");
    let record = &recorded(&admin, "password.reset").await[0];
    assert_eq!((&record["actor"], &record["target"]), (&json!(admin.username), &json!(viewer.username)));
}

#[actix_web::test]
async fn users_are_listed_in_pages_by_name() {
    let app = TestApp::start().await;
    let admin = app.named("morgan", Role::Admin).await;
    for name in ["zoe", "Alex", "robin", "sam"] {
        app.named(name, Role::Viewer).await;
    }
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("{USERS}?limit=2{cursor}")).await;
        let items = page.expect(StatusCode::OK).json["items"].as_array().unwrap();
        names.extend(items.iter().map(|user| user["username"].as_str().unwrap().to_owned()));
        let Some(next) = page.json["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(names, ["alex", "morgan", "robin", "sam", "zoe"]);
    admin.get(&format!("{USERS}?cursor=made-up")).await.expect_problem(422, "invalid_cursor");
    for query in ["limit=0", "limit=101", "sort=password_hash"] {
        admin.get(&format!("{USERS}?{query}")).await.expect_problem(422, "invalid");
    }
}

/// OWASP ASVS v5.0.0-6.1.1
#[actix_web::test]
async fn a_locked_name_is_seen_and_unlocked_by_an_admin() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let wrong = json!({"username": viewer.username, "password": "not this one"});
    for _ in 0..5 {
        app.anonymous().post("/api/v1/auth/login", wrong.clone()).await.expect_problem(401, "invalid_credentials");
    }
    let until = json!("2026-03-01T12:30:00.000Z");
    assert_eq!(admin.get(&at(&viewer.username)).await.json["locked_until"], until);
    assert_eq!(admin.get(USERS).await.json["items"][1]["locked_until"], until);
    assert_eq!(viewer.get("/api/v1/me").await.json["locked_until"], until);
    let unlock = format!("{}/unlock", at(&viewer.username));
    for _ in 0..2 {
        admin.post(&unlock, json!(null)).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(admin.get(&at(&viewer.username)).await.json["locked_until"], json!(null));
    }
    app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let records = recorded(&admin, "auth.unlock").await;
    assert_eq!(records.len(), 1, "what was not locked is not unlocked");
    assert_eq!((&records[0]["actor"], &records[0]["target"]), (&json!(admin.username), &json!(viewer.username)));
}

/// OWASP ASVS v5.0.0-7.4.2, v5.0.0-7.4.5, v5.0.0-8.3.2
#[actix_web::test]
async fn what_takes_something_from_an_account_ends_every_way_in_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (method, path, body) in [
        ("PATCH", "", json!({"role": "admin"})),
        ("PATCH", "", json!({"disabled": true})),
        ("POST", "/reset-password", json!(null)),
        ("DELETE", "/sessions", json!(null)),
        ("DELETE", "", json!(null)),
    ] {
        let jwt = app.viewer().await;
        let ways =
            [app.anonymous().sign_in(&jwt.username, PASSWORD).await, api_token(&app, &jwt.username).await, jwt.clone()];
        for way in &ways {
            way.get("/api/v1/people").await.expect(StatusCode::OK);
        }
        let sessions = admin.get(&format!("{}/sessions", at(&jwt.username))).await;
        let kinds: Vec<_> = sessions.json["items"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
        assert_eq!(kinds.len(), 3, "{kinds:?}");
        assert!(sessions.json["items"].as_array().unwrap().iter().all(|one| one["current"] == false));
        let answer =
            admin.send(method, &format!("{}{path}", at(&jwt.username)), "application/json", body.to_string()).await;
        assert!(answer.status.is_success(), "{method} {path} {body}: {}", answer.json);
        for way in &ways {
            way.get("/api/v1/people").await.expect_problem(401, "unauthorized");
        }
    }
    admin.get("/api/v1/me").await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn whoever_is_disabled_gets_in_again_once_enabled() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let disabled = admin.patch(&at(&viewer.username), json!({"disabled": true})).await;
    assert_eq!(disabled.expect(StatusCode::OK).json["disabled"], true);
    let credentials = json!({"username": viewer.username, "password": PASSWORD});
    app.anonymous().post("/api/v1/auth/login", credentials).await.expect_problem(401, "invalid_credentials");
    admin.patch(&at(&viewer.username), json!({"disabled": false})).await.expect(StatusCode::OK);
    app.anonymous().sign_in(&viewer.username, PASSWORD).await;
}

#[actix_web::test]
async fn what_is_so_already_is_no_change() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    for body in [json!({}), json!({"role": "viewer", "disabled": false, "display_name": viewer.username})] {
        admin.patch(&at(&viewer.username), body).await.expect(StatusCode::OK);
    }
    assert!(recorded(&admin, "user.update").await.is_empty());
    // A display name takes nothing away.
    let named = admin.patch(&at(&viewer.username), json!({"display_name": "Zoë"})).await;
    assert_eq!(named.expect(StatusCode::OK).json["display_name"], "Zoë");
    viewer.get("/api/v1/me").await.expect(StatusCode::OK);
    assert_eq!(recorded(&admin, "user.update").await[0]["detail"], "display name");
    admin.patch(&at(&viewer.username), json!({"role": "admin", "disabled": true})).await.expect(StatusCode::OK);
    assert_eq!(recorded(&admin, "user.update").await[0]["detail"], "role admin, disabled");
}

/// OWASP ASVS v5.0.0-15.3.3: mass assignment.
#[actix_web::test]
async fn a_change_that_does_not_fit_is_refused_whole() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let before = app.contents();
    for (field, value) in [
        ("username", json!("root")),
        ("password", json!(PASSWORD)),
        ("password_hash", json!("x")),
        ("temporary_password_until", json!(null)),
        ("locked_until", json!(null)),
        ("role", json!("king")),
        ("role", json!(null)),
        ("disabled", json!(1)),
        ("disabled", json!(null)),
        ("display_name", json!("   ")),
        ("display_name", json!("x".repeat(65))),
    ] {
        let answer = admin.patch(&at(&viewer.username), json!({"role": "admin", field: value})).await;
        answer.expect_problem(422, "invalid");
        assert_eq!(answer.fields(), [field], "{value}");
    }
    for (field, value) in [
        ("username", json!("a b")),
        ("role", json!("king")),
        ("password", json!(PASSWORD)),
        ("temporary_password", json!(PASSWORD)),
        ("disabled", json!(false)),
        ("display_name", json!(null)),
    ] {
        let mut body = json!({"username": "sam", "role": "viewer"});
        body[field] = value.clone();
        let answer = admin.post(USERS, body).await;
        answer.expect_problem(422, "invalid");
        assert_eq!(answer.fields(), [field], "{value}");
    }
    assert_eq!(app.contents(), before);
}

/// OWASP ASVS v5.0.0-8.2.1, v5.0.0-8.4.2, and enumeration: who is no admin learns of nobody.
#[actix_web::test]
async fn only_an_admin_learns_who_exists() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let script = api_token(&app, &admin.username).await;
    let reset = admin.post(USERS, json!({"username": "new-admin", "role": "admin"})).await;
    let newcomer = app.anonymous().sign_in("new-admin", reset.json["temporary_password"].as_str().unwrap()).await;
    for (method, path) in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/unlock"),
        ("POST", "/reset-password"),
        ("GET", "/sessions"),
        ("DELETE", "/sessions"),
        ("DELETE", "/totp"),
    ] {
        let ask = |client: &Client, name: &str| {
            let (client, path) = (client.clone(), format!("{}{path}", at(name)));
            async move { client.send(method, &path, "application/json", "{}").await }
        };
        for (client, status, code) in [
            (&app.anonymous(), 401, "unauthorized"),
            (&viewer, 403, "read_only_role"),
            (&script, 403, "insufficient_scope"),
            (&newcomer, 403, "password_change_required"),
        ] {
            for name in [&*admin.username, "nobody"] {
                ask(client, name).await.expect_problem(status, code);
            }
        }
        for name in ["nobody", ".%2Fme", "%01", "1=1 --"] {
            ask(&admin, &name.replace(' ', "%20")).await.expect_problem(404, "not_found");
        }
    }
    admin.get("/api/v1/me").await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-8.2.3, v5.0.0-15.3.1: managing somebody shows nothing of what they logged, nor their preferences and secrets.
#[actix_web::test]
async fn an_account_shows_only_what_managing_it_needs() {
    let app = TestApp::start().await;
    let (admin, other) = (app.admin().await, app.admin().await);
    other.log("water", 4321, "2026-03-01T08:00:00Z").await;
    let user = admin.get(&at(&other.username)).await;
    let mut fields: Vec<_> = user.json.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["created_at", "disabled", "display_name", "last_login_at", "locked_until", "role", "username"]);
    for path in ["status", "entries"] {
        admin.get(&format!("/api/v1/people/{}/{path}", other.username)).await.expect_problem(404, "not_found");
    }
    // Where somebody is signed in is about them too.
    admin.get(&format!("{}/sessions", at(&other.username))).await.expect(StatusCode::OK);
    // Looks are written later, and so before what is written after them.
    admin.patch(&at(&other.username), json!({"display_name": "Sasha"})).await.expect(StatusCode::OK);
    let look = &recorded(&admin, "person.look").await[0];
    assert_eq!((&look["actor"], &look["target"]), (&json!(admin.username), &json!(other.username)));
}

#[actix_web::test]
async fn a_lost_second_factor_is_taken_away() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let name = viewer.username.clone();
    let enrol = move |conn: &mut _| {
        use status_tracker::db::schema::{recovery_codes, second_factors};
        let id: String = users::table.filter(users::username.eq(name)).select(users::id).first(conn)?;
        diesel::insert_into(second_factors::table)
            .values((
                second_factors::user_id.eq(&id),
                second_factors::secret.eq("sealed"),
                second_factors::confirmed_at.eq(1_i64),
            ))
            .execute(conn)?;
        diesel::insert_into(recovery_codes::table)
            .values((recovery_codes::user_id.eq(&id), recovery_codes::hash.eq("x")))
            .execute(conn)?;
        Ok(())
    };
    app.state.db.write(enrol).await.unwrap();
    for _ in 0..2 {
        admin.delete(&format!("{}/totp", at(&viewer.username))).await.expect(StatusCode::NO_CONTENT);
    }
    let left = app.state.db.read(|conn| {
        use status_tracker::db::schema::{recovery_codes, second_factors};
        let factors: i64 = second_factors::table.count().get_result(conn)?;
        let codes: i64 = recovery_codes::table.count().get_result(conn)?;
        Ok(factors + codes)
    });
    assert_eq!(left.await.unwrap(), 0);
    assert_eq!(recorded(&admin, "totp.disable").await.len(), 1);
    app.anonymous().sign_in(&viewer.username, PASSWORD).await;
}

#[actix_web::test]
async fn an_admin_may_go_while_another_one_stays() {
    for (method, body) in
        [("PATCH", json!({"role": "viewer"})), ("PATCH", json!({"disabled": true})), ("DELETE", json!({}))]
    {
        let app = TestApp::start().await;
        let (admin, other) = (app.admin().await, app.admin().await);
        let answer = admin.send(method, &at(&admin.username), "application/json", body.to_string()).await;
        assert!(answer.status.is_success(), "{}", answer.json);
        admin.get("/api/v1/me").await.expect_problem(401, "unauthorized");
        other.get(USERS).await.expect(StatusCode::OK);
    }
}

/// The last admin, by each route alone. One that is disabled, or was demoted, does not count.
#[actix_web::test]
async fn the_last_enabled_admin_stays_whichever_way_it_is_tried() {
    let app = TestApp::start().await;
    let (admin, disabled, demoted) = (app.admin().await, app.admin().await, app.admin().await);
    admin.patch(&at(&disabled.username), json!({"disabled": true})).await.expect(StatusCode::OK);
    admin.patch(&at(&demoted.username), json!({"role": "viewer"})).await.expect(StatusCode::OK);
    let last = at(&admin.username);
    for body in [json!({"role": "viewer"}), json!({"disabled": true}), json!({"role": "viewer", "disabled": true})] {
        admin.patch(&last, body).await.expect_problem(409, "last_admin");
    }
    admin.delete(&last).await.expect_problem(409, "last_admin");
    leave(&admin).await.expect_problem(409, "last_admin");
    admin.get(USERS).await.expect(StatusCode::OK);
    // Those who are not needed can go.
    admin.delete(&at(&disabled.username)).await.expect(StatusCode::NO_CONTENT);
    admin.delete(&at(&demoted.username)).await.expect(StatusCode::NO_CONTENT);
}

/// OWASP ASVS v5.0.0-2.3.3, v5.0.0-15.4.2: the last admin, by two requests at once.
#[actix_web::test]
async fn two_admins_who_remove_each_other_at_once_leave_one() {
    #[derive(Clone, Copy, Debug)]
    enum Way {
        Demote,
        Disable,
        Delete,
        Leave,
    }
    async fn go(way: Way, actor: Client, target: String) -> u16 {
        let answer = match way {
            Way::Demote => actor.patch(&at(&target), json!({"role": "viewer"})).await,
            Way::Disable => actor.patch(&at(&target), json!({"disabled": true})).await,
            Way::Delete => actor.delete(&at(&target)).await,
            Way::Leave => leave(&actor).await,
        };
        answer.status.as_u16()
    }
    let app = TestApp::start().await;
    let mut survivor: Option<String> = None;
    let ways = [Way::Demote, Way::Disable, Way::Delete, Way::Leave];
    let rounds = (0..3).flat_map(|_| ways).flat_map(|one| ways.map(|two| (one, two)));
    for (one, two) in rounds {
        let (a, b) = (app.admin().await, app.admin().await);
        if let Some(name) = survivor {
            a.delete(&at(&name)).await.expect(StatusCode::NO_CONTENT);
        }
        let (a_name, b_name) = (a.username.clone(), b.username.clone());
        let attempts = [go(one, a, b_name), go(two, b, a_name)];
        let outcomes = futures_util::future::join_all(attempts).await;
        let admins: Vec<String> = app
            .state
            .db
            .read(|conn| {
                let enabled = users::table.filter(users::role.eq("admin")).filter(users::disabled.eq(0));
                Ok(enabled.select(users::username).load(conn)?)
            })
            .await
            .unwrap();
        assert_eq!(admins.len(), 1, "{one:?} and {two:?}: {outcomes:?}");
        // Both succeed where one leaves who was just demoted or disabled.
        assert!(outcomes.iter().any(|status| *status < 300), "{one:?} and {two:?}: {outcomes:?}");
        survivor = admins.into_iter().next();
    }
}

/// OWASP ASVS v5.0.0-15.4.2: rights that are lost while a password is hashed are lost.
#[actix_web::test]
async fn an_admin_who_is_demoted_meanwhile_creates_nobody() {
    let app = TestApp::with(&[("BCRYPT_COST", "11")]).await;
    let (admin, other) = (app.admin().await, app.admin().await);
    let create = |number: i32| admin.post(USERS, json!({"username": format!("planted-{number}"), "role": "admin"}));
    let creating = futures_util::future::join_all([create(1), create(2), create(3)]);
    let path = at(&admin.username);
    let demoting = other.patch(&path, json!({"role": "viewer"}));
    let (created, demoted) = futures_util::future::join(creating, demoting).await;
    demoted.expect(StatusCode::OK);
    assert!(created.iter().any(|answer| answer.status == 401));
    assert!(!app.contents().contains("planted-"), "{created:?}");
}

#[actix_web::test]
async fn an_erased_user_takes_everything_along() {
    let app = TestApp::start().await;
    let (admin, other) = (app.admin().await, app.admin().await);
    other.log("water", 250, "2026-03-01T08:00:00Z").await;
    app.clock.advance(HOUR);
    admin.delete(&at(&other.username.to_uppercase())).await.expect(StatusCode::NO_CONTENT);
    assert!(!app.contents().contains("water") && !app.contents().contains(&other.username));
    admin.delete(&at(&other.username)).await.expect_problem(404, "not_found");
    assert_eq!(recorded(&admin, "user.delete").await.len(), 1);
}

/// OWASP ASVS v5.0.0-7.5.1
#[actix_web::test]
async fn nobody_hands_their_own_account_over_without_the_password() {
    let app = TestApp::start().await;
    let (admin, _other) = (app.admin().await, app.admin().await);
    for (method, path) in [("POST", "/reset-password"), ("DELETE", "/totp")] {
        for name in [admin.username.clone(), admin.username.to_uppercase()] {
            let answer = admin.send(method, &format!("/api/v1/admin/users/{name}{path}"), "", "").await;
            answer.expect_problem(409, "own_account");
        }
    }
    admin.get("/api/v1/me").await.expect(StatusCode::OK);
    app.anonymous().sign_in(&admin.username, PASSWORD).await;
}

#[actix_web::test]
async fn an_admin_who_never_chose_a_password_is_no_one_to_leave_the_instance_to() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let second = json!({"username": "second", "role": "admin"});
    let made = admin.post("/api/v1/admin/users", second).await;
    made.expect(StatusCode::CREATED);
    let own = format!("/api/v1/admin/users/{}", admin.username);
    admin.patch(&own, json!({"role": "viewer"})).await.expect_problem(409, "last_admin");
    let body = json!({"password": PASSWORD}).to_string();
    admin.send("DELETE", "/api/v1/me", "application/json", body).await.expect_problem(409, "last_admin");

    let temporary = made.json["temporary_password"].as_str().unwrap();
    let page = app.anonymous().sign_in("second", temporary).await;
    let change = json!({"current_password": temporary, "new_password": OWN});
    page.put("/api/v1/me/password", change).await.expect(StatusCode::NO_CONTENT);
    admin.patch(&own, json!({"role": "viewer"})).await.expect(StatusCode::OK);
}
