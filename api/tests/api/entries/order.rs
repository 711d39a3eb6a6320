//! Each change of an entry counts as later than the one before it, whatever the clock says.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};
use status_tracker::{
    account::model::Role,
    clock::{DAY, HOUR, MINUTE, SECOND, Timestamp},
};

use super::{ENTRIES, all, path};
use crate::support::{Client, TestApp};

/// How far the clock moves before each step: on, not at all, or back.
const BY: [i64; 9] = [0, 0, 0, 1, SECOND, 3 * HOUR, -1, -HOUR, -2 * DAY];
const ZONES: [&str; 3] = ["Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago"];

/// The content of each entry, deleted or not, and when it was changed.
async fn known(client: &Client) -> BTreeMap<String, (Value, Timestamp)> {
    let mut entries = all(client, &format!("/api/v1/people/{}/entries?limit=100", client.username)).await;
    entries.append(&mut all(client, &format!("{ENTRIES}/deleted?limit=100")).await);
    let says = |mut entry: Value| {
        let changed = entry.as_object_mut().unwrap().remove("updated_at").unwrap();
        (entry["id"].as_str().unwrap().to_owned(), (entry, Timestamp::parse(changed.as_str().unwrap()).unwrap()))
    };
    entries.into_iter().map(says).collect()
}

/// Previews a bulk change and applies it. The answer's entries are as they are read afterwards.
async fn apply(client: &Client, path: &str, mut body: Value) {
    let preview = client.post(&format!("{path}?dry_run=true"), body.clone()).await;
    body["digest"] = preview.expect(StatusCode::OK).json["digest"].clone();
    let done = client.post(path, body).await;
    for item in done.expect(StatusCode::OK).json["items"].as_array().unwrap() {
        if item["after"].is_object() {
            assert_eq!(client.get(&self::path(item)).await.json, item["after"]);
        }
    }
}

/// An action on an entry, picked by numbers: which action, which entry, and which value.
async fn act(app: &TestApp, client: &Client, entries: &mut Vec<Value>, (what, which, value): (u8, usize, i32)) {
    let known = (!entries.is_empty()).then(|| path(&entries[which % entries.len()]));
    match (what, known) {
        (0, _) | (_, None) => entries.push(client.log("altitude", value, "2025-06-01T23:30:00Z").await),
        (1, Some(path)) => drop(client.patch(&path, json!({"value": value})).await),
        (2, Some(path)) => {
            let at = format!("2025-06-{:02}T12:00:00Z", 10 + value);
            client.patch(&path, json!({"at": at, "note": "moved"})).await;
        }
        (3, Some(path)) => drop(client.delete(&path).await),
        (4, Some(path)) => drop(client.post(&format!("{path}/restore"), json!({})).await),
        (5, Some(path)) => drop(client.post(&format!("{path}/versions/{value}/restore"), json!({})).await),
        (6, _) => {
            let to = Timestamp(app.clock.now().0 - i64::from(value - 1) * MINUTE);
            apply(client, &format!("{ENTRIES}/rewind"), json!({"to": to})).await;
        }
        _ => {
            let zone = ZONES[which % ZONES.len()];
            client.patch("/api/v1/me", json!({"time_zone": zone})).await.expect(StatusCode::OK);
            apply(client, &format!("{ENTRIES}/recompute"), json!({})).await;
        }
    }
}

#[actix_web::test]
async fn each_change_by_any_clock_is_later_than_the_one_before() {
    let app = TestApp::start().await;
    let mut runner = TestRunner::deterministic();
    let step = (0..BY.len(), 0..8_u8, any::<prop::sample::Index>(), 1..=10_i32);
    let strategy = prop::collection::vec(step, 60);
    let mut changes = 0;
    for case in 0..6 {
        let steps = strategy.new_tree(&mut runner).unwrap().current();
        let person = app.named(&format!("person{case}"), Role::Admin).await;
        let (mut entries, mut before) = (Vec::new(), BTreeMap::new());
        for (number, (by, what, which, value)) in steps.into_iter().enumerate() {
            app.clock.set_by(BY[by]);
            act(&app, &person, &mut entries, (what, which.index(64), value)).await;
            let after = known(&person).await;
            for (id, (said, then)) in &before {
                let (says, now) = &after[id];
                let seen = format!("case {case}, step {number}, {what}: {then} {said}, then {now} {says}");
                assert!(if says == said { now == then } else { now > then }, "{seen}");
                changes += u32::from(says != said);
            }
            before = after;
        }
    }
    assert!(changes > 100, "only {changes} changes");
    let gaps = "SELECT count(*) AS n FROM entry_versions AS older LEFT JOIN entry_versions AS newer
                ON newer.user_id = older.user_id AND newer.entry_id = older.entry_id AND newer.number = older.number + 1
                JOIN entries ON entries.user_id = older.user_id AND entries.id = older.entry_id
                WHERE older.replaced_at <= older.valid_from
                OR older.replaced_at <> coalesce(newer.valid_from, entries.updated_at)";
    assert_eq!(app.number(gaps), 0, "one version ends where the next begins");
}
