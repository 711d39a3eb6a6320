//! The part of a change that a reader notices.

use crate::{
    account::ids::ViewerId,
    metric::{Detail, MetricKind},
    outbox::{OutboxRow, Topic},
    people::sharing::Granted,
};

impl Granted {
    /// The highest level of changes of a topic that a reader with this access notices.
    pub(super) fn notices(self, topic: Topic) -> Detail {
        match topic {
            _ if self.own => Detail::Exact,
            Topic::Metric(metric) => self.of(metric),
            // The goal is shown beside exact water; the rest to everybody.
            Topic::Person => self.water.max(Detail::Logged),
            Topic::Share | Topic::Own | Topic::Viewer => Detail::None,
        }
    }
}

/// Whether the change is one that the reader can notice.
pub(super) fn is_shown(row: &OutboxRow, granted: Granted, reader_id: &ViewerId) -> bool {
    let about_reader = row.topic() == Topic::Share && row.viewer().as_ref() == Some(reader_id);
    about_reader || row.level <= granted.notices(row.topic())
}

/// Whether the change can alter the status though the reader cannot notice it otherwise: amounts, the
/// goal or the start of the day move the band of the day, hours move the day and how fresh it is.
pub(super) fn moves_status(row: &OutboxRow, granted: Granted) -> bool {
    match row.topic() {
        Topic::Metric(metric) => metric.definition().kind == MetricKind::Amount && granted.of(metric) == Detail::Band,
        Topic::Person | Topic::Own => true,
        Topic::Share | Topic::Viewer => false,
    }
}

/// Whether the change may affect more of the reader's data than a single thing.
pub(super) fn is_everything(row: &OutboxRow, granted: Granted) -> bool {
    match row.topic() {
        Topic::Metric(_) => granted.history && row.subject.is_none(),
        Topic::Share => !granted.own,
        Topic::Person | Topic::Own | Topic::Viewer => false,
    }
}
