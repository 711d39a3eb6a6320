//! Whether time spent with the product makes it slower: one person with a million entries beside one with a thousand, over HTTP.
//!
//! The ratios decide the exit code: both sides of each are measured in turn on one connection, so whatever slows the machine down slows
//! both. The figures below them are for information, because they tell more about the machine.

mod support;

use std::{
    net::SocketAddr,
    process::ExitCode,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use status_tracker::{
    account::{
        ids::{PersonId, UserId},
        model::{NewUser, Role, insert_user},
    },
    clock::{Clock, MINUTE, Timestamp},
    entries::{change::insert_entries, model::Entry},
    metric::Metric,
};
use support::Connection;
use tempfile::TempDir;

const MANY: i64 = 1_000_000;
const FEW: i64 = 1_000;
/// The most that the end of a long history may cost, as a multiple of its beginning.
const LIMIT: f64 = 1.5;
const ROUNDS: usize = 1_500;
const CONNECTIONS: usize = 64;
const SPELL: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    if !support::wanted() {
        return ExitCode::SUCCESS;
    }
    let begun = Instant::now();
    let bench = Bench::start();
    println!("{} entries inserted in {:.0?}\n", MANY + FEW, begun.elapsed());
    let held = bench.ratios();
    bench.throughput();
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Bench {
    address: SocketAddr,
    /// The tokens of the person with many entries and of the one with few.
    tokens: [String; 2],
    _folder: TempDir,
}

impl Bench {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let services = support::services(&folder, "4");
        let state = services.state.clone();
        let (clock, hash) = (state.clock.clone(), support::password_hash(&services));
        for (username, count) in [("many", MANY), ("few", FEW)] {
            let (id, hash, now) = (clock.new_id(), hash.clone(), clock.now());
            let user = NewUser::new(id, username, Role::Admin, hash, now);
            state.db.write_blocking(move |conn| insert_user(conn, &user)).expect("a user");
            let owner = UserId::from(id).as_person();
            for first in (0..count).step_by(50_000) {
                let entries: Vec<Entry> =
                    (first..count.min(first + 50_000)).map(|number| entry(&owner, number, now)).collect();
                state.db.write_blocking(move |conn| Ok(insert_entries(conn, &entries)?)).expect("entries");
            }
        }
        let address = support::serve(services);
        let tokens = ["many", "few"].map(|username| support::token(address, username));
        Self { address, tokens, _folder: folder }
    }

    /// As the person with many entries.
    fn connect(&self) -> Connection {
        let mut connection = Connection::open(self.address);
        connection.authorize(&self.tokens[0]);
        connection
    }

    /// Prints what each pair costs; whether all held.
    fn ratios(&self) -> bool {
        let history = "/api/v1/people/many/entries?limit=20";
        let years_ago =
            |days: i64| Timestamp(Clock::system().now().0 - days * 24 * 60 * MINUTE).to_string()[..10].to_owned();
        let long_ago = format!("&from={}&to={}", years_ago(6000), years_ago(5990));
        let lately = format!("&from={}&to={}", years_ago(30), years_ago(20));
        let last = |filter: &str| format!("{history}{filter}&cursor={}", self.last_cursor(filter));
        let first = |filter: &str| format!("{history}{filter}");
        let status = |username: &str| format!("/api/v1/people/{username}/status");
        let (many, few) = (self.tokens[0].as_str(), self.tokens[1].as_str());
        let wide = format!("&metric=altitude&from={}&to={}", years_ago(6900), years_ago(1));
        let pairs = [
            ("history, newest first", (many, first("")), (many, last(""))),
            ("history, oldest first", (many, first("&order=asc")), (many, last("&order=asc"))),
            ("history of one metric", (many, first("&metric=altitude")), (many, last("&metric=altitude"))),
            ("history of some days", (many, first(&lately)), (many, first(&long_ago))),
            (
                "... of one metric",
                (many, first(&format!("{lately}&metric=water"))),
                (many, first(&format!("{long_ago}&metric=water"))),
            ),
            ("one metric, 19 years by day", (many, first(&wide)), (many, last(&wide))),
            (
                "... oldest first",
                (many, first(&format!("{wide}&order=asc"))),
                (many, last(&format!("{wide}&order=asc"))),
            ),
            ("status, 1,000 to 1,000,000", (few, status("few")), (many, status("many"))),
        ];
        println!("{:30}{:>10}{:>10}{:>8}", "median, microseconds", "first", "last", "ratio");
        let mut held = true;
        for (name, (token, near), (other_token, far)) in pairs {
            // One connection for both, so that the same worker serves them.
            let mut connection = Connection::open(self.address);
            let mut times = [Vec::new(), Vec::new()];
            for round in 0..ROUNDS {
                // The second to ask finds the caches as the first one left them, so they also take turns at that.
                for side in [round % 2, 1 - round % 2] {
                    connection.authorize([token, other_token][side]);
                    let path = [&near, &far][side];
                    let begun = Instant::now();
                    connection.get(path);
                    times[side].push(begun.elapsed());
                }
            }
            let [near, far] = times.map(|mut times| {
                times.sort_unstable();
                times[times.len() / 2].as_secs_f64() * 1e6
            });
            let ratio = far / near;
            held &= ratio <= LIMIT;
            let verdict = if ratio <= LIMIT { "" } else { "  too slow" };
            println!("{name:30}{near:>10.0}{far:>10.0}{ratio:>8.2}{verdict}");
        }
        println!("\nNothing may cost more than {LIMIT} times: {}\n", if held { "held" } else { "NOT HELD" });
        held
    }

    /// The cursor of the last page of twenty, found by going there.
    fn last_cursor(&self, filter: &str) -> String {
        let mut connection = self.connect();
        let mut trail = vec![];
        let mut page = connection.json("GET", &format!("/api/v1/people/many/entries?limit=100{filter}"), None);
        while let Some(cursor) = page["next_cursor"].as_str().map(str::to_owned) {
            let path = format!("/api/v1/people/many/entries?limit=100{filter}&cursor={cursor}");
            trail.push(cursor);
            page = connection.json("GET", &path, None);
        }
        // From the last hundred in steps of twenty, as long as a full page comes.
        let mut last = trail.pop().expect("more than one page");
        let full = |items: &Value| items["items"].as_array().is_some_and(|items| items.len() == 20);
        loop {
            let page =
                connection.json("GET", &format!("/api/v1/people/many/entries?limit=20{filter}&cursor={last}"), None);
            match page["next_cursor"].as_str() {
                Some(cursor) => {
                    let next = format!("/api/v1/people/many/entries?limit=20{filter}&cursor={cursor}");
                    if !full(&connection.json("GET", &next, None)) {
                        return last;
                    }
                    cursor.clone_into(&mut last);
                }
                None => return last,
            }
        }
    }

    fn throughput(&self) {
        let status = |connection: &mut Connection, _: usize| drop(connection.get("/api/v1/people/many/status"));
        let page = |connection: &mut Connection, _: usize| drop(connection.get("/api/v1/people/many/entries?limit=20"));
        let insert = |connection: &mut Connection, number: usize| {
            let body = json!({"metric": "water", "value": 1 + number % 5000});
            let (status, _) = connection.request("POST", "/api/v1/entries", Some(&body));
            assert_eq!(status, 201);
        };
        println!("{CONNECTIONS} connections for {} s each, load and server on the same cores:", SPELL.as_secs());
        println!("{:>8.0} status reads a second", self.rate(status));
        println!("{:>8.0} history pages a second", self.rate(page));
        println!("{:>8.0} durable inserts a second", self.rate(insert));
    }

    fn rate(&self, work: impl Fn(&mut Connection, usize) + Sync) -> f64 {
        let (sender, counts) = mpsc::channel();
        let begun = Instant::now();
        thread::scope(|scope| {
            for _ in 0..CONNECTIONS {
                let (sender, work) = (sender.clone(), &work);
                scope.spawn(move || {
                    let mut connection = self.connect();
                    let mut count = 0_u32;
                    while begun.elapsed() < SPELL {
                        work(&mut connection, count as usize);
                        count += 1;
                    }
                    sender.send(count).expect("somebody who counts");
                });
            }
        });
        drop(sender);
        f64::from(counts.iter().sum::<u32>()) / begun.elapsed().as_secs_f64()
    }
}

/// One each ten minutes, back from now; seven of ten are water.
fn entry(owner: &PersonId, number: i64, now: Timestamp) -> Entry {
    let at = Timestamp(now.0 - number * 10 * MINUTE);
    let metric = if number % 10 < 7 { Metric::Water } else { Metric::Altitude };
    let value = 1 + i32::try_from(number % 10).unwrap_or_default();
    let random = u128::try_from(number).unwrap_or_default().wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let random: [u8; 10] = random.to_be_bytes()[..10].try_into().unwrap_or_default();
    let id = uuid::Builder::from_unix_timestamp_millis(u64::try_from(at.0).unwrap_or_default(), &random).into_uuid();
    Entry::new(owner.clone(), id.into(), metric, value, at, at.logical_day(chrono_tz::UTC, 0), at)
}
