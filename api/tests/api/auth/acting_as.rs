//! A page names the user it asks for, and nothing is done or shown where the credential is somebody else's.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{account::model::Role, server::document};

use crate::{
    events::listener::Listener,
    people::sharing::{comparable, rows, settled},
    support::{Answer, Client, NOON, PASSWORD, TestApp},
};

/// Robin, once for each kind of credential.
async fn robins(app: &TestApp) -> [Client; 3] {
    let jwt = app.named("robin", Role::Admin).await;
    let cookie = app.anonymous().sign_in("robin", PASSWORD).await;
    let token = json!({"name": "button", "scopes": ["read", "log"], "expires_at": "2026-03-02T12:00:00Z"});
    let token = jwt.post("/api/v1/me/tokens", token).await.expect(StatusCode::CREATED).json["token"].clone();
    let script = Client { bearer: token.as_str().map(str::to_owned), ..jwt.clone() };
    [jwt, cookie, script]
}

async fn as_somebody(client: &Client, method: &str, path: &str, names: &[&str], body: Option<&Value>) -> Answer {
    let request = names.iter().fold(client.request(method, path), |request, name| {
        // Each name in a header line of its own.
        request.append_header(("Acting-As", *name))
    });
    Answer::of(match body {
        Some(body) => request.send_json(body).await.unwrap(),
        None => request.send().await.unwrap(),
    })
    .await
}

#[actix_web::test]
async fn no_route_does_anything_for_somebody_else() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let robins = robins(&app).await;
    robins[0].log("water", 250, NOON).await;
    settled(&app).await;
    let before = (app.contents(), rows(&app), app.number("SELECT count(*) AS n FROM sessions"));
    let document = serde_json::to_value(document()).unwrap();
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/api/v1/")) {
        let path = path.replace("{username}", &viewer.username).replace("{id}", "0").replace("{number}", "1");
        for method in ["get", "post", "put", "patch", "delete"].iter().filter(|method| item.get(**method).is_some()) {
            for robin in &robins {
                let answer = as_somebody(robin, &method.to_uppercase(), &path, &["sasha"], None).await;
                answer.expect_problem(409, "other_account");
                let joined = if path.contains('?') { '&' } else { '?' };
                let by_address = format!("{path}{joined}acting_as=sasha");
                let answer = as_somebody(robin, &method.to_uppercase(), &by_address, &[], None).await;
                answer.expect_problem(409, "other_account");
                tried += 1;
            }
        }
    }
    assert!(tried > 150, "{tried}");
    settled(&app).await;
    assert_eq!((app.contents(), rows(&app), app.number("SELECT count(*) AS n FROM sessions")), before);
}

#[actix_web::test]
async fn it_comes_before_all_else_that_could_be_wrong() {
    let app = TestApp::start().await;
    let [robin, cookie, script] = robins(&app).await;
    let viewer = app.viewer().await;
    let wrong = json!({"value": "a lot"});
    let asked = [
        (&viewer, "POST", "/api/v1/entries"),
        (&script, "GET", "/api/v1/me"),
        (&robin, "GET", "/api/v1/nothing"),
        (&robin, "PATCH", "/api/v1/people"),
        (&robin, "GET", "/api/v1/people?limit=0"),
        (&robin, "POST", "/api/v1/entries"),
        (&robin, "GET", "/api/v1/people/nobody/status"),
    ];
    for (client, method, path) in asked {
        let answer = as_somebody(client, method, path, &["sasha"], Some(&wrong)).await;
        answer.expect_problem(409, "other_account");
    }
    let from_elsewhere = cookie.request("POST", "/api/v1/entries").insert_header(("sec-fetch-site", "cross-site"));
    let answer = from_elsewhere.insert_header(("acting-as", "sasha")).send_json(&wrong).await.unwrap();
    Answer::of(answer).await.expect_problem(409, "other_account");
    robin.patch("/api/v1/admin/settings", json!({"maintenance_mode": true})).await.expect(StatusCode::OK);
    let entry = json!({"metric": "water", "value": 250});
    for (name, code) in [("sasha", 409), ("robin", 503)] {
        assert_eq!(as_somebody(&robin, "POST", "/api/v1/entries", &[name], Some(&entry)).await.status, code, "{name}");
    }
}

#[actix_web::test]
async fn everybody_else_is_refused_alike_whether_they_are_there_or_not() {
    let app = TestApp::start().await;
    let [robin, ..] = robins(&app).await;
    let (sasha, viewer) = (app.named("sasha", Role::Admin).await, app.viewer().await);
    let answer = async |path: &str, names: &[&str]| {
        let answer = as_somebody(&robin, "GET", path, names, None).await;
        answer.expect_problem(409, "other_account");
        comparable(&answer)
    };
    let expected = answer("/api/v1/me", &["nobody"]).await;
    let long = "a".repeat(2000);
    for name in [&sasha.username, &viewer.username, "", "robin2", "robi", "robin,robin", "r%6Fbin", "*", &long] {
        assert_eq!(answer("/api/v1/me", &[name]).await, expected, "{name}");
    }
    for query in ["acting_as=sasha", "acting_as=", "acting_as", "a%63ting_as=sasha", "x=1&acting_as=sasha"] {
        assert_eq!(answer(&format!("/api/v1/me?{query}"), &[]).await, expected, "{query}");
    }
    // Every given name has to match.
    assert_eq!(answer("/api/v1/me?acting_as=sasha", &["robin"]).await, expected);
    assert_eq!(answer("/api/v1/me?acting_as=robin", &["sasha"]).await, expected);
    assert_eq!(answer("/api/v1/me?acting_as=robin&acting_as=sasha", &[]).await, expected);
    assert_eq!(answer("/api/v1/me", &["robin", "sasha"]).await, expected);
    let bytes = robin.request("GET", "/api/v1/me").insert_header(("acting-as", &b"r\xf6bin"[..]));
    Answer::of(bytes.send().await.unwrap()).await.expect_problem(409, "other_account");
}

#[actix_web::test]
async fn ones_own_name_in_any_case_changes_nothing() {
    let app = TestApp::start().await;
    let robins = robins(&app).await;
    for number in 0..3 {
        robins[0].log("water", 100 + number, NOON).await;
    }
    for robin in &robins {
        for path in ["/api/v1/people", "/api/v1/people/robin/entries?limit=2&from=2026-03-01", "/api/v1/start"] {
            let plain = robin.get(path).await;
            plain.expect(StatusCode::OK);
            let joined = if path.contains('?') { '&' } else { '?' };
            for name in ["robin", "Robin", "ROBIN"] {
                let by_header = as_somebody(robin, "GET", path, &[name], None).await;
                let by_address = robin.get(&format!("{path}{joined}acting_as={name}")).await;
                let first = robin.get(&path.replacen('?', &format!("?acting_as={name}&"), 1)).await;
                for answer in [by_header, by_address, first] {
                    assert_eq!(comparable(&answer), comparable(&plain), "{path} as {name}");
                }
            }
            let again = robin.request("GET", &format!("{path}{joined}acting_as=robin"));
            let again = again.insert_header(("if-none-match", plain.header("etag"))).send().await.unwrap();
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
        }
        let first = robin.get("/api/v1/people/robin/entries?limit=2&acting_as=robin").await;
        let cursor = first.json["next_cursor"].as_str().unwrap();
        let rest = robin.get(&format!("/api/v1/people/robin/entries?acting_as=robin&limit=2&cursor={cursor}")).await;
        assert!(!rest.expect(StatusCode::OK).json["items"].as_array().unwrap().is_empty());
        let entry = json!({"metric": "water", "value": 250});
        as_somebody(robin, "POST", "/api/v1/entries", &["Robin"], Some(&entry)).await.expect(StatusCode::CREATED);
    }
    // An unknown parameter is refused as ever.
    robins[0].get("/api/v1/people?acting_as=robin&acting=robin").await.expect_problem(422, "invalid");
}

#[actix_web::test]
async fn a_caller_whom_nobody_knows_is_told_no_more_than_they_would_be_anyway() {
    let app = TestApp::start().await;
    let [robin, cookie, _] = robins(&app).await;
    robin.delete("/api/v1/me/sessions").await.expect(StatusCode::NO_CONTENT);
    let forged = Client { bearer: Some("made-up".to_owned()), ..app.anonymous() };
    for client in [app.anonymous(), cookie, forged.clone()] {
        let answer = as_somebody(&client, "GET", "/api/v1/me", &["robin"], None).await;
        answer.expect_problem(401, "unauthorized");
        as_somebody(&client, "GET", "/api/v1/instance?acting_as=robin", &["robin"], None).await.expect(StatusCode::OK);
    }
    as_somebody(&forged, "GET", "/api/v1/start", &["robin"], None).await.expect_problem(401, "unauthorized");
}

#[actix_web::test]
async fn no_stream_is_opened_for_somebody_else() {
    let app = TestApp::start().await;
    let robins = robins(&app).await;
    for robin in &robins {
        for path in ["/api/v1/me/events", "/api/v1/people/robin/events"] {
            as_somebody(robin, "GET", path, &["sasha"], None).await.expect_problem(409, "other_account");
            let refused = Listener::try_open(robin, &format!("{path}?acting_as=sasha"), "").await.err().unwrap();
            refused.expect_problem(409, "other_account");
            let mut own = Listener::try_open(robin, &format!("{path}?acting_as=ROBIN"), "").await.ok().unwrap();
            own.next().await.expect("a stream begins with how things are");
        }
    }
}

#[actix_web::test]
async fn sites_that_are_named_may_say_it_too() {
    let friend = "https://friend.example";
    let app = TestApp::with(&[("CORS_ALLOWED_ORIGINS", friend)]).await;
    let preflight = app
        .anonymous()
        .request("OPTIONS", "/api/v1/entries")
        .insert_header(("origin", friend))
        .insert_header(("access-control-request-method", "POST"))
        .insert_header(("access-control-request-headers", "acting-as, content-type"));
    let answer = Answer::of(preflight.send().await.unwrap()).await;
    answer.expect(StatusCode::OK);
    assert!(answer.header("access-control-allow-headers").contains("acting-as"));
}
