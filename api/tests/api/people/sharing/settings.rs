//! The table: every setting by every way out. The expected answers are worked out here independently of the program.

use serde_json::{Value, json};

use super::robin_and_alex;
use crate::support::{Client, TestApp};

pub const DETAILS: [&str; 4] = ["none", "logged", "band", "exact"];

/// The access of a viewer, in the words of a share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    pub water: &'static str,
    pub altitude: &'static str,
    pub history: bool,
}

impl Terms {
    pub fn all() -> impl Iterator<Item = Self> {
        let pairs = DETAILS.into_iter().flat_map(|water| DETAILS.map(|altitude| (water, altitude)));
        pairs.flat_map(|(water, altitude)| [true, false].map(|history| Self { water, altitude, history }))
    }

    pub fn of(self, metric: &str) -> &'static str {
        if metric == "water" { self.water } else { self.altitude }
    }
}

/// Puts a share between robin and alex, whatever was there before.
pub fn put(app: &TestApp, state: &str, terms: Terms, until: Option<i64>) {
    let Terms { water, altitude, history } = terms;
    let until = until.map_or("NULL".to_owned(), |until| until.to_string());
    app.execute(&format!(
        "DELETE FROM shares;
         INSERT INTO shares (person_id, viewer_id, state, water, altitude, history, export, until, since)
         SELECT person.id, viewer.id, '{state}', '{water}', '{altitude}', {history}, 0, {until}, 0
         FROM users AS person, users AS viewer WHERE person.username = 'robin' AND viewer.username = 'alex'"
    ));
}

/// The access that the mode and the state of the share allow.
fn expected(mode: &str, between: &str, terms: Terms) -> Option<Terms> {
    match (mode, between) {
        ("nobody", _) | (_, "ended" | "expired" | "kept out") | ("approved", "none" | "requested") => None,
        ("everyone", "none") => Some(Terms { water: "exact", altitude: "exact", history: true }),
        _ => Some(terms),
    }
}

/// The owner's entry as a viewer sees it with this detail.
fn narrowed(entry: &Value, detail: &str) -> Option<Value> {
    let mut entry = entry.clone();
    let value = entry["value"].as_i64().unwrap();
    let band = match (entry["metric"].as_str().unwrap(), value) {
        ("water", ..200) | ("altitude", ..4) => "low",
        ("water", ..400) | ("altitude", ..8) => "middle",
        _ => "high",
    };
    if detail != "exact" {
        entry["value"] = json!(null);
        entry["note"] = json!(null);
        entry["tags"] = json!([]);
        entry["updated_at"] = entry["created_at"].clone();
    }
    if detail == "band" {
        entry["band"] = json!(band);
    }
    (detail != "none").then_some(entry)
}

/// Robin's status as a viewer sees it with these terms; 600 ml are in the middle of a goal of 1000.
fn narrowed_status(own: &Value, terms: Terms) -> Value {
    let mut status = own.clone();
    match terms.water {
        "exact" => {}
        "none" => status["water"] = json!({"last_at": null, "last_ml": null, "today_ml": null, "goal_ml": null}),
        detail => {
            status["water"] =
                json!({"last_at": own["water"]["last_at"], "last_ml": null, "today_ml": null, "goal_ml": null});
            if detail == "band" {
                status["water"]["band"] = json!("middle");
            }
        }
    }
    match terms.altitude {
        "exact" => {}
        "none" => status["altitude"] = json!({"value": null, "at": null}),
        detail => {
            status["altitude"] = json!({"value": null, "at": own["altitude"]["at"]});
            if detail == "band" {
                status["altitude"]["band"] = json!("high");
            }
        }
    }
    let times = [&status["water"]["last_at"], &status["altitude"]["at"]];
    let newest = times.into_iter().filter_map(Value::as_str).max().map(str::to_owned);
    if newest.is_none() {
        status["freshness"] = json!("never");
    }
    if terms != (Terms { water: "exact", altitude: "exact", history: true }) {
        status["updated_at"] = json!(newest);
    }
    status
}

/// Robin drinks and logs moods, today and the day before.
pub async fn live(robin: &Client) {
    robin.patch("/api/v1/me", json!({"daily_goal_ml": 1000})).await;
    for (metric, value, at) in [
        ("water", 500, "2026-02-28T08:00:00Z"),
        ("altitude", 2, "2026-02-28T09:00:00Z"),
        ("water", 100, "2026-03-01T08:00:00Z"),
        ("altitude", 5, "2026-03-01T08:30:00Z"),
        ("water", 250, "2026-03-01T09:00:00Z"),
        ("water", 250, "2026-03-01T10:00:00Z"),
        ("altitude", 9, "2026-03-01T11:00:00Z"),
    ] {
        let body = json!({"metric": metric, "value": value, "at": at, "note": "between us", "tags": ["home"]});
        assert_eq!(robin.post("/api/v1/entries", body).await.status, 201);
    }
}

#[actix_web::test]
async fn every_setting_shows_what_it_says_by_every_way() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    live(&robin).await;
    app.clock.advance(1000);
    let id = robin.get("/api/v1/people/robin/entries?limit=1").await.json["items"][0]["id"].clone();
    robin.patch(&format!("/api/v1/entries/{}", id.as_str().unwrap()), json!({"note": "later"})).await;
    let own_status = robin.get("/api/v1/people/robin/status").await.json;
    let own = robin.get("/api/v1/people/robin/entries").await.json["items"].as_array().unwrap().clone();
    let now = app.clock.now().0;
    let mut seen = 0;
    for mode in ["approved", "everyone", "nobody"] {
        robin.sharing(mode).await;
        for (between, state, until) in [
            ("none", "", None),
            ("requested", "requested", None),
            ("kept out", "requested", None),
            ("approved", "approved", None),
            ("approved", "approved", Some(now + 1)),
            ("expired", "approved", Some(now)),
            ("expired", "requested", Some(now)),
            ("ended", "ended", None),
        ] {
            for terms in Terms::all() {
                if between == "none" {
                    app.execute("DELETE FROM shares");
                } else {
                    put(&app, state, terms, until);
                    app.execute(&format!("UPDATE shares SET kept_out = {}", i8::from(between == "kept out")));
                }
                let expected = expected(mode, between, terms);
                shows(&alex, expected, &own_status, &own, &format!("{mode}, {between} until {until:?}, {terms:?}"))
                    .await;
                seen += usize::from(expected.is_some());
            }
        }
    }
    assert_eq!(seen, (2 + 4) * 32, "approved: two of them; everyone: without a share, with a wish, and these two");
}

/// Expects that alex is shown exactly this of robin.
async fn shows(alex: &Client, expected: Option<Terms>, own_status: &Value, own: &[Value], setting: &str) {
    let people = alex.get("/api/v1/people").await.json["items"].clone();
    let Some(terms) = expected else {
        for item in people.as_array().unwrap() {
            assert_eq!((&item["status"], &item["granted"]), (&json!(null), &json!(null)), "{setting}");
            assert_eq!(item["person"]["time_zone"], json!(null), "{setting}");
        }
        for path in ["status", "entries", "entries?metric=water&order=asc"] {
            let answer = alex.get(&format!("/api/v1/people/robin/{path}")).await;
            assert_eq!(answer.status, 404, "{setting}: {path}");
        }
        return;
    };
    let status = narrowed_status(own_status, terms);
    assert_eq!(alex.get("/api/v1/people/robin/status").await.json, status, "{setting}");
    assert_eq!(people[0]["status"], status, "{setting}");
    assert_eq!(people[0]["access"], "watching", "{setting}");
    let granted = &people[0]["granted"];
    assert_eq!(
        (&granted["water"], &granted["altitude"], &granted["history"], &granted["export"]),
        (&json!(terms.water), &json!(terms.altitude), &json!(terms.history), &json!(false)),
        "{setting}"
    );
    for (query, fits) in [
        ("", (|_| true) as fn(&Value) -> bool),
        ("metric=water", |entry| entry["metric"] == "water"),
        ("metric=altitude&from=2026-03-01", |entry| entry["metric"] == "altitude" && entry["day"] == "2026-03-01"),
        ("to=2026-02-28", |entry| entry["day"] == "2026-02-28"),
    ] {
        for order in ["desc", "asc"] {
            let path = format!("/api/v1/people/robin/entries?order={order}&{query}");
            let answer = alex.get(&path).await;
            if !terms.history {
                answer.expect_problem(403, "history_not_shared");
                continue;
            }
            let shown = |entry: &Value| narrowed(entry, terms.of(entry["metric"].as_str().unwrap()));
            let mut expected: Vec<Value> = own.iter().filter(|entry| fits(entry)).filter_map(shown).collect();
            if order == "asc" {
                expected.reverse();
            }
            assert_eq!(answer.json, json!({"items": expected, "next_cursor": null}), "{setting}: {path}");
        }
    }
}
