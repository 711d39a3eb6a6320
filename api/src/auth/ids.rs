//! The id of a session, which stands beside that of its user.

use uuid::Uuid;

use crate::id::id;

/// The user and the session that a credential names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    pub user: Uuid,
    pub session: Uuid,
}

id! {
    /// The id of a session.
    SessionId
}

id! {
    /// The id of an attempt to sign in, which stands beside the name that it is made at.
    AttemptId
}
