//! Ids of users. The two ends of a share are types of their own: a swap would show somebody data that is not theirs to see, so it does
//! not compile.

use super::model::User;
use crate::id::id;

id! {
    /// The id of a user, in whichever role.
    UserId
}

id! {
    /// The id of a person, who logs and shares it.
    PersonId(UserId)
}

id! {
    /// The id of a viewer, who reads what is shared with them.
    ViewerId(UserId)
}

impl UserId {
    /// As the one who is watched.
    #[must_use]
    pub fn as_person(&self) -> PersonId {
        PersonId(self.clone())
    }

    /// As the one who watches.
    #[must_use]
    pub fn as_viewer(&self) -> ViewerId {
        ViewerId(self.clone())
    }
}

impl PersonId {
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.0
    }
}

impl ViewerId {
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.0
    }
}

impl User {
    /// As the one who is watched.
    #[must_use]
    pub fn as_person(&self) -> PersonId {
        self.id.as_person()
    }

    /// As the one who watches.
    #[must_use]
    pub fn as_viewer(&self) -> ViewerId {
        self.id.as_viewer()
    }
}
