//! Cryptography.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use status_tracker::{
    audit::model::{Verdict, verify},
    auth::{Named, api_tokens::ApiTokens, password::PasswordHasher},
    config::{Config, KEYS},
};

use super::{document::Section, repository, sources};
use crate::support::{PASSWORD, TestApp, config};

/// The crates of `api/Cargo.toml` that do cryptography or draw random numbers.
const CRYPTOGRAPHY: [&str; 10] =
    ["actix-session", "aes", "aes-gcm", "base64", "bcrypt", "hmac", "jsonwebtoken", "rand", "sha2", "totp-rs"];

fn dependencies() -> BTreeSet<String> {
    let manifest: toml::Table = repository("api/Cargo.toml").parse().unwrap();
    manifest["dependencies"].as_table().unwrap().keys().cloned().collect()
}

/// OWASP ASVS v5.0.0-11.1.1, 13.1.4, 13.3.4
#[actix_web::test]
async fn v5_0_0_11_1_1_every_secret_is_written_down_and_can_be_replaced_as_written() {
    let written: Vec<String> = Section::of("Secrets").rows().into_iter().map(|row| row[0].clone()).collect();
    let secrets =
        KEYS.into_iter().filter(|key| key.contains("SECRET") || key.contains("PEPPER") || key.contains("TOKEN"));
    assert_eq!(written, secrets.collect::<Vec<_>>());

    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let old = "JWT_SECRET of a server that only tests itself";
    let new = "another secret, as long as the first and different";
    for (settings, token, cookie) in [
        (vec![("JWT_SECRET", new), ("JWT_SECRET_PREVIOUS", old)], 200, 200),
        (vec![("JWT_SECRET", new)], 401, 200),
        (vec![("SESSION_SECRET", new)], 200, 401),
    ] {
        let restarted = app.restarted(&settings).await;
        for (client, expected) in [(&viewer, token), (&page, cookie)] {
            let client = crate::support::Client { url: restarted.url.clone(), ..client.clone() };
            assert_eq!(client.get("/api/v1/me").await.status, expected, "{settings:?}");
        }
        restarted.anonymous().sign_in(&viewer.username, PASSWORD).await;
    }
    let without = app.restarted(&[("PASSWORD_PEPPER", new)]).await;
    super::login(&without, &viewer.username, PASSWORD).await.expect_problem(401, "invalid_credentials");
}

/// OWASP ASVS v5.0.0-11.1.2, 11.2.1
#[test]
fn v5_0_0_11_1_2_the_inventory_names_every_crate_that_does_cryptography() {
    let written: BTreeSet<String> =
        Section::of("Cryptography").rows().iter().flat_map(|row| row[2].split(", ").map(str::to_owned)).collect();
    let used: BTreeSet<String> = CRYPTOGRAPHY.into_iter().map(str::to_owned).collect();
    assert_eq!(written, used);
    assert!(used.is_subset(&dependencies()), "{:?} are no dependencies", used.difference(&dependencies()));
    // No other crate does cryptography: each one in the list of dependencies that does is in the list above.
    for known in
        ["ring", "openssl", "rustls", "argon2", "chacha20poly1305", "ed25519-dalek", "md-5", "sha1", "blake3", "age"]
    {
        assert!(!dependencies().contains(known), "{known} is not in the inventory");
    }
}

/// OWASP ASVS v5.0.0-11.2.2
#[actix_web::test]
async fn v5_0_0_11_2_2_a_dearer_hash_takes_over_without_locking_anybody_out() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let dearer = app.restarted(&[("BCRYPT_COST", "5")]).await;
    let page = dearer.anonymous().sign_in(&viewer.username, PASSWORD).await;
    super::change_password(&page, PASSWORD, super::NEW_PASSWORD).await.expect(StatusCode::NO_CONTENT);
    assert!(hashes(&dearer).iter().any(|hash| hash.starts_with("$2b$05$")));
    app.anonymous().sign_in(&viewer.username, super::NEW_PASSWORD).await;
}

fn hashes(app: &TestApp) -> Vec<String> {
    use diesel::prelude::*;
    let column = |conn: &mut _| {
        Ok(status_tracker::db::schema::users::table
            .select(status_tracker::db::schema::users::password_hash)
            .load(conn)?)
    };
    app.state.db.read_blocking(column).unwrap()
}

/// OWASP ASVS v5.0.0-11.2.3
#[test]
fn v5_0_0_11_2_3_every_secret_has_at_least_256_bits() {
    let folder = tempfile::tempdir().unwrap();
    let environment = |secret: &str| {
        let data_dir = folder.path().to_str().unwrap().to_owned();
        [("DATA_DIR".to_owned(), data_dir), ("JWT_SECRET".to_owned(), secret.to_owned())].into_iter().collect()
    };
    for length in [1, 16, 31] {
        let secret = "sQ7".chars().cycle().take(length).collect::<String>();
        let problem = Config::from_sources(environment(&secret), None).unwrap_err();
        assert!(problem.contains("JWT_SECRET is shorter than 32 bytes"), "{problem}");
    }
    Config::from_sources(environment("sQ7-".repeat(8).as_str()), None).unwrap();
}

/// OWASP ASVS v5.0.0-11.3.1, 11.3.2, 11.4.1
#[test]
fn v5_0_0_11_3_1_only_approved_ciphers_and_hashes_are_used() {
    for (name, text) in sources("api/src", &[".rs"]) {
        for word in
            ["md5", "Md5", "Sha1", "sha1", "rc4", "Rc4", "Des::", "::ecb", "Ecb", "::cbc", "Cbc", "Pkcs1v15", "HS1"]
        {
            assert!(!text.contains(word), "{name} has {word}");
        }
    }
}

/// OWASP ASVS v5.0.0-11.3.3, 11.3.5
#[actix_web::test]
async fn v5_0_0_11_3_3_a_cookie_that_was_touched_anywhere_is_refused() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let cookie = page.cookie.clone().unwrap();
    let start = cookie.find('=').unwrap() + 1;
    for place in start..cookie.len() - 2 {
        let mut touched = cookie.clone().into_bytes();
        touched[place] = if touched[place] == b'A' { b'B' } else { b'A' };
        let forged = crate::support::Client { cookie: Some(String::from_utf8(touched).unwrap()), ..app.anonymous() };
        forged.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    }
    page.get("/api/v1/me").await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-11.3.4
#[actix_web::test]
async fn v5_0_0_11_3_4_no_nonce_is_used_twice() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let mut nonces = BTreeSet::new();
    for _ in 0..50 {
        let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
        // The first 12 bytes, percent-encoded base64: 16 characters, of which a few may take three places.
        assert!(nonces.insert(page.cookie.unwrap().split_once('=').unwrap().1[..16].to_owned()));
    }
}

/// OWASP ASVS v5.0.0-11.4.2
#[actix_web::test]
async fn v5_0_0_11_4_2_passwords_are_stored_as_slow_salted_hashes() {
    let app = TestApp::start().await;
    app.viewer().await;
    app.viewer().await;
    let kept = hashes(&app);
    // The same password twice leaves no trace of being the same. The cost is that of the tests.
    assert!(kept[0] != kept[1] && kept.iter().all(|hash| hash.starts_with("$2b$04$") && hash.len() == 60), "{kept:?}");
    let cost = Section::of("Guessing").number("work for one hash");
    assert!(repository("deploy/example.env").contains(&format!("#BCRYPT_COST={cost}\n")));
    let folder = tempfile::tempdir().unwrap();
    let settings = [("APP_ENV", "production"), ("BCRYPT_COST", "11"), ("PUBLIC_URL", "https://status.example.org")];
    let environment = settings.into_iter().chain([("DATA_DIR", folder.path().to_str().unwrap())]);
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert!(Config::from_sources(environment, None).unwrap_err().contains("BCRYPT_COST is below 12"));
    // Without the pepper a stolen hash cannot even be guessed at.
    let other = config(&folder, &[("PASSWORD_PEPPER", "another pepper than the one that the hash was made with")]);
    let fits = PasswordHasher::new(&other).unwrap().verify(&PASSWORD.into(), Some(kept[0].clone())).await;
    assert!(!fits.unwrap());
}

/// OWASP ASVS v5.0.0-11.4.3
#[actix_web::test]
async fn v5_0_0_11_4_3_the_chain_of_records_is_held_by_256_bits() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.log("water", 250, crate::support::NOON).await;
    let Verdict::Sound { hash, .. } = app.state.db.read(|conn| Ok(verify(conn, None)?)).await.unwrap() else {
        panic!("the chain is broken")
    };
    assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
}

/// OWASP ASVS v5.0.0-11.5.1
#[test]
fn v5_0_0_11_5_1_what_must_not_be_guessed_comes_from_the_system_and_has_128_bits() {
    for (name, text) in sources("api/src", &[".rs"]) {
        let demonstration = name.ends_with("ops/demo.rs");
        for word in ["SmallRng", "seed_from_u64", "StdRng", "fastrand", "DefaultHasher"] {
            assert!(demonstration || !text.contains(word), "{name} has {word}");
        }
    }
    // The random part of an API token and its signature, 16 bytes each.
    let tokens = ApiTokens::new(&"a pepper for this test alone, long enough".into());
    let id = uuid::Uuid::nil();
    let token = tokens.issue(Named { user: id, session: id }, [7; 16]);
    assert!(token.len() >= (32 + 16 + 16) * 4 / 3);
    assert_ne!(token, tokens.issue(Named { user: id, session: id }, [8; 16]));
    assert_eq!(tokens.verify(&token), Some(Named { user: id, session: id }));
    assert_eq!(tokens.verify(&token.replace("st_", "")), None);
}
