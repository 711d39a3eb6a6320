//! The JWT that other clients carry (RFC 7519): one algorithm, typed, every claim required. It names a session row and is worth
//! nothing without it.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{hs256, ids::Named};
use crate::{
    clock::{SECOND, Timestamp},
    error::{ApiError, ApiResult},
};

const ISSUER: &str = "status-tracker";
const AUDIENCE: &str = "status-tracker-api";
/// The header's type (RFC 9068), so that no other kind of token signed with the same key passes for an access token.
const TYPE: &str = "at+jwt";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    /// The user's id.
    sub: Uuid,
    /// The session's id.
    sid: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

#[derive(Clone)]
pub struct JwtKeys {
    encoding: EncodingKey,
    /// The keys by key id (RFC 7515, 4.1.4): of the current secret, and of the one before it while it is still accepted.
    decoding: Vec<(String, DecodingKey)>,
}

/// Distinguishes secrets without revealing anything about them.
fn key_id(secret: &SecretString) -> String {
    let digest = Sha256::digest([b"key id ".as_slice(), secret.expose_secret().as_bytes()].concat());
    BASE64_URL_SAFE_NO_PAD.encode(&digest[..6])
}

impl std::fmt::Debug for JwtKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JwtKeys")
    }
}

impl JwtKeys {
    #[must_use]
    pub fn new(secret: &SecretString, previous: Option<&SecretString>) -> Self {
        hs256::install();
        let bytes = |secret: &SecretString| secret.expose_secret().as_bytes().to_vec();
        let key = |secret| (key_id(secret), DecodingKey::from_secret(&bytes(secret)));
        Self {
            encoding: EncodingKey::from_secret(&bytes(secret)),
            decoding: [secret].into_iter().chain(previous).map(key).collect(),
        }
    }

    pub fn issue(&self, named: Named, now: Timestamp, expires: Timestamp) -> ApiResult<String> {
        let kid = self.decoding.first().map(|(kid, _)| kid.clone());
        let header = Header { typ: Some(TYPE.to_owned()), kid, ..Header::new(Algorithm::HS256) };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: named.user,
            sid: named.session,
            iat: now.0 / SECOND,
            nbf: now.0 / SECOND,
            exp: expires.0 / SECOND,
        };
        encode(&header, &claims, &self.encoding).map_err(ApiError::internal)
    }

    /// The claims of `token`, if it was issued here and has not expired. Its session has to confirm
    /// when it was issued and from when it is valid: the clock may have been corrected since.
    #[must_use]
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<VerifiedJwt> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        // Judged below by our own clock, which tests can move.
        validation.validate_exp = false;
        // The id only chooses among our own keys: a token cannot bring one along.
        let kid = decode_header(token).ok()?.kid?;
        let (_, key) = self.decoding.iter().find(|(known, _)| *known == kid)?;
        let token = decode::<Claims>(token, key, &validation).ok()?;
        let Claims { sub: user, sid: session, iat, nbf, exp, .. } = token.claims;
        let current = now.0 / SECOND < exp;
        (token.header.typ.as_deref() == Some(TYPE) && current).then_some(VerifiedJwt {
            named: Named { user, session },
            issued: iat,
            from: nbf,
        })
    }
}

/// The user whom a token names, and since when it claims to be valid, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedJwt {
    pub named: Named,
    issued: i64,
    from: i64,
}

impl VerifiedJwt {
    /// Whether it was issued with the session that began at `began`.
    #[must_use]
    pub fn is_of(&self, began: Timestamp) -> bool {
        self.issued == began.0 / SECOND && self.from == self.issued
    }
}
