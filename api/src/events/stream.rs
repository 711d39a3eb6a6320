//! One stream: how far it has come, and what comes next.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use diesel::QueryResult;
use secrecy::SecretString;
use serde_json::json;

use super::{
    ids::{self, EventIds, NO_ROWS, NOWHERE, StreamPlace},
    notice::{is_everything, is_shown, moves_status},
    reading::{Concerned, Reading, Rows, ShownPerson},
    send_buffer::SendBuffer,
    subscription::{Subject, Subscription},
    watching::Pair,
};
use crate::{
    account::{ids::PersonId, model::User, username::Username},
    clock::{SECOND, Timestamp},
    db::Db,
    http::paging::Cursors,
    outbox::{OutboxRow, Topic},
    people::{
        looks::Looks,
        sharing::{Granted, Watched},
    },
    trail::AuditContext,
};

/// A stream on which nothing happened for this long sends a sign of life.
const HEARTBEAT: i64 = 15 * SECOND;
/// A list is sent again this often at most.
pub(super) const LIST_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Stream {
    subscription: Subscription,
    ids: EventIds,
    /// `None` until something was sent.
    sent: Option<Sent>,
    last_sent: Timestamp,
    /// Whether there may be rows that were not looked at, or a list that may have changed since it was read.
    behind: bool,
    compare: Compare,
    /// When the status was last compared.
    compared_at: Timestamp,
    over: bool,
    /// When the list was read last.
    listed: Instant,
    /// The others whose status the reader sees.
    shown: Vec<ShownPerson>,
    /// The user names of the people shown to the reader since looks were last noted.
    looked: Vec<Username>,
    /// Whether the reader watches other people than when looks were last noted.
    watches_others: bool,
}

/// Whether the status is to be compared with the last one sent, once there are no more rows for the reader.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Compare {
    No,
    /// Compares as of the last comparison: something hidden changed, and changes by time alone must not show that.
    AsOfThen,
    AsOfNow,
}

/// The state that was last sent to the reader.
#[derive(Clone, Copy)]
struct Sent {
    /// `None` for a list.
    granted: Option<Granted>,
    /// The row up to which all rows were looked at.
    looked_at: i64,
    place: StreamPlace,
}

impl Stream {
    pub fn new(subscription: Subscription, secret: &SecretString) -> Self {
        Self {
            ids: EventIds::new(secret, &subscription.reader_id, &subscription.subject),
            last_sent: subscription.context.at,
            compared_at: subscription.context.at,
            subscription,
            sent: None,
            behind: false,
            compare: Compare::No,
            over: false,
            listed: Instant::now(),
            shown: Vec::new(),
            looked: Vec::new(),
            watches_others: false,
        }
    }

    pub fn buffer(&self) -> &SendBuffer {
        &self.subscription.buffer
    }

    pub fn is_new(&self) -> bool {
        self.sent.is_none()
    }

    /// Whether either side has ended the stream.
    pub fn is_over(&self) -> bool {
        self.over || Arc::strong_count(&self.subscription.buffer) == 1
    }

    /// Whether there may be something to send, and room for it.
    pub fn is_due(&self) -> bool {
        let in_time = self.listed().is_none_or(|listed| listed.elapsed() >= LIST_EVERY);
        !self.over && self.behind && in_time && self.buffer().has_room()
    }

    /// Each person who is watched by another, with that other.
    pub fn watches(&self) -> impl Iterator<Item = Pair> {
        let reader_id = &self.subscription.reader_id;
        let shown = self.shown.iter().filter(|_| !self.over);
        shown.map(|shown| (shown.person_id.clone(), reader_id.clone()))
    }

    /// Notes whom the reader was shown since the last call. Returns whether they watch other people than then.
    pub fn note_looks(&mut self, looks: &Looks, db: &Db, now: Timestamp) -> bool {
        if !self.looked.is_empty() {
            looks.note_all(db, &self.context(now), mem::take(&mut self.looked));
        }
        mem::take(&mut self.watches_others)
    }

    /// Notes until when the reader watched.
    pub fn note_last_looks(&self, looks: &Looks, db: &Db, now: Timestamp) {
        looks.note_all(db, &self.context(now), self.shown.iter().map(|shown| shown.username.clone()));
    }

    fn context(&self, now: Timestamp) -> AuditContext {
        AuditContext { at: now, ..self.subscription.context.clone() }
    }

    /// Notes that the reader now sees these people and nobody else.
    fn see(&mut self, shown: Vec<ShownPerson>) {
        let before: HashMap<&PersonId, u64> = self.shown.iter().map(|shown| (&shown.person_id, shown.digest)).collect();
        let known = |shown: &&ShownPerson| before.get(&shown.person_id) == Some(&shown.digest);
        self.looked.extend(shown.iter().filter(|shown| !known(shown)).map(|shown| shown.username.clone()));
        self.watches_others |=
            before.len() != shown.len() || shown.iter().any(|shown| !before.contains_key(&shown.person_id));
        self.shown = shown;
    }

    /// A look at one person is noted when it begins and when it ends; in between they see who is watching.
    fn see_person(&mut self, watched: &Watched) {
        if !watched.granted.own && self.shown.is_empty() {
            let (person_id, username) = (watched.person.as_person(), watched.person.username.clone());
            self.see(vec![ShownPerson { person_id, username, digest: 0 }]);
        }
    }

    pub fn concerned(&self) -> Concerned<'_> {
        let Subscription { subject, reader_id, session_id, .. } = &self.subscription;
        let person = match subject {
            Subject::Person(person) => Some(person),
            Subject::People => None,
        };
        Concerned { session_id, reader_id, person }
    }

    /// When the list was read last; `None` for a person.
    pub fn listed(&self) -> Option<Instant> {
        (self.subscription.subject == Subject::People).then_some(self.listed)
    }

    /// Notes that the list may have changed.
    pub fn note_change(&mut self) {
        self.behind |= self.subscription.subject == Subject::People;
    }

    /// Notes that the rows from `before` to `last` are about these people, or about anybody.
    pub fn note_rows(&mut self, touched: Option<&HashSet<PersonId>>, before: i64, last: i64) {
        let Subject::Person(person) = &self.subscription.subject else { return };
        if touched.is_none_or(|touched| touched.contains(person)) {
            self.behind = true;
        } else if let Some(sent) = &mut self.sent
            && !self.behind
            && sent.looked_at >= before
        {
            sent.looked_at = last;
        }
    }

    /// Sends what comes next, if the reader may still see it, and a list only if there is time for one. Changes
    /// by time alone are sent on a tick of the second, or their moment would tell of changes that are hidden. A
    /// list is read again after every commit, so there the moment does tell that somebody wrote something.
    pub fn go_on(
        &mut self,
        reading: &mut Reading,
        cursors: &Cursors,
        tick: bool,
        time_for_list: bool,
    ) -> QueryResult<()> {
        let Subscription { subject, reader_id, session_id, .. } = &self.subscription;
        let Some(reader) = reading.reader(session_id, reader_id) else {
            self.revoke(reading.now, "session");
            return Ok(());
        };
        let beat = tick && !(0..HEARTBEAT).contains(&(reading.now.0 - self.last_sent.0));
        match subject {
            Subject::Person(person) => match reading.watched(&reader, person) {
                Some(watched) => self.watch(reading, &reader, &watched, beat)?,
                None => self.revoke(reading.now, "share"),
            },
            Subject::People if time_for_list => self.list(reading, &reader, cursors, beat)?,
            Subject::People => self.behind |= beat,
        }
        if beat && !(0..HEARTBEAT).contains(&(reading.now.0 - self.last_sent.0)) {
            self.last_sent = reading.now;
            self.buffer().push(&format!(": {}\n\n", reading.now.0));
        }
        Ok(())
    }

    fn revoke(&mut self, now: Timestamp, reason: &str) {
        self.push(now, "revoked", NOWHERE, &json!({"reason": reason}).to_string());
        self.buffer().end();
        self.over = true;
    }

    /// Adds an event, with the server's time in a comment, so that a page whose clock was corrected notices.
    fn push(&self, Timestamp(now): Timestamp, event: &str, place: StreamPlace, data: &str) {
        let mut text = String::with_capacity(data.len() + 96);
        // Writing to a string cannot fail.
        let _written = write!(text, "id: {}\nevent: {event}\ndata: {data}\n: {now}\n\n", self.ids.encrypt_block(place));
        self.buffer().push(&text);
    }

    fn watch(&mut self, reading: &mut Reading, reader: &User, watched: &Watched, beat: bool) -> QueryResult<()> {
        if !self.buffer().has_room() {
            return Ok(());
        }
        self.see_person(watched);
        let granted = watched.granted;
        let joined = self.sent.is_none();
        let mut sent = match self.sent {
            // A reader who has taken nothing for days may have missed rows that were pruned meanwhile.
            Some(sent) if sent.granted == Some(granted) && sent.looked_at >= reading.pruned => sent,
            Some(_narrowed_or_widened_or_late) => return self.reset(reading, reader, watched),
            None => match self.last_place(reading, reader, watched)? {
                Some(place) => {
                    // Rows pruned since then were hidden from the reader.
                    let looked_at = if granted.history { place.row.max(reading.pruned) } else { reading.last };
                    Sent { granted: Some(granted), looked_at, place }
                }
                None if self.subscription.last_event_id.is_some() => return self.reset(reading, reader, watched),
                None => return self.snapshot(reading, reader, watched),
            },
        };
        let rows =
            (joined || self.behind).then(|| reading.rows(&watched.person.as_person(), sent.looked_at)).transpose()?;
        let shown = |row: &&OutboxRow| is_shown(row, granted, &reader.as_viewer());
        if rows.iter().flat_map(|rows| &rows.found).any(|row| shown(&row) && is_everything(row, granted)) {
            return self.reset(reading, reader, watched);
        }
        if joined || beat {
            self.compare = Compare::AsOfNow;
        }
        if let Some(rows) = rows {
            for row in &rows.found {
                if !shown(&row) || !granted.history {
                    if shown(&row) || moves_status(row, granted) {
                        self.compare = self.compare.max(Compare::AsOfThen);
                    }
                    continue;
                }
                self.compare = Compare::AsOfNow;
                let place = StreamPlace { row: row.id, ..sent.place };
                if !self.show(reading, watched, row, &rows, place)? {
                    return self.reset(reading, reader, watched);
                }
                (sent.place, sent.looked_at) = (place, row.id);
                self.sent = Some(sent);
            }
            sent.looked_at = rows.up_to;
            self.behind = rows.up_to < reading.last;
        }
        self.sent = Some(sent);
        if self.behind {
            return Ok(());
        }
        let differs = match self.compare {
            Compare::No => false,
            Compare::AsOfThen => self.differs(reading, watched, sent.place.digest)?,
            Compare::AsOfNow => true,
        };
        self.compare = Compare::No;
        if differs { self.status(reading, watched) } else { Ok(()) }
    }

    /// The place at which the reader's last stream ended, if everything since then that they may see is still there.
    fn last_place(&self, reading: &mut Reading, reader: &User, watched: &Watched) -> QueryResult<Option<StreamPlace>> {
        let Some(id) = &self.subscription.last_event_id else { return Ok(None) };
        let place = self.ids.decrypt_block(id);
        let usable = if watched.granted.history {
            (reading.pruned..=reading.last).contains(&place.row) || place.row == reading.newest(reader, watched)?
        } else {
            place.row == NO_ROWS
        };
        Ok(Some(place).filter(|_| usable))
    }

    /// Sends the event about a row. Returns whether the row can be shown by itself.
    fn show(
        &mut self,
        reading: &mut Reading,
        watched: &Watched,
        row: &OutboxRow,
        rows: &Rows,
        place: StreamPlace,
    ) -> QueryResult<bool> {
        let event = match (row.topic(), row.entry()) {
            (Topic::Metric(metric), Some(id)) => {
                Some(("entry", reading.entry(rows, row, &id, watched.granted.of(metric))))
            }
            _ if watched.granted.own && self.subscription.may_read_account => reading.own(&watched.person, row)?,
            _ => None,
        };
        if let Some((name, data)) = event {
            self.push(reading.now, name, place, &data);
            self.last_sent = reading.now;
            return Ok(true);
        }
        // The absence of a viewer is the only sign that their account is gone.
        let of_account = watched.granted.own && self.subscription.may_read_account;
        Ok(!(of_account && row.topic() == Topic::Share))
    }

    /// Tells the reader to load again what they have, and how the person is.
    fn reset(&mut self, reading: &mut Reading, reader: &User, watched: &Watched) -> QueryResult<()> {
        let place = reading.newest_place(reader, watched)?;
        self.push(reading.now, "reset", place, "{}");
        self.begin_at(place, reading, watched)
    }

    fn snapshot(&mut self, reading: &mut Reading, reader: &User, watched: &Watched) -> QueryResult<()> {
        let place = reading.newest_place(reader, watched)?;
        self.begin_at(place, reading, watched)
    }

    fn begin_at(&mut self, place: StreamPlace, reading: &mut Reading, watched: &Watched) -> QueryResult<()> {
        self.sent = Some(Sent { granted: Some(watched.granted), looked_at: reading.last, place });
        self.behind = false;
        self.status(reading, watched)
    }

    /// Whether what changed, and not the passing of time alone, makes the status differ from the last one sent.
    fn differs(&self, reading: &mut Reading, watched: &Watched, told: u64) -> QueryResult<bool> {
        Ok(reading.status(watched)?.digest != told && reading.digest_at(watched, self.compared_at)? != told)
    }

    /// Sends the status of the person, unless it is the last one sent.
    fn status(&mut self, reading: &mut Reading, watched: &Watched) -> QueryResult<()> {
        let status = reading.status(watched)?;
        (self.compare, self.compared_at) = (Compare::No, reading.now);
        let Some(sent) = &mut self.sent else { return Ok(()) };
        if sent.place.digest != status.digest {
            sent.place.digest = status.digest;
            let place = sent.place;
            self.push(reading.now, "status", place, &status.text);
            self.last_sent = reading.now;
        }
        Ok(())
    }

    fn list(&mut self, reading: &mut Reading, reader: &User, cursors: &Cursors, beat: bool) -> QueryResult<()> {
        let due = self.sent.is_none() || self.is_due() || beat;
        if !due || !self.buffer().has_room() {
            return Ok(());
        }
        let known = self.sent.as_ref().map(|sent| sent.place).or_else(|| {
            let id = self.subscription.last_event_id.as_deref()?;
            Some(self.ids.decrypt_block(id)).filter(|place| place.row == NO_ROWS)
        });
        let (text, shown) = reading.people(reader, cursors)?;
        let place = StreamPlace { row: NO_ROWS, digest: ids::digest(&text) };
        if known != Some(place) {
            self.push(reading.now, "people", place, &text);
            self.last_sent = reading.now;
        }
        self.sent = Some(Sent { granted: None, looked_at: 0, place });
        self.see(shown);
        (self.behind, self.listed) = (false, Instant::now());
        Ok(())
    }
}
