//! The data that one turn of the hub reads, in one transaction: each thing once, however many streams it is for.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    rc::Rc,
};

use diesel::QueryResult;
use serde_json::json;

use super::ids::{self, NO_ROWS, StreamPlace};
use crate::{
    account::{
        ids::{PersonId, UserId, ViewerId},
        model::{Role, User, get_users},
        username::Username,
    },
    auth::{SessionId, model::living_sessions},
    clock::Timestamp,
    db::DbConnection,
    entries::model::{Entry, entries_of},
    http::paging::Cursors,
    id::EntryId,
    metric::{Detail, Metric},
    outbox::{self, OutboxRow, Topic},
    people::{
        model::{list_people, view_with},
        shares::share_view,
        sharing::{Ends, Granted, Share, Watched, decide, shares_to, shares_with},
        status::{StatusView, status},
    },
};

/// How many rows of a chunk one statement looks for.
const CHUNK: usize = 500;
/// Beyond this many rows, every person counts as touched.
const TOUCHED: u32 = 2000;
/// How many rows a stream that is behind advances in one turn.
const ROWS: u32 = 64;
/// The most people that a list shows.
const PEOPLE: u32 = 100;

/// A session to be looked at again, its reader, and the person if it is about one.
pub(super) struct Concerned<'a> {
    pub session_id: &'a SessionId,
    pub reader_id: &'a ViewerId,
    pub person: Option<&'a PersonId>,
}

/// A person as a reader sees them.
pub(super) struct ShownPerson {
    pub person_id: PersonId,
    pub username: Username,
    /// The digest of their status, in a list.
    pub digest: u64,
}

impl<'a> Concerned<'a> {
    /// The ids of the reader and of the person.
    fn users(&self) -> impl Iterator<Item = &'a UserId> + use<'a> {
        [Some(self.reader_id.user()), self.person.map(PersonId::user)].into_iter().flatten()
    }
}

pub(super) struct Reading<'a> {
    conn: &'a mut DbConnection,
    pub now: Timestamp,
    /// The newest outbox row, and the one up to which rows are pruned.
    pub last: i64,
    pub pruned: i64,
    users: HashMap<UserId, User>,
    /// The user of each living session.
    sessions: HashMap<SessionId, UserId>,
    shares: HashMap<(PersonId, ViewerId), Share>,
    rows: HashMap<(PersonId, i64), Rc<Rows>>,
    entries: HashMap<(i64, Detail), Rc<str>>,
    newest: HashMap<(PersonId, Granted), i64>,
    statuses: HashMap<(PersonId, Granted), Rc<Status>>,
    /// The people whom every viewer finds in their list.
    people: Option<Rc<Vec<User>>>,
}

/// Some rows about a person, and the entries they are about.
pub(super) struct Rows {
    pub found: Vec<OutboxRow>,
    entries: HashMap<EntryId, Entry>,
    /// The row up to which `found` is complete.
    pub up_to: i64,
}

/// A status as it is sent.
pub(super) struct Status {
    view: StatusView,
    pub text: String,
    pub digest: u64,
}

impl<'a> Reading<'a> {
    pub fn new(conn: &'a mut DbConnection, now: Timestamp) -> QueryResult<Self> {
        let (last, pruned) = outbox::ends(conn)?;
        Ok(Self {
            conn,
            now,
            last,
            pruned,
            users: HashMap::new(),
            sessions: HashMap::new(),
            shares: HashMap::new(),
            rows: HashMap::new(),
            entries: HashMap::new(),
            newest: HashMap::new(),
            statuses: HashMap::new(),
            people: None,
        })
    }

    /// The people whom the rows after `after` are about; `None` if there are too many rows to tell, or some were pruned.
    pub fn touched(&mut self, after: i64) -> QueryResult<Option<HashSet<PersonId>>> {
        if after < self.pruned {
            return Ok(None);
        }
        let persons = outbox::persons_after(self.conn, after, TOUCHED)?;
        Ok((persons.len() < TOUCHED as usize).then(|| persons.into_iter().collect()))
    }

    /// Reads sessions, users and shares of those who are to be looked at again.
    pub fn prepare(&mut self, concerned: &[Concerned]) -> QueryResult<()> {
        let sessions = once(concerned.iter().map(|concerned| concerned.session_id));
        for ids in sessions.chunks(CHUNK) {
            self.sessions.extend(living_sessions(self.conn, ids, self.now)?);
        }
        let users = once(concerned.iter().flat_map(Concerned::users));
        for ids in users.chunks(CHUNK) {
            self.users.extend(get_users(self.conn, ids)?.into_iter().map(|user| (user.id.clone(), user)));
        }
        let mut viewers: HashMap<&PersonId, Vec<&ViewerId>> = HashMap::new();
        for Concerned { reader_id, person, .. } in concerned {
            if let Some(person) = person.filter(|person| person.user() != reader_id.user()) {
                viewers.entry(person).or_default().push(reader_id);
            }
        }
        for (person, viewers) in viewers {
            for ids in once(viewers.into_iter()).chunks(CHUNK) {
                let shares = shares_with(self.conn, person, ids)?.into_iter();
                self.shares.extend(shares.map(|share| ((share.person_id.clone(), share.viewer_id.clone()), share)));
            }
        }
        Ok(())
    }

    /// The reader, if their session still lets them in by the rules of [`crate::auth::guard::Reader`].
    pub fn reader(&self, session: &SessionId, reader: &ViewerId) -> Option<User> {
        let theirs = self.sessions.get(session).is_some_and(|user| user == reader.user());
        let may_read = |user: &&User| !user.disabled && user.temporary_password_until.is_none();
        self.users.get(reader.user()).filter(|_| theirs).filter(may_read).cloned()
    }

    /// The part of a person that the reader may see.
    pub fn watched(&self, reader: &User, person: &PersonId) -> Option<Watched> {
        let share = self.shares.get(&(person.clone(), reader.as_viewer()));
        let person = self.users.get(person.user())?;
        let granted = decide(Ends { person, viewer: reader }, share, self.now)?;
        Some(Watched { person: person.clone(), granted })
    }

    /// The rows about a person that come after `after`, as many as are taken at once.
    pub fn rows(&mut self, person: &PersonId, after: i64) -> QueryResult<Rc<Rows>> {
        let key = (person.clone(), after);
        if let Some(rows) = self.rows.get(&key) {
            return Ok(Rc::clone(rows));
        }
        let rows = outbox::rows_after(self.conn, person, after, ROWS)?;
        let ids: Vec<EntryId> = rows.iter().filter_map(OutboxRow::entry).collect();
        let entries = entries_of(self.conn, person, &once(ids.iter()))?;
        let entries = entries.into_iter().map(|entry| (entry.id.clone(), entry)).collect();
        let up_to = rows.last().filter(|_| rows.len() == ROWS as usize).map_or(self.last, |row| row.id);
        let rows = Rc::new(Rows { found: rows, entries, up_to });
        self.rows.insert(key, Rc::clone(&rows));
        Ok(rows)
    }

    /// The data about the entry of `row`, which is one of `rows`, for a reader who sees it in `detail`.
    pub fn entry(&mut self, rows: &Rows, row: &OutboxRow, id: &EntryId, detail: Detail) -> Rc<str> {
        let render = || {
            let entry = rows.entries.get(id).filter(|entry| entry.deleted_at.is_none()).cloned();
            let entry = entry.and_then(|entry| entry.view_at(detail));
            json!({"id": id, "deleted": entry.is_none(), "entry": entry}).to_string().into()
        };
        Rc::clone(self.entries.entry((row.id, detail)).or_insert_with(render))
    }

    /// The newest row that a reader with this access to a person could have been shown. It is never pruned.
    pub fn newest(&mut self, reader: &User, watched: &Watched) -> QueryResult<i64> {
        let Watched { person, granted } = watched;
        let id = person.as_person();
        let share = if granted.own { 0 } else { outbox::newest_of_share(self.conn, &id, &reader.as_viewer())? };
        let key = (id.clone(), *granted);
        let known = self.newest.get(&key).copied();
        let newest = match known {
            Some(newest) => newest,
            None if granted.own => outbox::newest(self.conn, &id)?,
            None => self.newest_shown(&id, *granted)?,
        };
        self.newest.insert(key, newest);
        Ok(newest.max(share))
    }

    /// The place of a reader who has seen all that they may, and was sent no status yet.
    pub fn newest_place(&mut self, reader: &User, watched: &Watched) -> QueryResult<StreamPlace> {
        let row = if watched.granted.history { self.newest(reader, watched)? } else { NO_ROWS };
        Ok(StreamPlace { row, digest: 0 })
    }

    fn newest_shown(&mut self, person: &PersonId, granted: Granted) -> QueryResult<i64> {
        let mut newest = 0;
        for topic in Metric::ALL.map(Topic::Metric).into_iter().chain([Topic::Person]) {
            for level in Detail::SHOWN.into_iter().filter(|level| *level <= granted.notices(topic)) {
                newest = newest.max(outbox::newest_of(self.conn, person, topic, level)?);
            }
        }
        Ok(newest)
    }

    pub fn status(&mut self, watched: &Watched) -> QueryResult<Rc<Status>> {
        let key = (watched.person.as_person(), watched.granted);
        if let Some(status) = self.statuses.get(&key) {
            return Ok(Rc::clone(status));
        }
        let view = status(self.conn, watched, self.now)?;
        let text = json!(view).to_string();
        let status = Rc::new(Status { view, digest: ids::digest(&text), text });
        self.statuses.insert(key, Rc::clone(&status));
        Ok(status)
    }

    /// The digest of how the person, as they are now, would have been seen at `at`.
    pub fn digest_at(&mut self, watched: &Watched, at: Timestamp) -> QueryResult<u64> {
        Ok(ids::digest(&json!(status(self.conn, watched, at)?).to_string()))
    }

    /// The answer of `GET /people?limit=100`, and the others whose status it shows.
    pub fn people(&mut self, reader: &User, cursors: &Cursors) -> QueryResult<(String, Vec<ShownPerson>)> {
        let page = cursors.first(format!("people|{}", reader.id), PEOPLE);
        let people = match self.people.clone().filter(|_| reader.role() == Role::Viewer) {
            Some(people) => people,
            None => Rc::new(list_people(self.conn, reader, "", page.rows())?),
        };
        if reader.role() == Role::Viewer {
            self.people = Some(Rc::clone(&people));
        }
        let page = page.of(people.to_vec(), |last| last.username.clone());
        let shares = shares_to(self.conn, &reader.as_viewer())?.into_iter();
        let mut shares: HashMap<PersonId, Share> = shares.map(|share| (share.person_id.clone(), share)).collect();
        let mut shown = Vec::new();
        let page = page.try_map(|person| {
            let share = shares.remove(&person.as_person());
            view_with(reader, person, share, self.now, |watched| {
                let status = self.status(watched)?;
                if !watched.granted.own {
                    let (person_id, username) = (watched.person.as_person(), watched.person.username.clone());
                    shown.push(ShownPerson { person_id, username, digest: status.digest });
                }
                Ok(status.view.clone())
            })
        })?;
        Ok((json!(page).to_string(), shown))
    }

    /// The event about `row` for the person themself: its name and its data.
    pub fn own(&mut self, person: &User, row: &OutboxRow) -> QueryResult<Option<(&'static str, Rc<str>)>> {
        let now = self.now;
        Ok(match (row.topic(), row.viewer()) {
            (Topic::Share | Topic::Viewer, Some(viewer)) => {
                // Of an account that is gone there is nothing to tell.
                let Some(viewer) = get_users(self.conn, &[viewer.user()])?.pop() else { return Ok(None) };
                Some(("share", json!(share_view(self.conn, Ends { person, viewer: &viewer }, now)?).to_string().into()))
            }
            (Topic::Own | Topic::Person, None) => Some(("me", json!(person.me(self.conn, now)?).to_string().into())),
            _ => None,
        })
    }
}

/// The ids without repetitions.
fn once<'a, T: Eq + Hash + ?Sized>(ids: impl Iterator<Item = &'a T>) -> Vec<&'a T> {
    ids.collect::<HashSet<_>>().into_iter().collect()
}
