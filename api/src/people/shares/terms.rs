//! Terms that a person chooses for a newcomer: by an account they make, or by an invitation.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    account::model::Role,
    clock::Timestamp,
    error::FieldError,
    metric::Detail,
    people::{sharing::Granted, status::GrantedView},
};

/// Everything a new viewer will see of you. The defaults are exact values with history, without
/// export and without an end.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ShareTerms {
    #[schema(required = false)]
    water: Detail,
    #[schema(required = false)]
    altitude: Detail,
    /// Whether they see your history, and not only your present status.
    #[schema(required = false)]
    history: bool,
    #[schema(required = false)]
    export: bool,
    /// The time at which it ends by itself; `null` for never.
    until: Option<Timestamp>,
}

impl Default for ShareTerms {
    fn default() -> Self {
        let Granted { water, altitude, history, export, own: _ } = Granted::USUAL;
        Self { water, altitude, history, export, until: None }
    }
}

impl ShareTerms {
    /// The offer that a person makes with these terms to a newcomer in `role`.
    ///
    /// # Errors
    /// 422 where it would be over before it began, or for an admin, who watches nobody.
    pub fn offer(self, role: Role, now: Timestamp) -> Result<Offer, FieldError> {
        if role == Role::Admin {
            return Err(FieldError::new("share", "role", "has to be left out for an admin, who watches nobody else"));
        }
        let Self { water, altitude, history, export, until } = self;
        if until.is_some_and(|until| until <= now) {
            return Err(FieldError::new(
                "share.until",
                "past",
                "has to be in the future; for no share at all, send `null`",
            ));
        }
        let terms = Granted { water, altitude, history, export, own: false };
        Ok(Offer { terms, until })
    }
}

/// The terms that are offered, and until when they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    pub terms: Granted,
    pub until: Option<Timestamp>,
}

impl Offer {
    #[must_use]
    pub fn view(self) -> GrantedView {
        GrantedView::new(self.terms, self.until)
    }
}

impl Default for Offer {
    /// The offer to one person where no terms were chosen.
    fn default() -> Self {
        Self { terms: Granted::USUAL, until: None }
    }
}
