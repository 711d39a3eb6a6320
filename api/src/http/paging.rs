//! Lists, a page at a time, and the cursors that lead from one page to the next.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
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

/// The page of a list that a request asks for. `P` is a position in that list: the sort key of a row.
#[derive(Debug)]
pub struct Wanted<'a, P> {
    cursors: &'a Cursors,
    list: String,
    limit: u32,
    /// The position of the last row of the previous page; none on the first one.
    pub after: Option<P>,
}

impl<P: Serialize> Wanted<'_, P> {
    /// How many rows to read: one more than fit, since the surplus one tells that there is another page.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.limit + 1
    }

    /// The page made of up to [`Self::rows`] rows.
    pub fn of<T>(&self, mut rows: Vec<T>, position: impl FnOnce(&T) -> P) -> Page<T> {
        let limit = self.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| self.cursors.cursor(&self.list, &position(last)));
        Page { items: rows, next_cursor }
    }
}

impl<T> Page<T> {
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
    /// The first error of `f`.
    pub fn try_map<U, E>(self, f: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let items = self.items.into_iter().map(f).collect::<Result<_, _>>()?;
        Ok(Page { items, next_cursor: self.next_cursor })
    }
}

/// Signs positions in a list, so that a cursor works only for the list, the filters and the server that gave it out, and says nothing.
#[derive(Clone, Debug)]
pub struct Cursors(SecretString);

/// Length of the signature in bytes: enough that guessing one is hopeless, short enough for an address.
const SIGNATURE: usize = 16;

/// Length to which positions are filled up with spaces: the longest is an instant with an id.
const POSITION: usize = 64;

fn invalid_cursor() -> ApiError {
    ApiError::new(Code::InvalidCursor, "Start again without `cursor`, and take the next one from that answer.")
}

impl Cursors {
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self(secret.clone())
    }

    /// The first page of `list`, which names the list with all its filters.
    pub fn first<P>(&self, list: impl Into<String>, limit: u32) -> Wanted<'_, P> {
        Wanted { cursors: self, list: list.into(), limit, after: None }
    }

    /// The page of `list` that continues where `cursor` points.
    ///
    /// # Errors
    /// [`Code::InvalidCursor`] for a cursor of another list, of other filters or of another server.
    pub fn page<P: DeserializeOwned>(
        &self,
        list: impl Into<String>,
        PageQuery { limit, cursor }: PageQuery,
    ) -> ApiResult<Wanted<'_, P>> {
        let mut page = self.first(list, limit);
        if let Some(cursor) = cursor {
            let position = self.open(&page.list, &cursor)?;
            page.after = Some(serde_json::from_str(&position).map_err(|_| invalid_cursor())?);
        }
        Ok(page)
    }

    /// The cursor that continues `list` after `position`. All cursors have one length: a position can be a number that counts hidden rows
    /// too.
    #[must_use]
    pub fn cursor(&self, list: &str, position: &impl Serialize) -> String {
        let position =
            serde_json::to_string(position).unwrap_or_else(|_| unreachable!("a position is text and numbers"));
        self.sign(list, &format!("{position:<POSITION$}"))
    }

    /// Hides and signs `position` for `list`.
    #[must_use]
    pub fn sign(&self, list: &str, position: &str) -> String {
        let signature = &self.mac(&["cursor", list, position]).finalize().into_bytes()[..SIGNATURE];
        let hidden = self.hidden(list, signature, position.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode([signature, &hidden].concat())
    }

    /// Whether `signed` is `position`, signed for `list`.
    #[must_use]
    pub fn verify(&self, list: &str, position: &str, signed: &str) -> bool {
        self.open(list, signed).is_ok_and(|signed| signed == position)
    }

    /// # Errors
    /// [`Code::InvalidCursor`] for a cursor that was not signed for this list.
    fn open(&self, list: &str, cursor: &str) -> ApiResult<String> {
        BASE64_URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .filter(|bytes| bytes.len() > SIGNATURE)
            .and_then(|bytes| {
                let (signature, hidden) = bytes.split_at(SIGNATURE);
                let position = String::from_utf8(self.hidden(list, signature, hidden)).ok()?;
                self.mac(&["cursor", list, &position]).verify_truncated_left(signature).ok().map(|()| position)
            })
            .ok_or_else(invalid_cursor)
    }

    /// Encrypts or decrypts a position, which can be a number that counts hidden rows too. No two positions have the same signature, so
    /// that no two are combined with the same bytes.
    fn hidden(&self, list: &str, signature: &[u8], position: &[u8]) -> Vec<u8> {
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
        let blocks = position.chunks(32).zip(0_u32..);
        let block = |(chunk, number): (&[u8], u32)| {
            let key = self.mac(&["cursor block", list, &signature, &number.to_string()]).finalize().into_bytes();
            chunk.iter().zip(key).map(|(byte, key)| byte ^ key).collect::<Vec<u8>>()
        };
        blocks.flat_map(block).collect()
    }

    fn mac(&self, parts: &[&str]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes())
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac
    }
}
