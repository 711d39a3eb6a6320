//! Hidden data cannot be inferred: a viewer compares everything they receive before and after a change that is hidden from them, and finds
//! no difference in status, headers, order, cursors or errors.

use actix_web::http::StatusCode;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};
use status_tracker::{
    account::{model::Role, privacy_policy},
    clock::{SECOND, Timestamp},
    server::document,
};

use super::{
    robin_and_alex,
    settings::{DETAILS, Terms, live, put},
    ways_out::{ID_IS, all_answers},
};
use crate::support::{Client, TestApp};

const ME: &str = "/api/v1/me";
const REWIND: &str = "/api/v1/entries/rewind";
const WATER: &str = "/api/v1/entries/019cb2f0-0000-7000-8000-00000000000a";
const ALTITUDE: &str = "/api/v1/entries/019cb2f0-0000-7000-8000-00000000000b";
const OLD_WATER: &str = "/api/v1/entries/019cb2f0-0000-7000-8000-00000000000c";

/// A change, from whom it is hidden, and whether viewers who see everything are notified.
struct Change {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    body: Value,
    hidden: fn(Terms) -> bool,
    shown_to_all: bool,
}

fn change(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    body: Value,
    hidden: fn(Terms) -> bool,
) -> Change {
    Change { name, method, path, body, hidden, shown_to_all: true }
}

/// A change that concerns nobody who watches.
fn silent(name: &'static str, method: &'static str, path: &'static str, body: Value) -> Change {
    Change { shown_to_all: false, ..change(name, method, path, body, |_| true) }
}

/// The changes, in an order in which each can follow the one before.
fn changes() -> Vec<Change> {
    changes_of_entries().into_iter().chain(changes_of_preferences()).chain(changes_of_others()).collect()
}

fn changes_of_entries() -> Vec<Change> {
    let entry = |path: &str, metric: &str, value: i32, at: &str| json!({"id": path.rsplit('/').next(), "metric": metric, "value": value, "at": at});
    let no_water: fn(Terms) -> bool = |terms| terms.water == "none";
    let no_altitude: fn(Terms) -> bool = |terms| terms.altitude == "none";
    let logged = "/api/v1/entries";
    vec![
        change("water is logged", "POST", logged, entry(WATER, "water", 200, "2026-03-01T11:30:00Z"), no_water),
        change("water within its band", "PATCH", WATER, json!({"value": 210}), water_narrowed),
        change("a note on water", "PATCH", WATER, json!({"note": "hidden"}), |terms| {
            terms.water != "exact" || !terms.history
        }),
        change("tags on water", "PATCH", WATER, json!({"tags": ["hidden"]}), |terms| {
            terms.water != "exact" || !terms.history
        }),
        change("ounces of water", "PATCH", WATER, json!({"fl_oz_tenths": 71}), water_narrowed),
        change("water of another band", "PATCH", WATER, json!({"value": 10}), |terms| {
            ["none", "logged"].contains(&terms.water)
        }),
        change("water at another time", "PATCH", WATER, json!({"at": "2026-03-01T11:31:00Z"}), no_water),
        change("water is deleted", "DELETE", WATER, json!(null), no_water),
        change("water is brought back", "POST", concat_restore(WATER), json!(null), no_water),
        change(
            "altitude is logged",
            "POST",
            logged,
            entry(ALTITUDE, "altitude", 9, "2026-03-01T11:40:00Z"),
            no_altitude,
        ),
        change("altitude within its band", "PATCH", ALTITUDE, json!({"value": 10}), |terms| terms.altitude != "exact"),
        change("a note on altitude", "PATCH", ALTITUDE, json!({"note": "hidden"}), |terms| {
            terms.altitude != "exact" || !terms.history
        }),
        change("altitude of another band", "PATCH", ALTITUDE, json!({"value": 1}), |terms| {
            ["none", "logged"].contains(&terms.altitude)
        }),
        change("altitude is deleted", "DELETE", ALTITUDE, json!(null), no_altitude),
        change(
            "yesterday's water is logged",
            "POST",
            logged,
            entry(OLD_WATER, "water", 300, "2026-02-28T12:00:00Z"),
            |terms| !terms.history || terms.water == "none",
        ),
        change("yesterday's water is changed", "PATCH", OLD_WATER, json!({"value": 50, "note": "hidden"}), |terms| {
            !terms.history || ["none", "logged"].contains(&terms.water)
        }),
        change("yesterday's water is deleted", "DELETE", OLD_WATER, json!(null), |terms| {
            !terms.history || terms.water == "none"
        }),
    ]
}

fn changes_of_preferences() -> Vec<Change> {
    vec![
        change("the goal", "PATCH", ME, json!({"daily_goal_ml": 1100}), water_narrowed),
        silent("what only robin sees", "PATCH", ME, json!({"unit": "fl_oz", "water_presets_ml": [1, 2, 3]})),
        silent("a zone that is not taken", "PATCH", ME, json!({"device_time_zone": "Asia/Tokyo"})),
        // By these settings noon is the same day and as fresh, too.
        silent("the start of the day", "PATCH", ME, json!({"day_starts_at": 4})),
        silent("when it is ageing", "PATCH", ME, json!({"ageing_after_hours": 7})),
        silent("when it is stale", "PATCH", ME, json!({"stale_after_hours": 40})),
        change(
            "the goal, and hours",
            "PATCH",
            ME,
            json!({"daily_goal_ml": 1000, "day_starts_at": 0, "stale_after_hours": 50}),
            water_narrowed,
        ),
        silent("whom else they let watch", "PATCH", ME, json!({"sharing": "everyone"})),
        silent("whom else no more", "PATCH", ME, json!({"sharing": "approved"})),
        silent("the policy", "PATCH", ME, json!({"privacy_policy_version": privacy_policy::VERSION})),
        change("a later note", "PATCH", WATER, json!({"note": "later"}), |terms| {
            terms.water != "exact" || !terms.history
        }),
        change("the note is taken back with all since", "POST", REWIND, json!({}), |terms| {
            terms.water != "exact" || !terms.history
        }),
    ]
}

fn changes_of_others() -> Vec<Change> {
    vec![
        silent("another viewer's name", "PATCH", "/api/v1/admin/users/kim", json!({"display_name": "Kim K."})),
        silent("another viewer is shut out", "PATCH", "/api/v1/admin/users/kim", json!({"disabled": true})),
        silent("another viewer is back", "PATCH", "/api/v1/admin/users/kim", json!({"disabled": false})),
        silent("a new viewer", "POST", "/api/v1/admin/users", json!({"username": "lee", "role": "viewer"})),
        silent("a viewer goes", "DELETE", "/api/v1/admin/users/lee", json!(null)),
        silent("another viewer's share", "PATCH", "/api/v1/me/shares/kim", json!({"water": "none", "history": false})),
        silent("another viewer's end", "DELETE", "/api/v1/me/shares/kim", json!(null)),
    ]
}

fn water_narrowed(terms: Terms) -> bool {
    terms.water != "exact"
}

fn concat_restore(path: &str) -> &'static str {
    assert_eq!(path, WATER);
    "/api/v1/entries/019cb2f0-0000-7000-8000-00000000000a/restore"
}

/// Entries that were logged again have new places in the outbox, and so other ids.
async fn all_but_ids(viewer: &Client) -> Vec<String> {
    all_answers(viewer).await.into_iter().filter(|answer| !answer.contains(ID_IS)).collect()
}

/// Names the first answer that differs.
#[track_caller]
fn assert_alike(after: &[String], before: &[String], what: &str) {
    for (after, before) in after.iter().zip(before) {
        assert_eq!(after, before, "{what}");
    }
    assert_eq!(after.len(), before.len(), "{what}");
}

async fn does(app: &TestApp, robin: &Client, change: &Change) {
    if change.path == REWIND {
        return rewind_last(app, robin).await;
    }
    let (kind, body) =
        if change.body.is_null() { ("", String::new()) } else { ("application/json", change.body.to_string()) };
    let answer = robin.send(change.method, change.path, kind, body).await;
    assert!(answer.status.is_success(), "{}: {}", change.name, answer.json);
}

/// Takes back the last second's changes.
async fn rewind_last(app: &TestApp, robin: &Client) {
    let mut body = json!({"to": Timestamp(app.clock.now().0 - SECOND - 1)});
    body["digest"] = robin.post(&format!("{REWIND}?dry_run=true"), body.clone()).await.json["digest"].clone();
    let done = robin.post(REWIND, body).await;
    assert_eq!(done.expect(StatusCode::OK).json["items"].as_array().unwrap().len(), 1);
}

/// The fields that everybody sees who may watch.
const SHOWN: [&str; 2] = ["display_name", "time_zone"];

#[test]
fn every_preference_is_tried() {
    let document = serde_json::to_value(document()).unwrap();
    let fields = document["components"]["schemas"]["UpdateMe"]["properties"].as_object().unwrap();
    let changes = changes();
    let tried = |field: &String| changes.iter().any(|change| change.path == ME && change.body.get(field).is_some());
    let forgotten: Vec<_> = fields.keys().filter(|field| !SHOWN.contains(&field.as_str()) && !tried(field)).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

#[actix_web::test]
async fn a_hidden_change_changes_no_answer() {
    // Most of the time is spent waiting for streams.
    futures_util::future::join_all(Terms::all().map(nothing_hidden_shows)).await;
}

async fn nothing_hidden_shows(terms: Terms) {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    live(&robin).await;
    app.named("kim", Role::Viewer).await;
    put(&app, "approved", terms, None);
    app.execute(
        "INSERT INTO shares (person_id, viewer_id, state, water, altitude, history, export, since)
         SELECT person.id, viewer.id, 'approved', 'exact', 'exact', 1, 0, 0
         FROM users AS person, users AS viewer WHERE person.username = 'robin' AND viewer.username = 'kim'",
    );
    let mut before = all_answers(&alex).await;
    let mut hidden = 0;
    for change in changes() {
        app.clock.advance(SECOND);
        does(&app, &robin, &change).await;
        let after = all_answers(&alex).await;
        if (change.hidden)(terms) {
            assert_alike(&after, &before, &format!("{} shows with {terms:?}", change.name));
            hidden += 1;
        } else if change.shown_to_all && terms == (Terms { water: "exact", altitude: "exact", history: true }) {
            assert_ne!(after, before, "{} should show to whoever sees all: else the test shows nothing", change.name);
        }
        before = after;
    }
    assert!(hidden >= 14, "{terms:?}");
    assert_all_kinds_of_rows(&app);
}

/// Every kind of row that the outbox can hold was tried: topic, level, and whether it has a subject.
fn assert_all_kinds_of_rows(app: &TestApp) {
    let number = |kind: &str| app.number(&format!("SELECT count(*) AS n FROM outbox WHERE {kind}"));
    for topic in ["water", "altitude"] {
        for level in 1..=3 {
            let kind = format!("topic = '{topic}' AND level = {level} AND subject IS NOT NULL");
            assert!(number(&kind) > 0, "{kind}");
        }
    }
    for kind in [
        "topic = 'water' AND subject IS NULL",
        "topic = 'person' AND level = 3",
        "topic = 'own' AND subject IS NULL",
        "topic = 'own' AND subject IS NOT NULL",
        "topic = 'share'",
    ] {
        assert!(number(kind) > 0, "{kind}");
    }
}

/// One generated entry: metric, position of the value in its band, band, hours before noon, note.
type Made = (bool, i32, usize, u32, bool);

/// Removes everything and logs these entries, with the same ids each time.
async fn begin_anew(app: &TestApp, robin: &Client, entries: &[(usize, Made)]) {
    app.execute("DELETE FROM entries");
    for (number, (water, within, band, hours, noted)) in entries {
        let (metric, lowest) = if *water { ("water", [1, 200, 400][*band]) } else { ("altitude", [1, 4, 8][*band]) };
        let value = lowest + if *water { *within } else { within % 3 };
        let body = json!({
            "id": format!("019cb2f0-0000-7000-8000-0000000001{number:02}"),
            "metric": metric,
            "value": value,
            "at": format!("2026-02-{:02}T{:02}:00:00Z", 26 + hours / 24, hours % 24),
            "note": noted.then_some("between us"),
        });
        robin.post("/api/v1/entries", body).await.expect(StatusCode::CREATED);
    }
}

/// The same entries, with everything replaced that `terms` hide.
fn scrambled(entries: &[(usize, Made)], terms: Terms, with: &[(usize, Made)]) -> Vec<(usize, Made)> {
    let mut all: Vec<(usize, Made)> = Vec::new();
    for ((number, mut made), (_, other)) in entries.iter().copied().zip(with) {
        let detail = if made.0 { terms.water } else { terms.altitude };
        match detail {
            "none" => continue,
            "logged" => (made.1, made.2, made.4) = (other.1, other.2, other.4),
            "band" => (made.1, made.4) = (other.1, other.4),
            _ => {}
        }
        all.push((number, made));
    }
    let unseen = with.iter().copied().filter(|(_, made)| (if made.0 { terms.water } else { terms.altitude }) == "none");
    all.extend(unseen.map(|(number, made)| (number + 50, made)));
    all
}

#[actix_web::test]
async fn the_answers_to_a_viewer_depend_on_nothing_but_what_is_visible() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    let detail = || prop::sample::select(DETAILS.to_vec());
    let made = || (any::<bool>(), 0..20_i32, 0..3_usize, 0..72_u32, any::<bool>());
    let list = || prop::collection::vec(made(), 8).prop_map(|made| made.into_iter().enumerate().collect::<Vec<_>>());
    let strategy = (detail(), detail(), any::<bool>(), list(), list());
    let mut runner = TestRunner::deterministic();
    for _ in 0..24 {
        let (water, altitude, history, entries, with) = strategy.new_tree(&mut runner).unwrap().current();
        let terms = Terms { water, altitude, history };
        put(&app, "approved", terms, None);
        begin_anew(&app, &robin, &entries).await;
        let before = all_but_ids(&alex).await;
        // All of it lies before today, whose band would show something of it.
        begin_anew(&app, &robin, &scrambled(&entries, terms, &with)).await;
        assert_alike(&all_but_ids(&alex).await, &before, &format!("{terms:?}\n{entries:?}\n{with:?}"));
    }
}
