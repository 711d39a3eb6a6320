//! The id of a session, which stands beside that of its user.

use crate::id::id;

id! {
    /// The id of a session.
    SessionId
}
