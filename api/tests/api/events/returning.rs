//! A hundred viewers, cut off at random and all at once: nobody misses anything, and nobody receives anything twice.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use diesel::connection::SimpleConnection;
use rand::{Rng, SeedableRng, rngs::SmallRng};
use secrecy::SecretString;
use serde_json::json;
use status_tracker::{
    auth::{Named, jwt::JwtKeys},
    clock::{Clock, DAY, Timestamp},
};
use uuid::Uuid;

use super::raw::Raw;
use crate::db::crash::{Client, JWT_SECRET, PATIENCE, Site};

const VIEWERS: usize = 100;
/// The viewers receive 10,000 entries altogether, and as many statuses.
const ENTRIES: usize = 100;

/// Makes users and sessions by SQL, since this test is not about how they come about.
fn viewers(site: &Site) -> Vec<String> {
    let tokens = JwtKeys::new(&SecretString::from(JWT_SECRET), None);
    let now = Clock::system().now();
    let expires = Timestamp(now.0 + DAY);
    let mut connection = site.connect();
    let id = |kind: usize, number: usize| Uuid::from_u128(((kind * 1000 + number) as u128) << 80 | 7 << 76 | 2 << 62);
    connection.batch_execute("PRAGMA busy_timeout = 5000; UPDATE users SET sharing = 'everyone'").unwrap();
    let add = |number: usize| {
        let (user, session) = (id(1, number), id(2, number));
        connection
            .batch_execute(&format!(
                "INSERT INTO users (id, username, display_name, role, password_hash, time_zone, day_starts_at, unit, daily_goal_ml,
                                    water_presets_ml, created_at)
                 VALUES ('{user}', 'viewer-{number}', 'x', 'viewer', 'x', 'UTC', 0, 'ml', 2000, '[]', 0);
                 INSERT INTO sessions (id, user_id, kind, created_at, expires_at, last_seen_at)
                 VALUES ('{session}', '{user}', 'jwt', {now}, {expires}, {now})",
                now = now.0,
                expires = expires.0
            ))
            .unwrap();
        tokens.issue(Named { user, session }, now, expires).unwrap()
    };
    (0..VIEWERS).map(add).collect()
}

/// The entries that all viewers wait for, and how far all of them are.
struct Audience<'a> {
    site: &'a Site,
    wanted: &'a [String],
    deadline: Instant,
    listening: AtomicUsize,
    cuts: AtomicUsize,
    told: AtomicUsize,
}

impl Audience<'_> {
    /// Listens until all entries came, and breaks the connection off after a few events each time.
    fn listen(&self, number: usize, token: &str) {
        let mut random = SmallRng::seed_from_u64(number as u64);
        let (mut last, mut ids, mut entries) = (String::new(), BTreeSet::new(), Vec::new());
        while entries.len() < ENTRIES {
            assert!(Instant::now() < self.deadline, "viewer {number} was told {} entries", entries.len());
            let Ok(stream) = Raw::open(self.site.address, token, "robin", &last) else {
                thread::yield_now();
                continue;
            };
            for event in stream.take(random.gen_range(1..40)) {
                if ids.is_empty() {
                    self.listening.fetch_add(1, Ordering::Relaxed);
                }
                assert!(["status", "entry"].contains(&event.name.as_str()), "{event:?}");
                assert!(ids.insert(event.id.clone()), "viewer {number} was told twice: {event:?}");
                if event.name == "entry" {
                    let entry: serde_json::Value = serde_json::from_str(&event.data).unwrap();
                    entries.push(entry["id"].as_str().unwrap().to_owned());
                }
                last = event.id;
                self.told.fetch_add(1, Ordering::Relaxed);
                if entries.len() == ENTRIES {
                    break;
                }
            }
            self.cuts.fetch_add(1, Ordering::Relaxed);
        }
        assert_eq!(entries, self.wanted, "viewer {number}: each once, in order");
    }
}

#[test]
fn a_hundred_viewers_who_are_cut_off_miss_nothing_and_hear_nothing_twice() {
    let site = Site::new();
    let robin = site.token();
    let tokens = viewers(&site);
    let clock = Clock::system();
    let wanted: Vec<String> = (0..ENTRIES).map(|_| clock.new_id().to_string()).collect();
    let mut server = site.serve();
    let deadline = Instant::now() + PATIENCE;
    let [listening, cuts, told] = [0; 3].map(AtomicUsize::new);
    let audience = Audience { site: &site, wanted: &wanted, deadline, listening, cuts, told };
    thread::scope(|scope| {
        for (number, token) in tokens.iter().enumerate() {
            let audience = &audience;
            scope.spawn(move || audience.listen(number, token));
        }
        while audience.listening.load(Ordering::Relaxed) < VIEWERS {
            assert!(Instant::now() < deadline, "not everybody came to listen");
            thread::yield_now();
        }
        let mut writer = Client::new(site.address, &robin);
        for (number, id) in wanted.iter().enumerate() {
            let entry = json!({"id": id, "metric": "water", "value": 1 + number});
            assert_eq!(writer.request("POST", "/api/v1/entries", Some(&entry)).unwrap().0, 201);
            if number == ENTRIES / 2 {
                server.kill();
                server = site.serve();
                writer = Client::new(site.address, &robin);
            }
        }
    });
    let (cuts, told) = (audience.cuts.into_inner(), audience.told.into_inner());
    println!("{told} events told over {cuts} connections");
    assert!(cuts >= 2 * VIEWERS);
}
