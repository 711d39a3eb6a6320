//! Lists, a page at a time, and the cursors that lead from one page to the next.

use secrecy::SecretString;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::signing::Signer;
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

/// Makes and reads cursors: positions in a list, signed for it with all its filters.
#[derive(Clone, Debug)]
pub struct Cursors(Signer);

/// Length to which positions are filled up with spaces: the longest is an instant with an id.
const POSITION: usize = 64;

fn invalid_cursor() -> ApiError {
    ApiError::new(Code::InvalidCursor, "Start again without `cursor`, and take the next one from that answer.")
}

impl Cursors {
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self(Signer::new(secret))
    }

    /// For a text that is no position.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.0
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
            let position = self.0.open(&page.list, &cursor).ok_or_else(invalid_cursor)?;
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
        self.0.sign(list, &format!("{position:<POSITION$}"))
    }
}
