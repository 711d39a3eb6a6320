//! The two ends of a share, as types: a swap would show somebody data that is not theirs to see, so it does not compile.

use super::model::User;
use crate::id::id;

id! {
    /// The id of a person, who logs and shares it.
    PersonId
}

id! {
    /// The id of a viewer, who reads what is shared with them.
    ViewerId
}

impl User {
    /// As the one who is watched.
    #[must_use]
    pub fn as_person(&self) -> PersonId {
        PersonId::new(&*self.id)
    }

    /// As the one who watches.
    #[must_use]
    pub fn as_viewer(&self) -> ViewerId {
        ViewerId::new(&*self.id)
    }
}
