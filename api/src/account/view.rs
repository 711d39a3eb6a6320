//! An account as others see it.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    model::{Role, User},
    names,
    username::Username,
};
use crate::clock::Timestamp;

/// An account, without what only its owner or nobody should see.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    #[schema(value_type = String, example = "robin")]
    username: Username,
    #[schema(example = "Robin")]
    display_name: String,
    role: Role,
    disabled: bool,
    /// The end of a lock on this name, after too many failed sign-ins.
    #[schema(required = true)]
    locked_until: Option<Timestamp>,
    #[schema(required = true)]
    last_login_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl UserView {
    #[must_use]
    pub fn locked(self, until: Option<Timestamp>) -> Self {
        Self { locked_until: until, ..self }
    }
}

impl User {
    /// The view of a user whose name is not locked, such as one who has just signed in.
    #[must_use]
    pub fn view(&self) -> UserView {
        UserView {
            username: self.username.clone(),
            display_name: names::shown(self),
            role: self.role(),
            disabled: self.disabled,
            locked_until: None,
            last_login_at: self.last_login_at,
            created_at: self.created_at,
        }
    }
}
