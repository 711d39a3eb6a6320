//! Rewinding and recomputing a long history: both hold up everybody's writes while they run, so they have to be quick.

mod support;

use std::{process::ExitCode, time::Instant};

use serde_json::{Value, json};
use status_tracker::{
    account::{
        ids::UserId,
        model::{NewUser, Role, insert_user},
    },
    clock::{MINUTE, Timestamp},
    entries::{change::insert_entries, model::Entry},
    metric::Metric,
};
use support::Connection;

const ENTRIES: i32 = 100_000;
/// The longest that one of them may take, in seconds.
const LIMIT: f64 = 10.0;

fn main() -> ExitCode {
    if !support::wanted() {
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let services = support::services(&folder, "4");
    let state = services.state.clone();
    let (id, now) = (state.clock.new_id(), state.clock.now());
    let user = NewUser::new(id, "robin", Role::Admin, support::password_hash(&services), now);
    let entry = |number: i32| {
        let at = Timestamp(now.0 - i64::from(number) * 30 * MINUTE);
        let (owner, id) = (UserId::from(id).as_person(), state.clock.new_id().into());
        Entry::new(owner, id, Metric::Water, 1 + number % 500, at, at.logical_day(chrono_tz::UTC, 0), at)
    };
    let entries: Vec<Entry> = (0..ENTRIES).map(entry).collect();
    let insert = move |conn: &mut _| {
        insert_user(conn, &user)?;
        Ok(insert_entries(conn, &entries)?)
    };
    state.db.write_blocking(insert).expect("entries");
    let address = support::serve(services);
    let mut connection = Connection::open(address);
    connection.authorize(&support::token(address, "robin"));
    // At the other side of the world and four in the morning, so that nearly every entry moves.
    connection.json("PATCH", "/api/v1/me", Some(&json!({"time_zone": "Pacific/Pago_Pago", "day_starts_at": 6})));

    println!("{:30}{:>10}{:>10}{:>10}{:>10}", "100,000 entries, seconds", "changed", "preview", "done", "then read");
    let before = state.clock.now();
    let mut held = run(&mut connection, "recompute", &mut json!({}));
    held &= run(&mut connection, "rewind", &mut json!({"to": before}));
    held &= run(&mut connection, "rewind", &mut json!({"to": "2000-01-01T00:00:00Z"}));
    println!("\nNone may take more than {LIMIT} s: {}", if held { "held" } else { "NOT HELD" });
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Looks at the preview and applies it; whether both were quick enough.
fn run(connection: &mut Connection, what: &str, body: &mut Value) -> bool {
    let path = format!("/api/v1/entries/{what}");
    let begun = Instant::now();
    let preview = connection.json("POST", &format!("{path}?dry_run=true"), Some(body));
    let shown = begun.elapsed().as_secs_f64();
    body["digest"] = preview["digest"].clone();
    let begun = Instant::now();
    let done = connection.json("POST", &path, Some(body));
    let applied = begun.elapsed().as_secs_f64();
    let changed: u64 =
        ["moved", "removed", "changed", "brought_back"].iter().filter_map(|count| done[count].as_u64()).sum();
    let begun = Instant::now();
    connection.get("/api/v1/people/robin/entries?limit=100");
    println!("{what:30}{changed:>10}{shown:>10.2}{applied:>10.2}{:>10.3}", begun.elapsed().as_secs_f64());
    done["applied"] == true && shown.max(applied) <= LIMIT
}
