//! A stream as its handler asks for it.

use std::sync::Arc;

use super::send_buffer::SendBuffer;
use crate::{
    account::ids::{PersonId, ViewerId},
    auth::SessionId,
    trail::AuditContext,
};

/// The subject of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// One person, by id.
    Person(PersonId),
    /// The list of people.
    People,
}

#[derive(Debug)]
pub(super) struct Subscription {
    pub subject: Subject,
    pub reader_id: ViewerId,
    pub session_id: SessionId,
    /// Not with an API token, which is for logged data and not for the account.
    pub may_read_account: bool,
    /// The context of the records about the reader's looks.
    pub context: AuditContext,
    pub last_event_id: Option<String>,
    pub buffer: Arc<SendBuffer>,
}
