//! Logical days as they are stored.

use chrono::NaiveDate;

use crate::id::id;

id! {
    /// A logical day, stored as text that sorts as days do: `2026-03-01`.
    Day(String)
}

impl Day {
    /// The date; `None` of text that the database should not hold.
    #[must_use]
    pub fn date(&self) -> Option<NaiveDate> {
        self.0.parse().ok()
    }
}

impl From<NaiveDate> for Day {
    fn from(date: NaiveDate) -> Self {
        Self(date.to_string())
    }
}
