//! Callers who wait as they are told are never kept out, those who go on are, and reading and logging have separate limits.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{
    clock::{HOUR, MINUTE, SECOND},
    limits::{AT_ONCE, penalties::OFFENCES},
};

use crate::support::{Answer, Client, PASSWORD, TestApp};

const ME: &str = "/api/v1/me";

async fn with_general(rate: &str) -> TestApp {
    TestApp::with(&[("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", rate)]).await
}

fn wait(answer: &Answer) -> i64 {
    answer.expect_problem(429, "rate_limited").header("retry-after").parse().unwrap()
}

async fn if_none_match(client: &Client, path: &str, tag: &str) -> Answer {
    Answer::of(client.request("GET", path).insert_header(("if-none-match", tag)).send().await.unwrap()).await
}

/// Lets `tabs` each ask for `path`, wait exactly as told and ask again, until all had an answer. Returns the seconds that took.
async fn all_wait_as_told(app: &TestApp, client: &Client, paths: &[&str]) -> i64 {
    // When each asks next, in seconds from now.
    let mut waiting: Vec<(i64, &str)> = paths.iter().map(|path| (0, *path)).collect();
    let mut now = 0;
    while let Some(next) = waiting.iter().map(|(at, _)| *at).min() {
        app.clock.advance((next - now) * SECOND);
        now = next;
        let mut still = Vec::new();
        for (at, path) in waiting {
            if at > now {
                still.push((at, path));
                continue;
            }
            let answer = client.get(path).await;
            if answer.status != StatusCode::OK {
                still.push((now + wait(&answer), path));
            }
        }
        waiting = still;
    }
    now
}

#[actix_web::test]
async fn one_that_waits_as_told_is_never_kept_out() {
    let app = with_general("2/20s").await;
    let viewer = app.viewer().await;
    for _ in 0..30 {
        assert!([0, 10].contains(&all_wait_as_told(&app, &viewer, &[ME]).await), "one comes back every 10 seconds");
    }
}

#[actix_web::test]
async fn many_tabs_that_wait_as_told_are_never_kept_out() {
    let app = with_general("3/30s").await;
    let viewer = app.viewer().await;
    let paths = [ME, "/api/v1/people", ME, "/api/v1/me/sessions", "/api/v1/people", ME, ME];
    // Seven tabs at once, each with two requests: more than may be refused without having waited, but less than a penalty's worth.
    for _ in 0..20 {
        let at_once: Vec<&str> = paths.iter().chain(&paths).copied().collect();
        all_wait_as_told(&app, &viewer, &at_once).await;
        app.clock.advance(HOUR);
    }
}

#[actix_web::test]
async fn a_page_that_is_loaded_again_and_again_is_not_kept_out_as_long_as_it_waits() {
    let app = with_general("1/60s").await;
    let viewer = app.viewer().await;
    viewer.get(ME).await.expect(StatusCode::OK);
    for _ in 0..30 {
        let mut longest = 0;
        for path in [ME, "/api/v1/people", "/api/v1/me/sessions"] {
            let answer = viewer.get(path).await;
            if answer.status != StatusCode::OK {
                longest = longest.max(wait(&answer));
            }
        }
        app.clock.advance(longest * SECOND);
    }
}

#[actix_web::test]
async fn one_that_goes_on_is_kept_out_in_every_tier() {
    for (tier, method, path) in [
        ("RATE_LIMIT_GENERAL", "GET", ME),
        ("RATE_LIMIT_GENERAL", "POST", "/api/v1/entries"),
        ("RATE_LIMIT_ADMIN", "GET", "/api/v1/admin/settings"),
    ] {
        let app = TestApp::with(&[("RATE_LIMIT_ENABLED", "true"), (tier, "1/24h")]).await;
        let admin = app.admin().await;
        admin.send(method, path, "application/json", "{}").await;
        for _ in 0..AT_ONCE + OFFENCES as usize {
            admin.send(method, path, "application/json", "{}").await.expect_problem(429, "rate_limited");
        }
        admin.send(method, path, "application/json", "{}").await.expect_problem(429, "penalised");
    }
}

#[actix_web::test]
async fn one_that_comes_a_little_early_each_time_is_kept_out() {
    let app = with_general("1/1h").await;
    let viewer = app.viewer().await;
    viewer.get(ME).await.expect(StatusCode::OK);
    let mut refused = 0;
    // Asks twice a minute, though told to wait an hour.
    while viewer.get(ME).await.json["code"] == "rate_limited" {
        refused += 1;
        app.clock.advance(MINUTE / 2);
    }
    assert_eq!(refused, AT_ONCE + OFFENCES as usize);
    viewer.get(ME).await.expect_problem(429, "penalised");
}

#[actix_web::test]
async fn the_answer_of_one_tier_is_nothing_to_another() {
    let app = TestApp::with(&[
        ("RATE_LIMIT_ENABLED", "true"),
        ("RATE_LIMIT_GENERAL", "1/24h"),
        ("RATE_LIMIT_ADMIN", "1/24h"),
    ])
    .await;
    let admin = app.admin().await;
    for path in [ME, "/api/v1/admin/settings"] {
        admin.get(path).await.expect(StatusCode::OK);
        for _ in 0..AT_ONCE {
            wait(&admin.get(path).await);
        }
    }
    for _ in 0..AT_ONCE {
        let answer = admin.post("/api/v1/entries", json!({"metric": "altitude", "value": 5})).await;
        assert!([201, 429].contains(&answer.status.as_u16()));
    }
    // There was no offence so far: it takes all of them.
    for _ in 0..OFFENCES {
        wait(&admin.get(ME).await);
    }
    admin.get(ME).await.expect_problem(429, "penalised");
}

#[actix_web::test]
async fn one_that_waited_over_a_restart_is_not_kept_out() {
    let settings = [("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "2/20s")];
    let mut app = TestApp::with(&settings).await;
    let viewer = app.viewer().await;
    for _ in 0..3 * OFFENCES {
        let client = Client { url: app.url.clone(), ..viewer.clone() };
        all_wait_as_told(&app, &client, &[ME, ME, ME]).await;
        let seconds = wait(&client.get(ME).await);
        app = app.restarted(&settings).await;
        app.clock.advance(seconds * SECOND);
    }
}

#[actix_web::test]
async fn reading_and_logging_do_not_use_up_each_others_budget() {
    let app = with_general("3/24h").await;
    let admin = app.admin().await;
    let water = json!({"metric": "water", "value": 250});
    for _ in 0..3 {
        admin.get(ME).await.expect(StatusCode::OK);
    }
    wait(&admin.get(ME).await);
    let logged = admin.post("/api/v1/entries", water.clone()).await;
    assert_eq!((logged.status.as_u16(), logged.header("x-ratelimit-tier")), (201, "log"));
    assert_eq!((logged.header("x-ratelimit-limit"), logged.header("x-ratelimit-remaining")), ("3", "2"));
    let path = format!("/api/v1/entries/{}", logged.json["id"].as_str().unwrap());
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    admin.post(&format!("{path}/restore"), json!({})).await.expect(StatusCode::OK);
    for answer in [
        admin.post("/api/v1/entries", water).await,
        admin.patch(&path, json!({"value": 300})).await,
        admin.delete(&path).await,
        admin.post(&format!("{path}/versions/1/restore"), json!({})).await,
    ] {
        wait(&answer);
        assert_eq!(answer.header("x-ratelimit-tier"), "log");
    }
    let other = app.admin().await;
    for _ in 0..3 {
        other.post("/api/v1/entries", json!({"metric": "water", "value": 250})).await.expect(StatusCode::CREATED);
    }
    other.get(ME).await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn logging_without_a_credential_has_no_budget_of_its_own() {
    let app = with_general("2/24h").await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(app.anonymous().post("/api/v1/entries", json!({})).await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 429, 429]);
}

#[actix_web::test]
async fn unchanged_answers_draw_on_a_bucket_ten_times_as_large() {
    let app = with_general("3/24h").await;
    let viewer = app.viewer().await;
    let first = viewer.get(ME).await;
    let tag = first.expect(StatusCode::OK).header("etag").to_owned();
    for left in (0..30).rev() {
        let answer = if_none_match(&viewer, ME, &tag).await;
        assert_eq!(answer.status, 304);
        assert_eq!((answer.header("x-ratelimit-tier"), answer.header("x-ratelimit-limit")), ("unchanged", "30"));
        assert_eq!(answer.header("x-ratelimit-remaining"), left.to_string());
    }
    // Now they count like any others, until that limit is used up as well.
    for left in ["1", "0"] {
        let answer = if_none_match(&viewer, ME, &tag).await;
        assert_eq!((answer.status.as_u16(), answer.header("x-ratelimit-tier")), (304, "general"));
        assert_eq!(answer.header("x-ratelimit-remaining"), left);
    }
    wait(&if_none_match(&viewer, ME, &tag).await);
}

#[actix_web::test]
async fn unchanged_answers_are_exact_under_many_at_once() {
    let app = with_general("7/24h").await;
    let viewer = app.viewer().await;
    let tag = viewer.get(ME).await.header("etag").to_owned();
    let asks = (0..60).map(|_| if_none_match(&viewer, ME, &tag));
    let answers = futures_util::future::join_all(asks).await;
    assert!(answers.iter().all(|answer| answer.status == 304), "seventy are let through, however many come at once");
    let mut left: Vec<u32> =
        answers.iter().map(|answer| answer.header("x-ratelimit-remaining").parse().unwrap()).collect();
    left.sort_unstable();
    assert_eq!(left, (10..70).collect::<Vec<_>>(), "each drew on the large bucket, once");
    assert_eq!(viewer.get(ME).await.header("x-ratelimit-remaining"), "5", "and none on the other");
}

#[actix_web::test]
async fn a_spent_budget_still_tells_that_nothing_changed_and_nothing_else() {
    let app = with_general("2/24h").await;
    let (viewer, admin) = (app.viewer().await, app.admin().await);
    let path = format!("/api/v1/people/{}/status", admin.username);
    let tag = viewer.get(&path).await.expect(StatusCode::OK).header("etag").to_owned();
    viewer.get(ME).await.expect(StatusCode::OK);
    wait(&viewer.get(&path).await);
    assert_eq!(if_none_match(&viewer, &path, &tag).await.status, 304);
    admin.log("water", 250, "2026-03-01T11:00:00Z").await;
    let changed = if_none_match(&viewer, &path, &tag).await;
    wait(&changed);
    assert_eq!((changed.header("etag"), changed.header("x-ratelimit-tier")), ("", "general"));
    assert_eq!(changed.json["errors"], Value::Null);
    // A made-up tag buys no more than twenty requests.
    let mut let_through = 0;
    for number in 0..30 {
        let answer = if_none_match(&viewer, ME, &format!("\"{number}\"")).await;
        let_through += usize::from(answer.status != 429);
    }
    assert_eq!(let_through, 0);
    viewer.get(ME).await.expect_problem(429, "penalised");
}

#[actix_web::test]
async fn unchanged_answers_survive_a_restart_and_so_does_what_they_gave_back() {
    let settings = [("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "4/24h")];
    let app = TestApp::with(&settings).await;
    let viewer = app.viewer().await;
    let tag = viewer.get(ME).await.header("etag").to_owned();
    for _ in 0..20 {
        assert_eq!(if_none_match(&viewer, ME, &tag).await.status, 304);
    }
    for _ in 0..2 {
        let restarted = app.restarted(&settings).await;
        let viewer = Client { url: restarted.url.clone(), ..viewer.clone() };
        let unchanged = if_none_match(&viewer, ME, &tag).await;
        assert_eq!(unchanged.header("x-ratelimit-tier"), "unchanged");
    }
    let restarted = app.restarted(&settings).await;
    let viewer = Client { url: restarted.url.clone(), ..viewer.clone() };
    assert_eq!(if_none_match(&viewer, ME, &tag).await.header("x-ratelimit-remaining"), "17");
    assert_eq!(viewer.get(ME).await.header("x-ratelimit-remaining"), "2");
}

#[actix_web::test]
async fn a_list_may_be_asked_for_500_at_a_time() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let rows: Vec<String> = (0..620)
        .map(|number| {
            let (id, at) = (format!("019cb2f0-0000-7000-8000-{number:012}"), 1_772_366_400_000_i64 - number * 1000);
            format!(
                "INSERT INTO entries (id, user_id, metric, value, at, day, note, tags, created_at, updated_at)
                 SELECT '{id}', id, 'water', 1, {at}, '2026-03-01', NULL, '[]', {at}, {at} FROM users
                 WHERE username = '{}';",
                admin.username
            )
        })
        .collect();
    app.execute(&rows.concat());
    let path = format!("/api/v1/people/{}/entries?limit=500", admin.username);
    let first = admin.get(&path).await;
    assert_eq!(first.expect(StatusCode::OK).json["items"].as_array().unwrap().len(), 500);
    let next = first.json["next_cursor"].as_str().unwrap();
    let second = admin.get(&format!("{path}&cursor={next}")).await;
    assert_eq!(second.json["items"].as_array().unwrap().len(), 120);
    assert_eq!(second.json["next_cursor"], Value::Null);
    let person = format!("/api/v1/people/{}/entries", admin.username);
    for list in [&person, "/api/v1/people", "/api/v1/admin/users", "/api/v1/admin/audit", "/api/v1/me/shares"] {
        admin.get(&format!("{list}?limit=500")).await.expect(StatusCode::OK);
        assert_eq!(admin.get(&format!("{list}?limit=501")).await.expect_problem(422, "invalid").fields(), ["limit"]);
    }
}

#[actix_web::test]
async fn a_penalty_of_an_address_keeps_nobody_there_from_signing_in() {
    let app = with_general("2/24h").await;
    let viewer = app.viewer().await;
    let at_home = |method: &'static str, path: &'static str, body: Value| {
        let request = app.anonymous().request(method, path).insert_header(("x-forwarded-for", "192.0.2.1"));
        async move { Answer::of(request.send_json(&body).await.unwrap()).await }
    };
    for _ in 0..2 + AT_ONCE + OFFENCES as usize {
        at_home("GET", ME, Value::Null).await;
    }
    at_home("GET", ME, Value::Null).await.expect_problem(429, "penalised");
    let credentials = json!({"username": viewer.username, "password": PASSWORD});
    for path in ["/api/v1/auth/login", "/api/v1/auth/token"] {
        at_home("POST", path, credentials.clone()).await.expect(StatusCode::OK);
    }
    at_home("POST", "/api/v1/auth/register", json!({})).await.expect_problem(422, "invalid");
    // The penalty never applied to anybody signed in.
    let signed_in = viewer.request("GET", ME).insert_header(("x-forwarded-for", "192.0.2.1")).send().await.unwrap();
    assert_eq!(signed_in.status(), 200);
}
