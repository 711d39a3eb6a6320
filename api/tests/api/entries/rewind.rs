//! A rewind puts all entries back to how they were at a moment.

use actix_web::http::StatusCode;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};
use status_tracker::{
    account::model::Role,
    clock::{HOUR, MINUTE, SECOND, Timestamp},
};

use super::{ENTRIES, ID, all, path};
use crate::support::{Answer, Client, NOON, TestApp};

const REWIND: &str = "/api/v1/entries/rewind";

async fn preview(client: &Client, to: impl ToString) -> Answer {
    let answer = client.post(&format!("{REWIND}?dry_run=true"), json!({"to": to.to_string()})).await;
    assert_eq!(answer.expect(StatusCode::OK).json["applied"], false);
    answer
}

/// Previews the change and applies just that.
async fn rewind(client: &Client, to: impl ToString) -> Value {
    let mut shown = preview(client, to.to_string()).await.json;
    let body = json!({"to": to.to_string(), "digest": shown["digest"]});
    let done = client.post(REWIND, body).await;
    done.expect(StatusCode::OK);
    shown["applied"] = json!(true);
    assert_eq!(shown, done.json, "what was shown is what was done");
    shown
}

fn counts(answer: &Value) -> [i64; 3] {
    ["removed", "changed", "brought_back"].map(|count| answer[count].as_i64().unwrap())
}

/// Everything in somebody's history, without the times of the last changes.
async fn history(client: &Client) -> Vec<Value> {
    let mut entries = all(client, &format!("/api/v1/people/{}/entries?limit=100", client.username)).await;
    for entry in &mut entries {
        entry.as_object_mut().unwrap().remove("updated_at");
    }
    entries
}

/// The preview of a change back to 250 ml, on the day that they counted for.
fn expect_change(changed: &Value) {
    assert_eq!((&changed["change"], &changed["metric"]), (&json!("change"), &json!("water")));
    assert_eq!((&changed["before"]["value"], &changed["before"]["day"]), (&json!(300), &json!("2026-02-28")));
    assert_eq!(
        (&changed["after"]["value"], &changed["after"]["day"]),
        (&json!(250), &json!("2026-03-01")),
        "with its day"
    );
}

#[actix_web::test]
async fn everything_is_as_it_was_and_going_back_is_undone_by_going_back() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    app.clock.set_by(-SECOND);
    let untouched = robin.log("water", 100, "2026-03-01T06:00:00Z").await;
    let edited = robin.log("water", 250, "2026-03-01T02:00:00Z").await;
    let deleted = robin.log("altitude", 7, "2026-03-01T08:00:00Z").await;
    let gone = robin.log("water", 900, "2026-03-01T09:00:00Z").await;
    app.clock.advance(SECOND);
    robin.delete(&path(&gone)).await.expect(StatusCode::NO_CONTENT);
    let then = history(&robin).await;

    app.clock.advance(MINUTE);
    robin.patch("/api/v1/me", json!({"day_starts_at": 4})).await.expect(StatusCode::OK);
    robin.patch(&path(&edited), json!({"value": 300, "at": "2026-03-01T03:00:00Z", "tags": ["x"]})).await;
    robin.delete(&path(&deleted)).await.expect(StatusCode::NO_CONTENT);
    robin.post(&format!("{}/restore", path(&gone)), json!({})).await.expect(StatusCode::OK);
    let late = robin.log("altitude", 2, "2026-03-01T05:00:00Z").await;
    let brief = robin.log("altitude", 1, "2026-03-01T05:30:00Z").await;
    robin.delete(&path(&brief)).await.expect(StatusCode::NO_CONTENT);
    let later = history(&robin).await;
    app.clock.advance(MINUTE);

    let before = app.contents();
    let shown = preview(&robin, NOON).await.json;
    assert_eq!(counts(&shown), [2, 1, 1]);
    assert_eq!(app.contents(), before, "a preview changes nothing");
    let item = |entry: &Value| shown["items"].as_array().unwrap().iter().find(|item| item["id"] == entry["id"]);
    assert_eq!((item(&untouched), item(&brief)), (None, None));
    expect_change(item(&edited).unwrap());
    for (entry, change, is_before, is_after) in
        [(&deleted, "bring_back", false, true), (&gone, "remove", true, false), (&late, "remove", true, false)]
    {
        let item = item(entry).unwrap();
        assert_eq!(item["change"], change);
        assert_eq!((item["before"].is_object(), item["after"].is_object()), (is_before, is_after), "{item}");
    }

    assert_eq!(counts(&rewind(&robin, NOON).await), [2, 1, 1]);
    assert_eq!(history(&robin).await, then);
    assert_eq!(counts(&rewind(&robin, NOON).await), [0, 0, 0], "it is so already");
    let last = app.recorded("entry.rewind");
    assert_eq!(
        last,
        [["robin", "robin", "success", "to 2026-03-01T12:00:00.000Z: 2 removed, 1 changed, 1 brought back"]
            .map(str::to_owned)]
    );

    let moment_before = Timestamp(app.clock.now().0 - 1);
    assert_eq!(counts(&rewind(&robin, moment_before).await), [1, 1, 2]);
    assert_eq!(history(&robin).await, later);
    robin.post(&format!("{}/restore", path(&brief)), json!({})).await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn only_what_was_shown_is_done() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    for person in [&robin, &sasha] {
        person.post(ENTRIES, json!({"id": ID, "metric": "water", "value": 250})).await.expect(StatusCode::CREATED);
    }
    app.clock.advance(SECOND);
    robin.patch(&format!("{ENTRIES}/{ID}"), json!({"value": 300})).await.expect(StatusCode::OK);
    app.clock.advance(SECOND);
    let digest = preview(&robin, NOON).await.json["digest"].clone();
    let earlier = preview(&robin, "2026-03-01T11:00:00Z").await.json["digest"].clone();
    let theirs = preview(&sasha, NOON).await.json["digest"].clone();
    let of_nothing = preview(&robin, app.clock.now()).await.json["digest"].clone();
    let other = robin.post("/api/v1/entries/recompute?dry_run=true", json!({})).await.json["digest"].clone();
    assert_ne!(of_nothing, theirs, "even nothing is somebody's own");
    assert_ne!(of_nothing, other);

    let before = app.contents();
    for missing in [json!({"to": NOON}), json!({"to": NOON, "digest": null})] {
        let answer = robin.post(REWIND, missing).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields(), ["digest"]);
    }
    for wrong in [earlier, theirs, of_nothing, other, json!(""), json!("x"), json!("é".repeat(1000))] {
        let answer = robin.post(REWIND, json!({"to": NOON, "digest": wrong})).await;
        answer.expect_problem(409, "changed_since_preview");
    }
    assert_eq!(app.contents(), before);

    // Any change in between counts, however small.
    let arrived = robin.log("altitude", 5, NOON).await;
    let body = json!({"to": NOON, "digest": digest});
    robin.post(REWIND, body.clone()).await.expect_problem(409, "changed_since_preview");
    robin.delete(&path(&arrived)).await.expect(StatusCode::NO_CONTENT);
    robin.post(REWIND, body).await.expect(StatusCode::OK);

    robin.patch(&format!("{ENTRIES}/{ID}"), json!({"value": 400})).await.expect(StatusCode::OK);
    let digest = preview(&robin, NOON).await.json["digest"].clone();
    robin.patch(&format!("{ENTRIES}/{ID}"), json!({"note": "x"})).await.expect(StatusCode::OK);
    let before = app.contents();
    robin.post(REWIND, json!({"to": NOON, "digest": digest})).await.expect_problem(409, "changed_since_preview");
    assert_eq!(app.contents(), before);
    assert_eq!(app.recorded("entry.rewind").len(), 1);
}

#[actix_web::test]
async fn nobody_elses_entries_are_touched() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    app.clock.advance(SECOND);
    for person in [&robin, &sasha] {
        person.post(ENTRIES, json!({"id": ID, "metric": "water", "value": 250})).await.expect(StatusCode::CREATED);
        person.patch(&format!("{ENTRIES}/{ID}"), json!({"value": 300})).await.expect(StatusCode::OK);
    }
    let theirs = history(&sasha).await;
    assert_eq!(counts(&rewind(&robin, NOON).await), [1, 0, 0]);
    assert_eq!((history(&sasha).await, history(&robin).await), (theirs, vec![]));
    let versions = |name: &str| {
        app.number(&format!(
            "SELECT count(*) AS n FROM entry_versions JOIN users ON users.id = user_id WHERE username = '{name}'"
        ))
    };
    assert_eq!((versions("sasha"), versions("robin")), (1, 2));
}

#[actix_web::test]
async fn viewers_are_told_once_for_each_metric() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let mut waters = Vec::new();
    for value in [210, 220, 230] {
        waters.push(robin.log("water", value, NOON).await);
    }
    let mood = robin.log("altitude", 5, NOON).await;
    app.clock.advance(SECOND);
    for entry in &waters {
        robin.patch(&path(entry), json!({"note": "x"})).await.expect(StatusCode::OK);
    }
    robin.patch(&path(&waters[1]), json!({"value": 500})).await.expect(StatusCode::OK);
    let told =
        || app.number("SELECT count(*) AS n FROM outbox WHERE subject IS NULL AND topic IN ('water', 'altitude')");
    let last = || app.number("SELECT level AS n FROM outbox ORDER BY id DESC LIMIT 1");
    let all = || app.number("SELECT count(*) AS n FROM outbox");
    let before = all();
    rewind(&robin, NOON).await;
    assert_eq!((all(), told(), last()), (before + 1, 1, 2), "only of water, and to whoever sees bands of it");
    rewind(&robin, NOON).await;
    assert_eq!(all(), before + 1, "nothing was done, so nobody is told");

    app.clock.advance(SECOND);
    robin.patch(&path(&mood), json!({"note": "x"})).await.expect(StatusCode::OK);
    robin.delete(&path(&waters[0])).await.expect(StatusCode::NO_CONTENT);
    let before = all();
    rewind(&robin, Timestamp(app.clock.now().0 - 1)).await;
    assert_eq!((all(), told(), last()), (before + 2, 3, 3));
    assert_eq!(app.number("SELECT min(level) AS n FROM (SELECT level FROM outbox ORDER BY id DESC LIMIT 2)"), 1);
}

#[actix_web::test]
async fn an_entry_from_before_versions_stays_as_it_is() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let old = robin.log("water", 250, NOON).await;
    app.clock.advance(2 * HOUR);
    // The state after an edit from before versions were stored.
    app.execute(&format!("UPDATE entries SET value = 300, updated_at = {}", app.clock.now().0 - HOUR));
    let shown = preview(&robin, NOON).await.json;
    assert_eq!((counts(&shown), &shown["items"]), ([0; 3], &json!([])));
    robin.patch(&path(&old), json!({"value": 400})).await.expect(StatusCode::OK);
    assert_eq!(counts(&preview(&robin, NOON).await.json), [0; 3], "still unknown at noon");
    let known = Timestamp(app.clock.now().0 - HOUR);
    assert_eq!(rewind(&robin, known).await["items"][0]["after"]["value"], 300);
    assert_eq!(counts(&rewind(&robin, Timestamp(known.0 - 2 * HOUR)).await), [1, 0, 0], "it was not there at all");
}

#[actix_web::test]
async fn changes_within_a_millisecond_come_back_step_by_step() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let entry = robin.log("water", 1, NOON).await;
    for value in [2, 3] {
        robin.patch(&path(&entry), json!({"value": value})).await.expect(StatusCode::OK);
    }
    app.clock.advance(SECOND);
    let noon = Timestamp::parse(NOON).unwrap().0;
    for (since, value) in [(2, 3), (1, 2), (0, 1)] {
        rewind(&robin, Timestamp(noon + since)).await;
        assert_eq!(robin.get(&path(&entry)).await.json["value"], value);
        app.clock.advance(SECOND);
    }
}

#[actix_web::test]
async fn equal_instants_are_told_apart_by_their_order() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    // Earlier releases stored all changes within one millisecond under one instant.
    let at_once = || {
        let now = app.clock.now().0;
        app.execute(&format!(
            "UPDATE entry_versions SET valid_from = min(valid_from, {now}), replaced_at = min(replaced_at, {now});
             UPDATE entries SET updated_at = min(updated_at, {now})"
        ));
    };
    let entry = robin.log("water", 1, NOON).await;
    for value in [2, 3] {
        robin.patch(&path(&entry), json!({"value": value})).await.expect(StatusCode::OK);
    }
    at_once();
    assert_eq!(counts(&rewind(&robin, NOON).await), [0; 3], "what was done at that instant had been done");
    app.clock.advance(SECOND);
    for value in [4, 5, 6] {
        robin.patch(&path(&entry), json!({"value": value})).await.expect(StatusCode::OK);
    }
    at_once();
    assert_eq!(counts(&rewind(&robin, app.clock.now()).await), [0; 3]);
    assert_eq!(rewind(&robin, NOON).await["items"][0]["after"]["value"], 3);
    // The deletion falls on the very instant of the change before it.
    robin.delete(&path(&entry)).await.expect(StatusCode::NO_CONTENT);
    at_once();
    assert_eq!(rewind(&robin, NOON).await["items"][0]["after"]["value"], 3);
}

#[actix_web::test]
async fn a_clock_that_was_set_back_loses_nothing() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    app.clock.advance(2 * HOUR);
    let entry = robin.log("water", 1, NOON).await;
    app.clock.advance(HOUR);
    robin.patch(&path(&entry), json!({"value": 2})).await.expect(StatusCode::OK);
    app.clock.advance(-2 * HOUR);
    robin.patch(&path(&entry), json!({"value": 3})).await.expect(StatusCode::OK);
    let half_past = Timestamp(app.clock.now().0 + 30 * MINUTE);
    app.clock.advance(3 * HOUR);
    robin.patch(&path(&entry), json!({"value": 4})).await.expect(StatusCode::OK);
    let latest = history(&robin).await;
    app.clock.advance(MINUTE);

    // Changes at the second half past one came after all changes from before the clock was put back.
    assert_eq!(counts(&preview(&robin, half_past).await.json), [1, 0, 0]);
    assert_eq!(counts(&rewind(&robin, Timestamp(app.clock.now().0 - 1)).await), [0; 3]);
    assert_eq!(history(&robin).await, latest);
    assert_eq!(counts(&rewind(&robin, NOON).await), [1, 0, 0]);

    // The removed value is stored, and so is each step of the way here.
    let back = robin.post(&format!("{}/restore", path(&entry)), json!({})).await;
    assert_eq!(back.expect(StatusCode::OK).json["value"], 4);
    assert_eq!(history(&robin).await, latest);
    let versions = robin.get(&format!("{}/versions", path(&entry))).await.json["items"].clone();
    let values: Vec<i64> = versions.as_array().unwrap().iter().map(|one| one["value"].as_i64().unwrap()).collect();
    assert_eq!(values, [4, 4, 3, 2, 1], "the removal, and what was acknowledged before it");

    // Going back works while entries lie ahead of the clock, too.
    app.clock.advance(-HOUR);
    let now = app.clock.now();
    rewind(&robin, now).await;
    assert_eq!(counts(&rewind(&robin, now).await), [0; 3], "and comes to rest");
}

/// An action on an entry, picked by numbers: which action, which entry, and which value.
async fn act(client: &Client, entries: &mut Vec<Value>, (what, which, value): (u8, usize, i32)) {
    let known = (!entries.is_empty()).then(|| path(&entries[which % entries.len()]));
    match (what, known) {
        (0 | 1, _) | (_, None) => entries.push(client.log("altitude", value, NOON).await),
        (2 | 3, Some(path)) => {
            let at = format!("2026-02-{:02}T12:00:00Z", 10 + value);
            client.patch(&path, json!({"value": value, "at": at})).await;
        }
        (4, Some(path)) => drop(client.delete(&path).await),
        (_, Some(path)) => drop(client.post(&format!("{path}/restore"), json!({})).await),
    }
}

#[actix_web::test]
async fn any_moment_of_any_history_comes_back_whole() {
    let app = TestApp::start().await;
    let mut runner = TestRunner::deterministic();
    let step = (0..6_u8, any::<prop::sample::Index>(), 1..=10_i32);
    let strategy = (prop::collection::vec(step, 1..30), prop::collection::vec(any::<prop::sample::Index>(), 4));
    for case in 0..8 {
        let (steps, moments) = strategy.new_tree(&mut runner).unwrap().current();
        let person = app.named(&format!("person{case}"), Role::Admin).await;
        let mut entries = Vec::new();
        let mut snapshots = vec![(app.clock.now(), history(&person).await)];
        for (what, which, value) in steps {
            app.clock.advance(SECOND);
            act(&person, &mut entries, (what, which.index(64), value)).await;
            snapshots.push((app.clock.now(), history(&person).await));
        }
        // Each of them is a separate change, and the state before it can be gone back to as well.
        for moment in moments {
            app.clock.advance(SECOND);
            let (at, expected) = moment.get(&snapshots).clone();
            rewind(&person, at).await;
            assert_eq!(history(&person).await, expected, "case {case}: {at}");
            snapshots.push((app.clock.now(), expected));
        }
    }
}

#[actix_web::test]
async fn a_request_that_does_not_fit_is_refused() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    robin.log("water", 250, NOON).await;
    let viewer = app.viewer().await;
    let before = app.contents();
    for (body, field) in [
        (json!({}), "to"),
        (json!({"to": null}), "to"),
        (json!({"to": "2026-03-01T12:00:00.001Z"}), "to"),
        (json!({"to": "9999-01-01T00:00:00Z"}), "to"),
        (json!({"to": "yesterday"}), "to"),
        (json!({"to": "2026-02-30T00:00:00Z"}), "to"),
        (json!({"to": 1}), "to"),
        (json!({"to": NOON, "digest": 7}), "digest"),
        (json!({"to": NOON, "user": "sasha"}), "user"),
        (json!([]), ""),
    ] {
        for query in ["", "?dry_run=true", "?dry_run=false"] {
            let answer = robin.post(&format!("{REWIND}{query}"), body.clone()).await;
            assert_eq!(answer.expect_problem(422, "invalid").fields(), [field], "{body}");
        }
    }
    for query in ["dry_run=yes", "dry_run=", "dry_run=true&dry_run=false", "to=now"] {
        robin.post(&format!("{REWIND}?{query}"), json!({"to": NOON})).await.expect_problem(422, "invalid");
    }
    for query in ["", "?dry_run=true"] {
        viewer.post(&format!("{REWIND}{query}"), json!({"to": NOON})).await.expect_problem(403, "read_only_role");
    }
    assert_eq!(app.contents(), before);
    let long_ago = preview(&robin, "0000-01-01T00:00:00Z").await;
    assert_eq!(counts(&long_ago.json), [1, 0, 0]);
}
