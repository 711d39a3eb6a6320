//! JWTs with every fault of the header, the signature or the claims.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha384, Sha512};
use status_tracker::clock::{SECOND, Timestamp};

/// The server's signing secret: somebody who knew it could sign, and still get no further than the claims allow.
pub(super) const SECRET: &str = "JWT_SECRET of a server that only tests itself";

fn encode(part: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(part.to_string())
}

pub(super) fn decode(part: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

macro_rules! sign {
    ($hash:ty, $secret:expr, $text:expr) => {{
        let mut mac = <Hmac<$hash> as Mac>::new_from_slice($secret.as_bytes()).unwrap();
        mac.update($text.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }};
}

/// A JWT signed with HS256, as the server does it.
pub(super) fn jwt(secret: &str, header: &Value, claims: &Value) -> String {
    let text = format!("{}.{}", encode(header), encode(claims));
    format!("{text}.{}", sign!(Sha256, secret, text))
}

/// Every fault of the header or the signature.
pub(super) fn headers(forged: &mut Vec<(String, String)>, token: &str) {
    let parts: Vec<&str> = token.split('.').collect();
    algorithms(forged, &parts);
    let (honest, body) = (decode(parts[0]), decode(parts[1]));
    keys(forged, &honest, &body);
    for typ in [json!("JWT"), json!("jwt"), json!("at+JWT "), json!("refresh+jwt"), json!(null), json!(7)] {
        forged.push((format!("typ {typ}"), jwt(SECRET, &with(&honest, json!({"typ": typ})), &body)));
    }
}

/// The JSON object with members added or replaced.
fn with(honest: &Value, changes: Value) -> Value {
    let mut object = honest.clone();
    object.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    object
}

fn algorithms(forged: &mut Vec<(String, String)>, parts: &[&str]) {
    let honest = decode(parts[0]);
    let mut add = |what: String, token: String| forged.push((what, token));
    // No signature, or one by another algorithm, with the right secret, an empty one or a public text as the key.
    for alg in ["none", "None", "NONE", "nOnE", "", "HS1", "hs256", "HS256 "] {
        let header = encode(&with(&honest, json!({"alg": alg})));
        add(format!("alg {alg:?}, unsigned"), format!("{header}.{}.", parts[1]));
        add(format!("alg {alg:?}, old signature"), format!("{header}.{}.{}", parts[1], parts[2]));
        let text = format!("{header}.{}", parts[1]);
        add(format!("alg {alg:?}, signed"), format!("{text}.{}", sign!(Sha256, SECRET, text)));
    }
    for alg in ["HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "A256KW", "dir"] {
        let text = format!("{}.{}", encode(&with(&honest, json!({"alg": alg}))), parts[1]);
        add(format!("{alg}, HMAC-SHA-256"), format!("{text}.{}", sign!(Sha256, SECRET, text)));
        add(format!("{alg}, HMAC-SHA-384"), format!("{text}.{}", sign!(Sha384, SECRET, text)));
        add(format!("{alg}, HMAC-SHA-512"), format!("{text}.{}", sign!(Sha512, SECRET, text)));
    }
}

fn keys(forged: &mut Vec<(String, String)>, honest: &Value, body: &Value) {
    let mut add = |what: String, token: String| forged.push((what, token));
    for key in ["", "secret", "changeme", "your-256-bit-secret", &SECRET[1..], &SECRET.to_lowercase(), "status-tracker"]
    {
        add(format!("signed with {key:?}"), jwt(key, honest, body));
    }
    // A key id that is not one of ours, however much it looks like a file, a query or an address; the signature is right.
    for kid in [
        json!(null),
        json!(""),
        json!("0"),
        json!(1),
        json!(["a"]),
        json!("../../../../dev/null"),
        json!("/dev/null"),
        json!("/etc/passwd"),
        json!("file:///dev/null"),
        json!("https://elsewhere.example/key"),
        json!("x' UNION SELECT 'key'"),
        json!("\u{0}"),
        json!("|whoami"),
        json!("x".repeat(10_000)),
    ] {
        add(format!("kid {:.40}", kid.to_string()), jwt(SECRET, &with(honest, json!({"kid": kid})), body));
    }
    let mut without = honest.clone();
    without.as_object_mut().unwrap().remove("kid");
    add("no kid".to_owned(), jwt(SECRET, &without, body));
    // A key that the token brings along.
    let key = "the key that the token itself brings along";
    for (name, value) in [
        ("jku", json!("https://elsewhere.example/jwks.json")),
        ("x5u", json!("https://elsewhere.example/cert.pem")),
        ("jwk", json!({"kty": "oct", "k": BASE64_URL_SAFE_NO_PAD.encode(key)})),
        ("x5c", json!([BASE64_URL_SAFE_NO_PAD.encode(key)])),
        ("x5t", json!(BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(key)))),
    ] {
        add(format!("{name}, signed with its key"), jwt(key, &with(honest, json!({name: value.clone()})), body));
        let mut header = with(honest, json!({name: value}));
        header.as_object_mut().unwrap().remove("kid");
        add(format!("{name} and no kid"), jwt(key, &header, body));
    }
}

/// Every fault of the claims, under a valid signature.
pub(super) fn claims(forged: &mut Vec<(String, String)>, token: &str, now: Timestamp, other: &str) {
    let parts: Vec<&str> = token.split('.').collect();
    let (header, honest) = (decode(parts[0]), decode(parts[1]));
    let now = now.0 / SECOND;
    for name in ["iss", "aud", "sub", "sid", "iat", "nbf", "exp"] {
        let mut without = honest.clone();
        without.as_object_mut().unwrap().remove(name);
        forged.push((format!("without {name}"), jwt(SECRET, &header, &without)));
        for value in [json!(null), json!(true), json!([]), json!({}), json!([honest[name]])] {
            let mut changed = honest.clone();
            changed[name] = value.clone();
            forged.push((format!("{name} {value}"), jwt(SECRET, &header, &changed)));
        }
    }
    for (name, value) in [
        ("iss", json!("")),
        ("iss", json!("status-tracker ")),
        ("iss", json!("elsewhere")),
        ("iss", json!(1)),
        ("aud", json!("")),
        ("aud", json!("status-tracker")),
        ("aud", json!("elsewhere")),
        ("aud", json!(1)),
        ("sub", json!("")),
        ("sub", json!("robin")),
        ("sub", json!(1)),
        ("sub", json!(other)),
        ("sid", json!("")),
        ("sid", json!("*")),
        ("sid", json!(1)),
        ("sid", honest["sub"].clone()),
        ("iat", json!(now + 1)),
        ("iat", json!("1")),
        ("iat", json!(1.5)),
        ("iat", json!(i64::MAX)),
        ("nbf", json!(now + 1)),
        ("nbf", json!("1")),
        ("nbf", json!(1.5)),
        ("nbf", json!(i64::MAX)),
        ("exp", json!(now)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!("9999999999")),
        ("exp", json!(9_999_999_999.5)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(1e300)),
        ("role", json!("admin")),
        ("scope", json!("admin")),
    ] {
        let mut changed = honest.clone();
        changed[name] = value.clone();
        forged.push((format!("{name} {value}"), jwt(SECRET, &header, &changed)));
    }
}
