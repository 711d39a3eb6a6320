//! The key itself: how it is made and recognised. It is shown once and stored as a hash.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    serialize::{self, Output, ToSql},
    sql_types::Text,
};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::ids::Named;

/// The prefix by which people, and programs that look for leaked secrets, recognise a token.
const PREFIX: &str = "st_";
const RANDOM: usize = 16;
const SIGNATURE: usize = 16;

/// A permission of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Scope {
    /// Read what its owner may watch.
    #[serde(rename = "read")]
    Read,
    /// Log anything.
    #[serde(rename = "log")]
    Log,
    #[serde(rename = "log:water")]
    LogWater,
    #[serde(rename = "log:altitude")]
    LogAltitude,
}

/// The scopes of a token, stored as JSON. Scopes that cannot be understood allow nothing.
#[derive(Clone, Debug, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Scopes {
    text: String,
    granted: Vec<Scope>,
}

impl Scopes {
    #[must_use]
    pub fn granted(&self) -> &[Scope] {
        &self.granted
    }
}

impl From<&[Scope]> for Scopes {
    fn from(scopes: &[Scope]) -> Self {
        Self { text: serde_json::json!(scopes).to_string(), granted: scopes.to_vec() }
    }
}

impl<DB: Backend> FromSql<Text, DB> for Scopes
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let text = String::from_sql(bytes)?;
        Ok(Self { granted: serde_json::from_str(&text).unwrap_or_default(), text })
    }
}

impl<DB: Backend> ToSql<Text, DB> for Scopes
where
    String: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.text.to_sql(out)
    }
}

/// Makes and recognises tokens. A token names its user and its session under a signature, so that its owner is known without a look
/// into the database, and carries 128 random bits, so that the signature alone does not make one.
#[derive(Clone, Debug)]
pub struct ApiTokens(SecretString);

impl ApiTokens {
    /// Signed with the pepper, which is the one secret that is never replaced.
    #[must_use]
    pub fn new(pepper: &SecretString) -> Self {
        Self(pepper.clone())
    }

    #[must_use]
    pub fn issue(&self, Named { user, session }: Named, random: [u8; RANDOM]) -> String {
        let mut bytes = [user.as_bytes().as_slice(), session.as_bytes(), &random].concat();
        let signature = self.sign(&bytes);
        bytes.extend_from_slice(&signature);
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The user and the session that `token` names, if it was made here.
    #[must_use]
    pub fn verify(&self, token: &str) -> Option<Named> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
        let (body, signature) = bytes.split_at_checked(32 + RANDOM)?;
        let mut mac = self.mac();
        mac.update(body);
        mac.verify_truncated_left(signature).ok().filter(|()| signature.len() == SIGNATURE)?;
        Some(Named { user: Uuid::from_slice(&body[..16]).ok()?, session: Uuid::from_slice(&body[16..32]).ok()? })
    }

    fn mac(&self) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(self.0.expose_secret().as_bytes())
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        mac.update(b"api token");
        mac
    }

    fn sign(&self, body: &[u8]) -> [u8; SIGNATURE] {
        let mut mac = self.mac();
        mac.update(body);
        let mut signature = [0; SIGNATURE];
        signature.copy_from_slice(&mac.finalize().into_bytes()[..SIGNATURE]);
        signature
    }
}

/// A token as it is stored. It has 128 random bits, so a fast hash is enough.
#[must_use]
pub fn hash(token: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}
