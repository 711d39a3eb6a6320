//! Newcomers see as much of the person who let them in as was chosen for them, and nothing more.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{
    account::model::Role,
    clock::{DAY, HOUR},
};

use super::SHARES;
use crate::support::{Answer, Client, PASSWORD, TestApp};

const USERS: &str = "/api/v1/admin/users";
const INVITES: &str = "/api/v1/admin/invites";

fn usual() -> Value {
    json!({"water": "exact", "altitude": "exact", "history": true, "export": false, "until": null})
}

fn narrow() -> Value {
    json!({"water": "band", "altitude": "none", "history": false, "export": true, "until": "2026-03-03T12:00:00.000Z"})
}

async fn register(app: &TestApp, username: &str, code: &Value) -> Client {
    let body = json!({"username": username, "password": PASSWORD, "privacy_policy_version": "2026-11-25.2",
        "invite_code": code});
    app.anonymous().post("/api/v1/auth/register", body).await.expect(StatusCode::CREATED);
    app.anonymous().sign_in(username, PASSWORD).await
}

/// A new viewer, by an account with these terms; `Null` chooses none.
async fn made(app: &TestApp, robin: &Client, username: &str, share: Option<Value>) -> (Value, Client) {
    let mut body = json!({"username": username, "role": "viewer"});
    if let Some(share) = share {
        body["share"] = share;
    }
    let answer = robin.post(USERS, body).await;
    let answer = &answer.expect(StatusCode::CREATED).json;
    let temporary = answer["temporary_password"].as_str().unwrap();
    let viewer = app.anonymous().sign_in(username, temporary).await;
    let passwords = json!({"current_password": temporary, "new_password": PASSWORD});
    viewer.put("/api/v1/me/password", passwords).await.expect(StatusCode::NO_CONTENT);
    (answer["share"].clone(), app.anonymous().sign_in(username, PASSWORD).await)
}

async fn invited(robin: &Client, max_uses: i32, share: Option<Value>) -> Value {
    let mut body = json!({"role": "viewer", "expires_at": "2026-04-01T12:00:00Z", "max_uses": max_uses});
    if let Some(share) = share {
        body["share"] = share;
    }
    robin.post(INVITES, body).await.expect(StatusCode::CREATED).json.clone()
}

/// The access to robin that a viewer's list shows.
async fn granted(viewer: &Client) -> Value {
    viewer.get("/api/v1/people").await.expect(StatusCode::OK).json["items"][0]["granted"].clone()
}

#[actix_web::test]
async fn an_account_starts_with_what_was_chosen_for_it() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    robin.log("water", 250, "2026-03-01T10:00:00Z").await;
    let only_water = json!({"water": "exact", "altitude": "none"});
    let expected = json!({"water": "exact", "altitude": "none", "history": true, "export": false, "until": null});
    for (username, share, expected) in [
        ("left-out", None, usual()),
        ("usual", Some(json!({})), usual()),
        ("narrow", Some(narrow()), narrow()),
        ("only-water", Some(only_water), expected),
        ("nothing", Some(Value::Null), Value::Null),
    ] {
        let (said, viewer) = made(&app, &robin, username, share).await;
        assert_eq!(said, expected, "{username}");
        assert_eq!(granted(&viewer).await, expected, "{username}");
    }
    // A newcomer for whom nothing was chosen asks like anybody else.
    let nothing = app.anonymous().sign_in("nothing", PASSWORD).await;
    nothing.get("/api/v1/people/robin/status").await.expect_problem(404, "not_found");
    robin.get(&format!("{SHARES}/nothing")).await.expect_problem(404, "not_found");
    nothing.ask("/api/v1/people/robin/share-requests").await.expect(StatusCode::CREATED);
    // The chosen end ends it.
    app.clock.advance(2 * DAY);
    let narrow = app.anonymous().sign_in("narrow", PASSWORD).await;
    assert_eq!(granted(&narrow).await, Value::Null);
}

#[actix_web::test]
async fn an_invitation_lets_in_on_its_own_terms() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    for (username, uses, share, expected) in [
        ("one", 1, None, usual()),
        ("several", 2, None, Value::Null),
        ("chosen", 3, Some(narrow()), narrow()),
        ("all", 5, Some(json!({})), usual()),
        ("asks", 1, Some(Value::Null), Value::Null),
    ] {
        let issued = invited(&robin, uses, share).await;
        assert_eq!(issued["share"], expected, "{username}");
        let listed = robin.get(INVITES).await.json["items"].clone();
        let one = listed.as_array().unwrap().iter().find(|invite| invite["id"] == issued["id"]).unwrap();
        assert_eq!(one["share"], expected, "{username}");
        assert_eq!(granted(&register(&app, username, &issued["code"]).await).await, expected, "{username}");
    }
    // The terms on which robin shares are hidden from other admins.
    let sasha = app.named("sasha", Role::Admin).await;
    for invite in sasha.get(INVITES).await.json["items"].as_array().unwrap() {
        assert_eq!(invite["created_by"], "robin");
        assert!(invite.get("share").is_none(), "{invite}");
    }
    assert!(app.recorded("invite.create").iter().all(|[.., detail]| !detail.contains("exact")));
}

#[actix_web::test]
async fn an_invitation_shares_nothing_that_its_maker_no_longer_would() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    // The end of the share comes before that of the invitation.
    let brief = json!({"until": "2026-03-01T13:00:00Z"});
    let (brief, closed) = (invited(&robin, 1, Some(brief)).await, invited(&robin, 1, None).await);
    app.clock.advance(HOUR);
    let late = register(&app, "late", &brief["code"]).await;
    assert_eq!(granted(&late).await, Value::Null);
    robin.sharing("nobody").await;
    let shut_out = register(&app, "shut-out", &closed["code"]).await;
    robin.sharing("approved").await;
    assert_eq!(granted(&shut_out).await, Value::Null);
    assert_eq!(robin.get(SHARES).await.json["items"], json!([]));
    // With `everyone` they are let in like everyone, unless the invitation says less.
    robin.sharing("everyone").await;
    assert_eq!(granted(&late).await, usual());
    let narrowed = invited(&robin, 1, Some(json!({"water": "logged"}))).await;
    let narrowed = register(&app, "narrowed", &narrowed["code"]).await;
    assert_eq!(granted(&narrowed).await["water"], "logged");
}

#[actix_web::test]
async fn a_share_is_recorded_for_whom_it_is_about() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    made(&app, &robin, "alex", Some(narrow())).await;
    let issued = invited(&robin, 1, None).await;
    register(&app, "kim", &issued["code"]).await;
    let said: Vec<String> = app.recorded("share.update").into_iter().map(|row| row.join(" ")).collect();
    assert_eq!(
        said,
        [
            "kim robin success approved, water exact, altitude exact, history",
            "robin alex success approved, water band, altitude none, export, until 2026-03-03T12:00:00.000Z",
        ]
    );
}

#[actix_web::test]
async fn terms_that_do_not_fit_are_refused_and_nothing_is_made() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let before = app.contents();
    let invite = json!({"expires_at": "2026-04-01T12:00:00Z", "max_uses": 1});
    for (role, share, field) in [
        ("viewer", json!({"until": "2026-03-01T12:00:00Z"}), "share.until"),
        ("viewer", json!({"until": "2020-03-01T12:00:00Z"}), "share.until"),
        ("viewer", json!({"until": "soon"}), "share.until"),
        ("viewer", json!({"water": "all"}), "share.water"),
        ("viewer", json!({"altitude": null}), "share.altitude"),
        ("viewer", json!({"state": "approved"}), "share.state"),
        ("viewer", json!("exact"), "share"),
        ("viewer", json!(true), "share"),
        ("admin", json!({}), "share"),
        ("admin", narrow(), "share"),
    ] {
        let user = json!({"username": "newcomer", "role": role, "share": share});
        let answer: Answer = robin.post(USERS, user).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields(), [field], "{share}");
        let mut invite = invite.clone();
        (invite["role"], invite["share"]) = (json!(role), share.clone());
        let answer = robin.post(INVITES, invite).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields(), [field], "{share}");
    }
    assert_eq!(app.contents(), before);
    assert_eq!(robin.get(INVITES).await.json["items"], json!([]));
    // An admin is shown nothing, so choosing nothing is allowed.
    for share in [None, Some(Value::Null)] {
        let mut user = json!({"username": if share.is_some() { "said" } else { "unsaid" }, "role": "admin"});
        if let Some(share) = share {
            user["share"] = share;
        }
        assert_eq!(robin.post(USERS, user).await.expect(StatusCode::CREATED).json["share"], Value::Null);
    }
    assert_eq!(robin.get(SHARES).await.json["items"], json!([]));
}
