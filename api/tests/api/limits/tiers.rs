//! Rate limits. They follow the passing of time, which here is the tests' own.

use actix_web::http::StatusCode;
use serde_json::json;

use crate::support::{Answer, Client, PASSWORD, TestApp};

async fn limited(tier: &str, rate: &str) -> TestApp {
    TestApp::with(&[("RATE_LIMIT_ENABLED", "true"), (tier, rate)]).await
}

async fn from(client: &Client, address: &str, path: &str) -> Answer {
    Answer::of(client.request("GET", path).insert_header(("x-forwarded-for", address)).send().await.unwrap()).await
}

#[actix_web::test]
async fn the_limit_is_exact_under_many_requests_at_once_and_says_when_to_return() {
    let app = limited("RATE_LIMIT_GENERAL", "41/24h").await;
    let viewer = app.viewer().await;
    let answers = futures_util::future::join_all((0..50).map(|_| viewer.get("/api/v1/me"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 41);
    // Each answer says how many are left, and no two say the same.
    let mut left: Vec<u32> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .map(|answer| answer.header("x-ratelimit-remaining").parse().unwrap())
        .collect();
    left.sort_unstable();
    assert_eq!(left, (0..41).collect::<Vec<_>>());
    for answer in &answers {
        assert_eq!(answer.header("x-ratelimit-limit"), "41");
        assert_eq!(answer.header("x-ratelimit-tier"), "general");
        for noise in ["x-ratelimit-after", "x-ratelimit-whitelisted"] {
            assert!(answer.headers.get(noise).is_none(), "{noise}");
        }
    }
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert_eq!(refused.len(), 9);
    for answer in refused {
        answer.expect_problem(429, "rate_limited");
        assert_eq!(answer.header("x-ratelimit-remaining"), "0");
        let seconds: u32 = answer.header("retry-after").parse().unwrap();
        assert!((1..=2108).contains(&seconds), "one of 41 comes back every 35 minutes, not in {seconds} s");
    }
}

#[actix_web::test]
async fn each_user_counts_by_themself_and_in_every_form() {
    let app = limited("RATE_LIMIT_GENERAL", "4/24h").await;
    let (one, two) = (app.viewer().await, app.viewer().await);
    let page = app.anonymous().sign_in(&one.username, PASSWORD).await;
    for client in [&one, &page, &one, &page] {
        client.get("/api/v1/me").await.expect(StatusCode::OK);
    }
    one.get("/api/v1/me").await.expect_problem(429, "rate_limited");
    page.get("/api/v1/people").await.expect_problem(429, "rate_limited");
    two.get("/api/v1/me").await.expect(StatusCode::OK);
    app.anonymous().get("/api/v1/privacy-policy").await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn tiers_count_apart_and_health_counts_nowhere() {
    let app = limited("RATE_LIMIT_AUTH", "2/24h").await;
    let viewer = app.viewer().await;
    let credentials = json!({"username": viewer.username, "password": PASSWORD});
    for path in ["/api/v1/auth/login", "/api/v1/auth/token"] {
        app.anonymous().post(path, credentials.clone()).await.expect(StatusCode::OK);
        app.anonymous().get("/health").await.expect(StatusCode::OK);
    }
    app.anonymous().post("/api/v1/auth/login", credentials.clone()).await.expect_problem(429, "rate_limited");
    app.anonymous().get("/api/v1/privacy-policy").await.expect(StatusCode::OK);
    for _ in 0..5 {
        app.anonymous().get("/health/live").await.expect(StatusCode::OK);
    }
}

#[actix_web::test]
async fn registrations_are_few() {
    let app = limited("RATE_LIMIT_REGISTRATION", "2/24h").await;
    let body = json!({"username": "no", "password": "no", "privacy_policy_version": "no"});
    for expected in [422, 422, 429] {
        assert_eq!(app.anonymous().post("/api/v1/auth/register", body.clone()).await.status, expected);
    }
}

#[actix_web::test]
async fn an_address_counts_as_the_trusted_proxy_saw_it() {
    let app = limited("RATE_LIMIT_GENERAL", "2/24h").await;
    let anonymous = app.anonymous();
    let path = "/api/v1/privacy-policy";
    // The proxy is on 127.0.0.1, as nginx is; its client's own entries further left are not believed.
    for (address, expected) in [
        ("192.0.2.1", 200),
        ("192.0.2.1", 200),
        ("192.0.2.1", 429),
        ("198.51.100.9, 192.0.2.1", 429),
        ("192.0.2.1, 127.0.0.1", 429),
        ("192.0.2.2", 200),
        ("192.0.2.1, 192.0.2.2", 200),
        ("192.0.2.2", 429),
        ("2001:db8:7:7::1", 200),
        ("2001:db8:7:7:ffff::2", 200),
        ("2001:db8:7:7:1:2:3:4", 429),
        ("2001:db8:7:8::1", 200),
        ("nonsense", 200),
        ("", 200),
        ("unknown, ", 429),
    ] {
        assert_eq!(from(&anonymous, address, path).await.status, expected, "{address}");
    }
}

#[actix_web::test]
async fn a_caller_who_is_no_proxy_is_not_believed_at_all() {
    let settings = [("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "2/24h"), ("TRUSTED_PROXIES", "192.0.2.99")];
    let app = TestApp::with(&settings).await;
    let anonymous = app.anonymous();
    let tricks = ["192.0.2.1", "127.0.0.1", "192.0.2.99", "::1", "10.0.0.1, 192.0.2.99"];
    let mut statuses = Vec::new();
    for address in tricks {
        statuses.push(from(&anonymous, address, "/api/v1/privacy-policy").await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 429, 429, 429]);
}

#[actix_web::test]
async fn a_forged_credential_counts_for_the_address_that_sent_it() {
    let app = limited("RATE_LIMIT_GENERAL", "2/24h").await;
    for (number, expected) in [401, 401, 429, 429].into_iter().enumerate() {
        let forged = Client { bearer: Some(format!("forged-{number}")), ..app.anonymous() };
        assert_eq!(forged.get("/api/v1/me").await.status, expected);
    }
}

/// OWASP ASVS v5.0.0-15.3.4
#[actix_web::test]
async fn no_header_makes_somebody_out_of_anybody_else() {
    let app = limited("RATE_LIMIT_GENERAL", "3/24h").await;
    let anonymous = app.anonymous();
    // nginx has set one `X-Forwarded-For`, with 192.0.2.1 at its end; all else is the client's own.
    let seen = ("x-forwarded-for", "192.0.2.1");
    let tricks: [&[(&str, &str)]; 26] = [
        &[seen],
        &[("x-forwarded-for", "203.0.113.1, 192.0.2.1")],
        &[("x-forwarded-for", "203.0.113.2,192.0.2.1")],
        &[("x-forwarded-for", "203.0.113.3 , \t192.0.2.1 ")],
        &[("x-forwarded-for", "203.0.113.4"), seen],
        &[("x-forwarded-for", "203.0.113.4"), ("x-forwarded-for", "203.0.113.5"), seen],
        &[("X-FORWARDED-FOR", "192.0.2.1")],
        &[("x-forwarded-for", "192.0.2.1, 127.0.0.1")],
        &[("x-forwarded-for", "192.0.2.1, ::1")],
        &[("x-forwarded-for", "192.0.2.1, 127.0.0.1, ::1, 127.0.0.1")],
        &[("x-forwarded-for", "::ffff:192.0.2.1")],
        &[("x-forwarded-for", "203.0.113.6, ::ffff:192.0.2.1")],
        &[("x-forwarded-for", "::ffff:c000:201")],
        &[("x-forwarded-for", "nonsense, 192.0.2.1")],
        &[seen, ("x-real-ip", "203.0.113.7")],
        &[seen, ("forwarded", "for=203.0.113.8")],
        &[seen, ("forwarded", "for=\"[2001:db8::1]:4711\";proto=https;by=203.0.113.9")],
        &[seen, ("x-forwarded-host", "203.0.113.10")],
        &[seen, ("x-client-ip", "203.0.113.11")],
        &[seen, ("true-client-ip", "203.0.113.12")],
        &[seen, ("cf-connecting-ip", "203.0.113.13")],
        &[seen, ("x-cluster-client-ip", "203.0.113.14"), ("x-originating-ip", "203.0.113.15")],
        &[seen, ("x-forwarded", "203.0.113.16"), ("forwarded-for", "203.0.113.17")],
        &[seen, ("via", "1.1 203.0.113.18"), ("x-remote-addr", "203.0.113.19")],
        &[seen, ("authorization", "Bearer of.another.name")],
        &[seen, ("cookie", "session=forged; __Host-session=forged")],
    ];
    for (number, headers) in tricks.iter().enumerate() {
        let request = anonymous.request("GET", "/api/v1/privacy-policy");
        let request = headers.iter().fold(request, |request, header| request.append_header(*header));
        let answer = Answer::of(request.send().await.unwrap()).await;
        // Ten refusals in a row are a penalty, which is a refusal as well.
        assert_eq!(answer.status, if number < 3 { 200 } else { 429 }, "{headers:?}");
    }
    assert_eq!(from(&anonymous, "192.0.2.2", "/api/v1/privacy-policy").await.status, 200);
}

#[actix_web::test]
async fn an_address_that_is_none_counts_as_the_proxy() {
    let app = limited("RATE_LIMIT_GENERAL", "1/24h").await;
    let anonymous = app.anonymous();
    let spelt =
        ["192.0.2", "192.0.2.01", "0x7f.1", "unknown", "_hidden", "192.0.2.1:x", "[192.0.2.1]:80", "[2001:db8::1"];
    for (number, address) in spelt.into_iter().enumerate() {
        let answer = from(&anonymous, address, "/api/v1/privacy-policy").await;
        assert_eq!(answer.status, if number == 0 { 200 } else { 429 }, "{address}");
    }
}

#[actix_web::test]
async fn an_address_counts_by_itself_however_a_proxy_writes_it() {
    let app = limited("RATE_LIMIT_GENERAL", "1/24h").await;
    let anonymous = app.anonymous();
    for (first, same) in [
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8:1::1]:443", "2001:db8:1::2"),
        ("[2001:db8:2::1]", "[2001:db8:2::1]:80"),
        ("\"203.0.113.8\"", "203.0.113.8:1"),
        ("\"[2001:db8:3::1]:4711\"", "2001:db8:3::1"),
        ("[::ffff:203.0.113.9]:443", "203.0.113.9:443"),
        ("198.51.100.1, 203.0.113.10:4711", "203.0.113.10"),
        ("203.0.113.11:4711, 127.0.0.1:80", "203.0.113.11"),
        ("unknown, 203.0.113.12", "203.0.113.12:99"),
    ] {
        assert_eq!(from(&anonymous, first, "/api/v1/privacy-policy").await.status, 200, "{first}");
        assert_eq!(from(&anonymous, same, "/api/v1/privacy-policy").await.status, 429, "{same}");
    }
}

#[actix_web::test]
async fn networks_of_proxies_are_believed_and_nobody_beside_them() {
    let settings = [
        ("RATE_LIMIT_ENABLED", "true"),
        ("RATE_LIMIT_GENERAL", "1/24h"),
        ("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8, 2001:db8:ff::/48"),
    ];
    let app = TestApp::with(&settings).await;
    let anonymous = app.anonymous();
    for (address, expected) in [
        ("203.0.113.1, 10.0.0.1, 10.255.3.4:8080", 200),
        ("203.0.113.1, [2001:db8:ff:9::1]:443", 429),
        ("198.51.100.7, 203.0.113.1", 429),
        ("203.0.113.2, 10.9.9.9", 200),
        ("203.0.113.3, 11.0.0.1, 10.9.9.9", 200),
        ("203.0.113.4, 11.0.0.1, 10.9.9.9", 429),
        // All are proxies: the one furthest away counts, not the nearest, which would stand for everybody.
        ("10.1.1.1", 200),
        ("10.1.1.2", 200),
        ("10.1.1.2, 10.7.7.7", 429),
        // One proxy wrote something that is no address: it stands for its own clients, and not for those of the others.
        ("203.0.113.5, unknown, 10.2.2.2", 200),
        ("203.0.113.6, unknown, 10.2.2.2", 429),
        ("203.0.113.6, unknown, 10.2.2.3", 200),
    ] {
        assert_eq!(from(&anonymous, address, "/api/v1/privacy-policy").await.status, expected, "{address}");
    }
}

/// One nginx trusts a proxy in front of it, which here is the client itself, and one does not.
#[actix_web::test]
async fn nginx_believes_the_proxies_it_was_told_of() {
    let settings = [("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "1/24h")];
    let app = TestApp::with(&settings).await.behind_nginx_that_believes("127.0.0.0/8, 10.0.0.0/8 2001:db8:ff::7");
    let anonymous = app.anonymous();
    for (address, expected) in [
        ("203.0.113.7:4711", 200),
        ("203.0.113.7", 429),
        ("198.51.100.1, 203.0.113.7", 429),
        ("[2001:db8:1::1]:443", 200),
        ("2001:db8:1::1", 429),
        ("203.0.113.8, 10.1.2.3", 200),
        ("203.0.113.8, 2001:db8:ff::7, 10.1.2.3", 429),
        ("203.0.113.9, 203.0.113.8, 10.1.2.3", 429),
    ] {
        assert_eq!(from(&anonymous, address, "/api/v1/privacy-policy").await.status, expected, "{address}");
    }
    let app = TestApp::with(&settings).await.behind_nginx_that_believes("");
    let anonymous = app.anonymous();
    for (address, expected) in [("203.0.113.7", 200), ("203.0.113.8", 429), ("10.0.0.1, 203.0.113.9:1", 429)] {
        assert_eq!(from(&anonymous, address, "/api/v1/privacy-policy").await.status, expected, "{address}");
    }
}

/// A caller with many addresses cannot fill the memory: past a number of them, new ones count together. Users always count by themselves.
#[actix_web::test]
async fn memory_has_an_end_however_many_addresses_there_are() {
    let app = limited("RATE_LIMIT_GENERAL", "2/24h").await;
    app.services.limits.known_networks.store(20, std::sync::atomic::Ordering::Relaxed);
    let (anonymous, path) = (app.anonymous(), "/api/v1/privacy-policy");
    let mut let_through = 0;
    for number in 0..200 {
        let address = format!("198.51.{}.{}", number / 100, number % 100);
        let_through += u32::from(from(&anonymous, &address, path).await.status == 200);
        let v6 = format!("2001:db8:{number:x}::1");
        let_through += u32::from(from(&anonymous, &v6, path).await.status == 200);
    }
    assert_eq!(let_through, 20 + 2 + 2, "20 by themselves, and two of each family's crowd");
    assert_eq!(app.services.limits.remembered(), 22);
    // Callers that were known before still have their remaining requests.
    assert_eq!(from(&anonymous, "198.51.0.0", path).await.status, 200);
    assert_eq!(from(&anonymous, "198.51.0.0", path).await.status, 429);
    for client in [app.viewer().await, app.viewer().await] {
        client.get("/api/v1/me").await.expect(StatusCode::OK);
    }
    assert_eq!(app.services.limits.remembered(), 24);
}

#[actix_web::test]
async fn no_spelling_of_an_address_slips_past_its_limit() {
    for (tier, method, path) in [
        ("RATE_LIMIT_AUTH", "POST", "/api/v1/auth/login"),
        ("RATE_LIMIT_REGISTRATION", "POST", "/api/v1/auth/register"),
        ("RATE_LIMIT_ADMIN", "GET", "/api/v1/admin/audit"),
        ("RATE_LIMIT_GENERAL", "GET", "/api/v1/privacy-policy"),
    ] {
        let app = limited(tier, "1/24h").await;
        let client = if tier == "RATE_LIMIT_ADMIN" { app.admin().await } else { app.anonymous() };
        client.send(method, path, "application/json", "{}").await;
        for (place, letter) in path.char_indices().filter(|(_, letter)| letter.is_ascii_alphanumeric()) {
            for encoded in [format!("%{:02x}", letter as u32), format!("%{:02X}", letter as u32)] {
                let spelled = format!("{}{encoded}{}", &path[..place], &path[place + 1..]);
                let answer = client.send(method, &spelled, "application/json", "{}").await;
                assert_eq!(answer.status, 429, "{spelled}");
            }
        }
    }
}

#[actix_web::test]
async fn signing_in_and_registering_count_for_the_address_whatever_is_carried_along() {
    let app = limited("RATE_LIMIT_AUTH", "2/24h").await;
    let (one, two) = (app.viewer().await, app.viewer().await);
    let body = json!({"username": "nobody", "password": PASSWORD});
    for (client, expected) in [(&app.anonymous(), 401), (&one, 401), (&two, 429), (&app.anonymous(), 429)] {
        assert_eq!(client.post("/api/v1/auth/login", body.clone()).await.status, expected);
    }
}

#[actix_web::test]
async fn a_credential_that_was_good_once_spends_nothing_of_its_owner() {
    let app = limited("RATE_LIMIT_GENERAL", "5/24h").await;
    let viewer = app.viewer().await;
    let dead = [app.anonymous().sign_in(&viewer.username, PASSWORD).await, {
        let body = json!({"username": viewer.username, "password": PASSWORD});
        let token = app.anonymous().post("/api/v1/auth/token", body).await.json["access_token"].clone();
        Client { bearer: token.as_str().map(str::to_owned), ..app.anonymous() }
    }];
    viewer.delete("/api/v1/me/sessions").await.expect(StatusCode::NO_CONTENT);
    for client in &dead {
        for _ in 0..20 {
            assert_ne!(client.get("/api/v1/me").await.status, 200);
        }
    }
    viewer.get("/api/v1/me").await.expect(StatusCode::OK);
}
