//! An entry as it is shown: to its owner as it is, to others as far as it is shared.

use serde::Serialize;
use utoipa::ToSchema;

use super::{day::Day, model::Entry};
use crate::{
    clock::Timestamp,
    id::EntryId,
    metric::{Band, Detail, Metric},
};

/// One logged fact.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EntryView {
    #[schema(value_type = String, format = Uuid)]
    id: EntryId,
    metric: Metric,
    /// Millilitres for water, 1 to 10 for altitude; `null` where the share withholds the number.
    #[schema(required = true, example = 250)]
    value: Option<i32>,
    /// In place of the value, where the share says so: a glass below 200 ml is `low` and from 400
    /// ml `high`, an altitude up to 3 is `low` and from 8 `high`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    band: Option<Band>,
    /// For water that was typed in fluid ounces (US), the typed amount in tenths; shown only with
    /// the exact value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 85)]
    fl_oz_tenths: Option<i32>,
    at: Timestamp,
    /// The logical day it counts for, fixed when it was logged.
    #[schema(value_type = String, format = Date, example = "2026-03-01")]
    day: Day,
    /// Shown only with the exact value, like the tags.
    #[schema(required = true)]
    note: Option<String>,
    tags: Vec<String>,
    created_at: Timestamp,
    /// Equals `created_at` where the share withholds the number, so that nothing reveals a change.
    updated_at: Timestamp,
}

impl Entry {
    /// The entry for its owner.
    #[must_use]
    pub fn view(self) -> EntryView {
        EntryView {
            metric: self.metric(),
            tags: self.tags(),
            id: self.id,
            value: Some(self.value),
            band: None,
            fl_oz_tenths: self.fl_oz_tenths,
            at: self.at,
            day: self.day,
            note: self.note,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// The entry for its owner; `None` if it is deleted.
    #[must_use]
    pub fn living_view(self) -> Option<EntryView> {
        self.deleted_at.is_none().then(|| self.view())
    }

    /// The entry for a reader who sees `detail` of its metric; `None` where they see nothing of it.
    #[must_use]
    pub fn view_at(self, detail: Detail) -> Option<EntryView> {
        let band = self.metric().band(self.value);
        let view = self.view();
        let narrowed = EntryView {
            value: None,
            band: (detail == Detail::Band).then_some(band),
            fl_oz_tenths: None,
            note: None,
            tags: Vec::new(),
            updated_at: view.created_at,
            ..view.clone()
        };
        match detail {
            Detail::Exact => Some(view),
            Detail::Band | Detail::Logged => Some(narrowed),
            Detail::None => None,
        }
    }
}
