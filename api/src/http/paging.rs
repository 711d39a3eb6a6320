//! Lists, a page at a time, and the cursors that lead from one page to the next.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::error::{ApiError, ApiResult, Code};

/// The wanted page of a list that has no filters.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The number of items on a page.
    #[serde(default = "default_limit")]
    #[validate(range(min = 1, max = 500))]
    #[param(minimum = 1, maximum = 500, default = 20, required = false)]
    pub limit: u32,
    /// `next_cursor` of the previous page.
    pub cursor: Option<String>,
}

/// How many a list has at once where nothing else is asked for.
#[must_use]
pub fn default_limit() -> u32 {
    20
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Send it back as `cursor` for the next page; `null` on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of at most `limit` from up to `limit + 1` items: the surplus one tells that there is more.
    pub fn new(mut items: Vec<T>, limit: u32, cursor: impl FnOnce(&T) -> String) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(cursor);
        Self { items, next_cursor }
    }

    #[must_use]
    pub fn empty() -> Self {
        Self { items: Vec::new(), next_cursor: None }
    }

    pub fn filter_map<U>(self, f: impl FnMut(T) -> Option<U>) -> Page<U> {
        Page { items: self.items.into_iter().filter_map(f).collect(), next_cursor: self.next_cursor }
    }

    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }

    /// # Errors
    /// The first of `f`.
    pub fn try_map<U, E>(self, f: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let items = self.items.into_iter().map(f).collect::<Result<_, _>>()?;
        Ok(Page { items, next_cursor: self.next_cursor })
    }
}

/// Seals positions in a list, so that a cursor works only for the list, the filters and the server that gave it out, and says nothing.
#[derive(Clone, Debug)]
pub struct Cursors(SecretString);

/// Length of the seal in bytes: enough that guessing one is hopeless, short enough for an address.
const SEAL: usize = 16;

impl Cursors {
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self(secret.clone())
    }

    /// `list` names the list with all its filters; `position` is where the next page begins.
    #[must_use]
    pub fn seal(&self, list: &str, position: &str) -> String {
        let mac = self.mac(&["cursor", list, position], SEAL);
        let hidden = self.hidden(list, &mac, position.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode([mac, hidden].concat())
    }

    /// # Errors
    /// [`Code::InvalidCursor`] for whatever was not sealed for this list.
    pub fn open(&self, list: &str, cursor: &str) -> ApiResult<String> {
        BASE64_URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .filter(|bytes| bytes.len() > SEAL)
            .and_then(|bytes| {
                let (mac, hidden) = bytes.split_at(SEAL);
                let position = String::from_utf8(self.hidden(list, mac, hidden)).ok()?;
                (self.mac(&["cursor", list, &position], SEAL) == mac).then_some(position)
            })
            .ok_or_else(|| {
                ApiError::new(
                    Code::InvalidCursor,
                    "Start again without `cursor`, and take the next one from that answer.",
                )
            })
    }

    /// The position made unreadable, or readable again: it can hold a number that counts more than is shown. The seal is what no two positions
    /// have in common, so no two meet the same bytes.
    fn hidden(&self, list: &str, seal: &[u8], position: &[u8]) -> Vec<u8> {
        let seal = BASE64_URL_SAFE_NO_PAD.encode(seal);
        let blocks = position.chunks(32).zip(0_u32..);
        let block = |(chunk, number): (&[u8], u32)| {
            let key = self.mac(&["cursor block", list, &seal, &number.to_string()], chunk.len());
            chunk.iter().zip(key).map(|(byte, key)| byte ^ key).collect::<Vec<u8>>()
        };
        blocks.flat_map(block).collect()
    }

    fn mac(&self, parts: &[&str], length: usize) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes())
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes()[..length].to_vec()
    }
}

/// Where the cursor of a list of entries points. It was sealed here, so it is never malformed.
#[must_use]
pub fn position(cursor: &str) -> Option<(i64, &str)> {
    let (at, id) = cursor.split_once(' ')?;
    Some((at.parse().ok()?, id))
}
