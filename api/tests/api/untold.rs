//! Refusals do not tell whether somebody exists: each executes the same statements, as often, and says the same, whoever it is about. `make
//! bench` compares the times.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{account::model::Role, clock::HOUR};

use crate::{
    db::plans::once::{Said, overhear},
    support::{Answer, Client, PASSWORD, TestApp, code_at},
};

const WRONG: &str = "Quiet-Harbour-71-lanternS";
const NOBODY: &str = "nobody-here";

/// A server whose statements are all overheard, with one of each kind of account that a stranger must not learn of.
struct House {
    app: TestApp,
    admin: Client,
    /// A viewer who may watch one of them, and not the others.
    viewer: Client,
    said: [Said; 2],
}

/// A person who is watched, the ones whom nobody may know of, and what each of them is.
const SHARING: &str = "robin";
const KEPT_BACK: [&str; 3] = ["hidden", "disabled", "another"];

impl House {
    async fn with(settings: &[(&str, &str)]) -> Self {
        let app = TestApp::with(&[&[("DATABASE_READERS", "1")], settings].concat()).await;
        let admin = app.named("morgan", Role::Admin).await;
        app.named(SHARING, Role::Admin).await;
        let hidden = app.named("hidden", Role::Admin).await;
        hidden.patch("/api/v1/me", json!({"sharing": "nobody"})).await.expect(StatusCode::OK);
        app.named("disabled", Role::Admin).await;
        app.named("another", Role::Viewer).await;
        let ended = app.named("ended", Role::Admin).await;
        let viewer = app.named("alex", Role::Viewer).await;
        ended.delete("/api/v1/me/shares/alex").await.expect(StatusCode::NO_CONTENT);
        let disable = admin.patch("/api/v1/admin/users/disabled", json!({"disabled": true})).await;
        disable.expect(StatusCode::OK);
        let read = app.state.db.read_blocking(|conn| Ok(overhear(conn))).unwrap();
        let written = app.state.db.write(|conn| Ok(overhear(conn))).await.unwrap();
        Self { app, admin, viewer, said: [read, written] }
    }

    /// The content of an answer except its own id, and the statements that it took.
    async fn taken(&self, ask: impl Future<Output = Answer>) -> (u16, Value, Vec<String>, Vec<(String, i64)>) {
        for said in &self.said {
            said.lock().unwrap().clear();
        }
        let mut answer = ask.await;
        if answer.json.is_object() {
            answer.json["request_id"] = Value::Null;
        }
        let mut headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        headers.sort_unstable();
        let said = self.said.iter().flat_map(|said| said.lock().unwrap().clone()).collect();
        (answer.status.as_u16(), answer.json, headers, said)
    }

    /// Asks about each of `names`, and expects that no answer tells which of them exist.
    async fn same_of_all<F: Future<Output = Answer>>(
        &self,
        what: &str,
        names: &[&str],
        ask: impl Fn(String) -> F,
    ) -> u16 {
        let mut first = None;
        for name in names {
            let taken = self.taken(ask((*name).to_owned())).await;
            assert!(!taken.3.is_empty(), "{what} of {name}: nothing was overheard");
            let expected = first.get_or_insert_with(|| taken.clone());
            assert_eq!(taken, *expected, "{what} of {name}");
        }
        first.unwrap().0
    }
}

fn of_nobody_and(others: &[&'static str]) -> Vec<&'static str> {
    [&[NOBODY], others].concat()
}

#[actix_web::test]
async fn a_viewer_learns_of_nobody_whom_they_may_not_watch() {
    let house = House::with(&[]).await;
    let (viewer, admin) = (&house.viewer, &house.admin);
    // A person who ended the share is listed among the people who can be asked, and shows no more than that.
    let names = of_nobody_and(&[&KEPT_BACK[..], &["ended"]].concat());
    for way in ["status", "entries", "entries?limit=500&order=asc", "events"] {
        let ask = async |client: &Client, name: String| client.get(&format!("/api/v1/people/{name}/{way}")).await;
        assert_eq!(house.same_of_all(way, &names, |name| ask(viewer, name)).await, 404);
        let upper = |name: String| ask(viewer, name.to_ascii_uppercase());
        assert_eq!(house.same_of_all(way, &names, upper).await, 404);
        // An admin watches no other admin, and may know who exists, but not by this.
        let others = of_nobody_and(&["hidden", "disabled", "another", SHARING]);
        assert_eq!(house.same_of_all(way, &others, |name| ask(admin, name)).await, 404);
    }
    // The first page of a viewer to whom nobody shows anything, since looks are noted.
    let casey = house.app.named("casey", Role::Viewer).await;
    house
        .app
        .execute("UPDATE shares SET state = 'ended' WHERE viewer_id = (SELECT id FROM users WHERE username = 'casey')");
    let start = async |name: String| casey.get(&format!("/api/v1/start?person={name}")).await;
    assert_eq!(house.same_of_all("the start", &names, start).await, 200);
    // The comparison does find a difference where there is one.
    let watched = house.taken(viewer.get("/api/v1/people/robin/status")).await;
    let refused = house.taken(viewer.get("/api/v1/people/hidden/status")).await;
    assert_eq!((watched.0, refused.0), (200, 404));
    assert_ne!(watched.3, refused.3);
}

#[actix_web::test]
async fn asking_to_watch_tells_of_nobody_who_cannot_be_asked() {
    let house = House::with(&[]).await;
    // Sent without a body: it is chance whether an unread body has arrived by the time of the answer.
    let ask = async |name: String| {
        let request = house.viewer.request("POST", &format!("/api/v1/people/{name}/share-requests"));
        Answer::of(request.send().await.unwrap()).await
    };
    for _ in 0..2 {
        assert_eq!(house.same_of_all("a request", &of_nobody_and(&KEPT_BACK), ask).await, 404);
    }
    assert_eq!(house.same_of_all("a request", &["ended"], ask).await, 409, "they are told");
}

#[actix_web::test]
async fn acting_as_somebody_else_tells_nothing_of_them() {
    let house = House::with(&[]).await;
    let names = of_nobody_and(&[&KEPT_BACK[..], &[SHARING]].concat());
    for (client, method, path) in [
        (&house.viewer, "GET", "/api/v1/me"),
        (&house.viewer, "GET", "/api/v1/people/robin/status"),
        (&house.admin, "POST", "/api/v1/entries"),
        (&house.admin, "DELETE", "/api/v1/me/sessions"),
    ] {
        let by_header = async |name: String| {
            Answer::of(client.request(method, path).insert_header(("acting-as", name)).send().await.unwrap()).await
        };
        assert_eq!(house.same_of_all(path, &names, by_header).await, 409);
        let by_address = async |name: String| {
            Answer::of(client.request(method, &format!("{path}?acting_as={name}")).send().await.unwrap()).await
        };
        assert_eq!(house.same_of_all(path, &names, by_address).await, 409);
    }
}

#[actix_web::test]
async fn a_refused_sign_in_takes_the_same_up_to_the_lock_and_beyond() {
    for path in ["/api/v1/auth/login", "/api/v1/auth/token"] {
        let house = House::with(&[]).await;
        // The correct password of a disabled user, and one that is no longer valid, count like wrong ones.
        let reset = house.admin.post("/api/v1/admin/users/another/reset-password", Value::Null).await;
        let temporary = reset.expect(StatusCode::OK).json["temporary_password"].as_str().unwrap().to_owned();
        house.app.clock.advance(25 * HOUR);
        let ask = async |name: String| {
            let password = match name.as_str() {
                "disabled" => PASSWORD,
                "another" => &temporary,
                _ => WRONG,
            };
            house.app.anonymous().post(path, json!({"username": name, "password": password})).await
        };
        let mut statuses = Vec::new();
        for attempt in 1..=7 {
            let what = format!("attempt {attempt} at {path}");
            let names = of_nobody_and(&["disabled", "hidden", "another", SHARING, "alex"]);
            statuses.push(house.same_of_all(&what, &names, ask).await);
        }
        assert_eq!(statuses, [401, 401, 401, 401, 401, 423, 423]);
    }
}

#[actix_web::test]
async fn a_made_up_continuation_tells_nothing_of_whom_it_is_tried_for() {
    let house = House::with(&[]).await;
    let names = of_nobody_and(&["disabled", "hidden", "another", SHARING]);
    let try_it = async |name: String| {
        let body = json!({"username": name, "continuation": "x".repeat(43), "totp_code": "000000"});
        house.app.anonymous().post("/api/v1/auth/login", body).await
    };
    for _ in 0..7 {
        assert_eq!(house.same_of_all("a continuation", &names, try_it).await, 401);
    }
    // Nor does one's own code, tried for others: each attempt uses it up.
    let setup = house.viewer.post("/api/v1/me/totp", json!({"password": PASSWORD})).await;
    let secret = setup.expect(StatusCode::CREATED).json["secret"].clone();
    let code = json!({"code": code_at(&secret, house.app.clock.now())});
    house.viewer.post("/api/v1/me/totp/confirm", code).await.expect(StatusCode::OK);
    let mut first = None;
    for name in names {
        let body = json!({"username": "alex", "password": PASSWORD});
        let begun = house.app.anonymous().post("/api/v1/auth/token", body).await;
        let own = begun.expect_problem(401, "totp_required").json["continuation"].clone();
        let body = json!({"username": name, "continuation": own, "totp_code": "000000"});
        let anonymous = house.app.anonymous();
        let taken = house.taken(anonymous.post("/api/v1/auth/token", body)).await;
        assert_eq!((taken.0, &taken.1["code"]), (401, &json!("continuation_over")));
        assert_eq!(taken, *first.get_or_insert_with(|| taken.clone()), "{name}");
    }
}

#[actix_web::test]
async fn a_caller_who_may_not_register_learns_no_name() {
    let names = of_nobody_and(&["disabled", "hidden", "another", SHARING]);
    for (registration, code) in
        [("open", Some("made-up")), ("invite", Some("made-up")), ("invite", None), ("closed", None)]
    {
        let house = House::with(&[("REGISTRATION", registration)]).await;
        let ask = async |name: String| {
            let body = json!({
                "username": name,
                "password": PASSWORD,
                "privacy_policy_version": "2026-11-25.2",
                "invite_code": code,
            });
            house.app.anonymous().post("/api/v1/auth/register", body).await
        };
        assert_eq!(house.same_of_all("registering", &names, ask).await, 403);
    }
    // A request with another fault looks for nobody.
    let house = House::with(&[]).await;
    for (password, version) in [("short", "2026-11-25.2"), (PASSWORD, "2020-01-01.1")] {
        let ask = async |name: String| {
            let body = json!({"username": name, "password": password, "privacy_policy_version": version});
            house.app.anonymous().post("/api/v1/auth/register", body).await
        };
        assert_eq!(house.same_of_all("registering", &names, ask).await, 422);
    }
}
