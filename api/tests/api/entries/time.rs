//! The present day, and the day an entry counts for.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use chrono::{Days, NaiveDate};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde_json::json;
use status_tracker::{
    account::{
        model::{Role, UserChanges, find_user_by_name, update_user},
        username::Username,
    },
    clock::{DAY, EARLIEST, Timestamp},
    entries::{
        change::insert_entries,
        day::Day,
        model::{Entry, EntryFilter, list_entries, water_of_day},
    },
    id::EntryId,
    metric::Metric,
    words::Stored,
};

use super::path;
use crate::support::{Client, TestApp};

/// One step at an instant.
enum Step {
    /// The person lives in this zone from now on.
    Zone(&'static str),
    /// This many millilitres, logged now, count for this day.
    Log(i32, &'static str),
    /// An amount logged for an earlier instant counts for this day.
    LogOf(&'static str, i32, &'static str),
    /// It is this day, and its water adds up to this much.
    Today(&'static str, i64),
}
use Step::{Log, LogOf, Today, Zone};

struct Case {
    name: &'static str,
    zone: &'static str,
    starts_at: i16,
    steps: Vec<(&'static str, Step)>,
}

fn case(name: &'static str, zone: &'static str, starts_at: i16, steps: Vec<(&'static str, Step)>) -> Case {
    Case { name, zone, starts_at, steps }
}

fn journeys() -> Vec<Case> {
    vec![
        case(
            "west across midnight, so that a day comes twice",
            "Europe/Berlin",
            0,
            vec![
                ("2026-03-01T22:00:00Z", Log(100, "2026-03-01")),
                ("2026-03-01T23:30:00Z", Log(200, "2026-03-02")),
                ("2026-03-01T23:31:00Z", Today("2026-03-02", 200)),
                ("2026-03-02T01:00:00Z", Zone("America/New_York")),
                ("2026-03-02T01:00:00Z", Today("2026-03-01", 100)),
                ("2026-03-02T02:00:00Z", Log(300, "2026-03-01")),
                ("2026-03-02T04:59:59Z", Today("2026-03-01", 400)),
                ("2026-03-02T05:00:00Z", Today("2026-03-02", 200)),
                ("2026-03-02T06:00:00Z", Log(50, "2026-03-02")),
                ("2026-03-02T06:00:00Z", Today("2026-03-02", 250)),
            ],
        ),
        case(
            "east across midnight, so that a day is short",
            "America/New_York",
            0,
            vec![
                ("2026-03-02T04:00:00Z", Log(200, "2026-03-01")),
                ("2026-03-02T04:30:00Z", Today("2026-03-01", 200)),
                ("2026-03-02T04:30:00Z", Zone("Europe/Berlin")),
                ("2026-03-02T04:30:00Z", Today("2026-03-02", 0)),
                ("2026-03-02T04:31:00Z", Log(300, "2026-03-02")),
                ("2026-03-02T04:31:00Z", Today("2026-03-02", 300)),
            ],
        ),
        case(
            "over the date line, so that a day is left out",
            "Pacific/Pago_Pago",
            0,
            vec![
                ("2026-03-02T10:30:00Z", Log(200, "2026-03-01")),
                ("2026-03-02T10:45:00Z", Zone("Pacific/Kiritimati")),
                ("2026-03-02T10:45:00Z", Today("2026-03-03", 0)),
                ("2026-03-02T10:46:00Z", Log(300, "2026-03-03")),
                ("2026-03-02T10:47:00Z", Zone("Pacific/Pago_Pago")),
                ("2026-03-02T10:47:00Z", Today("2026-03-01", 200)),
            ],
        ),
    ]
}

fn clocks_that_change() -> Vec<Case> {
    vec![
        case(
            "the day that springs forward has 23 hours",
            "Europe/Berlin",
            0,
            vec![
                ("2026-03-28T22:59:59Z", Log(100, "2026-03-28")),
                ("2026-03-28T23:00:00Z", Log(200, "2026-03-29")),
                ("2026-03-29T00:59:59Z", Log(300, "2026-03-29")),
                ("2026-03-29T01:00:00Z", Log(400, "2026-03-29")),
                ("2026-03-29T21:59:59Z", Today("2026-03-29", 900)),
                ("2026-03-29T22:00:00Z", Today("2026-03-30", 0)),
            ],
        ),
        case(
            "and begins at an hour that is not there",
            "Europe/Berlin",
            2,
            vec![
                ("2026-03-29T00:59:59Z", Log(100, "2026-03-28")),
                ("2026-03-29T01:00:00Z", Log(200, "2026-03-29")),
                ("2026-03-29T01:00:00Z", Today("2026-03-29", 200)),
            ],
        ),
        case(
            "the day that falls back has 25 hours",
            "Europe/Berlin",
            0,
            vec![
                ("2026-10-24T21:59:59Z", Log(100, "2026-10-24")),
                ("2026-10-24T22:00:00Z", Log(200, "2026-10-25")),
                ("2026-10-25T00:30:00Z", Log(300, "2026-10-25")),
                ("2026-10-25T01:30:00Z", Log(400, "2026-10-25")),
                ("2026-10-25T22:59:59Z", Today("2026-10-25", 900)),
                ("2026-10-25T23:00:00Z", Today("2026-10-26", 0)),
            ],
        ),
        case(
            "and begins at three, though it is half past two twice",
            "Europe/Berlin",
            3,
            vec![
                ("2026-10-25T00:30:00Z", Log(100, "2026-10-24")),
                ("2026-10-25T01:30:00Z", Log(200, "2026-10-24")),
                ("2026-10-25T01:59:59Z", Today("2026-10-24", 300)),
                ("2026-10-25T02:00:00Z", Today("2026-10-25", 0)),
            ],
        ),
    ]
}

fn places_and_hours() -> Vec<Case> {
    vec![
        case(
            "UTC+13",
            "Pacific/Tongatapu",
            0,
            vec![
                ("2026-03-01T10:59:59Z", Log(100, "2026-03-01")),
                ("2026-03-01T11:00:00Z", Log(200, "2026-03-02")),
                ("2026-03-01T11:00:00Z", Today("2026-03-02", 200)),
            ],
        ),
        case(
            "UTC-11",
            "Pacific/Pago_Pago",
            0,
            vec![
                ("2026-03-01T10:59:59Z", Log(100, "2026-02-28")),
                ("2026-03-01T11:00:00Z", Log(200, "2026-03-01")),
                ("2026-03-01T11:00:00Z", Today("2026-03-01", 200)),
            ],
        ),
        case(
            "two in the morning with the day starting at four",
            "Europe/Berlin",
            4,
            vec![
                ("2026-03-01T20:00:00Z", Log(100, "2026-03-01")),
                ("2026-03-02T01:00:00Z", Log(200, "2026-03-01")),
                ("2026-03-02T02:59:59Z", Today("2026-03-01", 300)),
                ("2026-03-02T03:00:00Z", Today("2026-03-02", 0)),
            ],
        ),
        case(
            "a backdated entry",
            "Europe/Berlin",
            0,
            vec![
                ("2026-03-01T12:00:00Z", LogOf("2026-02-27T23:30:00+01:00", 100, "2026-02-27")),
                ("2026-03-01T12:00:00Z", LogOf("2026-02-28T22:59:59Z", 200, "2026-02-28")),
                ("2026-03-01T12:00:00Z", LogOf("2026-02-28T23:00:00Z", 300, "2026-03-01")),
                ("2026-03-01T12:00:00Z", Today("2026-03-01", 300)),
            ],
        ),
    ]
}

fn calendars() -> Vec<Case> {
    vec![
        case(
            "a leap day",
            "Europe/Berlin",
            4,
            vec![
                ("2028-02-29T02:59:59Z", Log(100, "2028-02-28")),
                ("2028-02-29T03:00:00Z", Log(200, "2028-02-29")),
                ("2028-03-01T02:59:59Z", Log(300, "2028-02-29")),
                ("2028-03-01T02:59:59Z", Today("2028-02-29", 500)),
                ("2028-03-01T03:00:00Z", Today("2028-03-01", 0)),
            ],
        ),
        case(
            "midnight, with nothing written",
            "Asia/Kolkata",
            0,
            vec![
                ("2026-03-01T18:29:59Z", Log(100, "2026-03-01")),
                ("2026-03-01T18:29:59Z", Today("2026-03-01", 100)),
                ("2026-03-01T18:30:00Z", Today("2026-03-02", 0)),
                ("2026-03-02T18:30:00Z", Today("2026-03-03", 0)),
            ],
        ),
    ]
}

#[actix_web::test]
async fn a_day_is_the_persons_own() {
    let app = TestApp::start().await;
    let cases = journeys().into_iter().chain(clocks_that_change()).chain(places_and_hours()).chain(calendars());
    for (number, Case { name, zone, starts_at, steps }) in cases.enumerate() {
        set_clock(&app, steps[0].0);
        let person = app.named(&format!("person{number}"), Role::Admin).await;
        let viewer = app.viewer().await;
        person.patch("/api/v1/me", json!({"time_zone": zone, "day_starts_at": starts_at})).await.expect(StatusCode::OK);
        for (at, step) in steps {
            set_clock(&app, at);
            match step {
                Zone(zone) => {
                    person.patch("/api/v1/me", json!({"time_zone": zone})).await.expect(StatusCode::OK);
                }
                Log(ml, day) => assert_eq!(person.log("water", ml, at).await["day"], day, "{name}: {at}"),
                LogOf(happened, ml, day) => {
                    assert_eq!(person.log("water", ml, happened).await["day"], day, "{name}: {happened}");
                }
                Today(day, ml) => {
                    for reader in [&person, &viewer] {
                        let status = reader.get(&format!("/api/v1/people/{}/status", person.username)).await.json;
                        let found = (&status["day"], &status["water"]["today_ml"]);
                        assert_eq!(found, (&json!(day), &json!(ml)), "{name}: {at}");
                    }
                }
            }
        }
    }
}

fn set_clock(app: &TestApp, at: &str) {
    app.clock.advance(Timestamp::parse(at).unwrap().0 - app.clock.now().0);
}

#[actix_web::test]
async fn another_zone_or_hour_rewrites_no_old_day() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let entry = robin.log("water", 250, "2026-03-01T01:00:00Z").await;
    for change in
        [json!({"time_zone": "America/New_York"}), json!({"day_starts_at": 6}), json!({"time_zone": "Asia/Tokyo"})]
    {
        robin.patch("/api/v1/me", change).await.expect(StatusCode::OK);
        assert_eq!(robin.get(&path(&entry)).await.json, entry);
    }
    for (change, day) in [
        (json!({"value": 300}), "2026-03-01"),
        (json!({"at": "2026-03-01T01:00:00Z"}), "2026-03-01"),
        (json!({"at": "2026-02-28T20:59:00Z"}), "2026-02-28"),
        (json!({"at": "2026-02-28T21:00:00Z"}), "2026-03-01"),
    ] {
        assert_eq!(robin.patch(&path(&entry), change.clone()).await.json["day"], day, "{change}");
    }
    robin.delete(&path(&entry)).await.expect(StatusCode::NO_CONTENT);
    robin.patch("/api/v1/me", json!({"time_zone": "America/New_York"})).await.expect(StatusCode::OK);
    let back = robin.post(&format!("{}/restore", path(&entry)), json!({})).await;
    assert_eq!(back.json["day"], "2026-03-01", "nor does being deleted and brought back");
}

#[actix_web::test]
async fn a_value_that_is_no_zone_or_no_hour_is_refused() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let before = robin.get("/api/v1/me").await.json;
    for zone in [
        json!("Mars/Olympus"),
        json!("europe/berlin"),
        json!("EUROPE/BERLIN"),
        json!("Europe/Berlin "),
        json!("Europe/Berlin\0"),
        json!("Europe"),
        json!("+01:00"),
        json!("CEST"),
        json!("../etc/localtime"),
        json!(""),
        json!(null),
        json!(1),
    ] {
        let answer = robin.patch("/api/v1/me", json!({"time_zone": zone})).await;
        assert_eq!(answer.expect_client_error().status, 422, "{zone}: {}", answer.json);
        assert_eq!(answer.fields(), ["time_zone"], "{zone}");
    }
    for hour in [json!(7), json!(-1), json!("4"), json!(4.5), json!(32_768), json!(null), json!([4])] {
        let answer = robin.patch("/api/v1/me", json!({"day_starts_at": hour})).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields(), ["day_starts_at"], "{hour}");
    }
    assert_eq!(robin.get("/api/v1/me").await.json, before);
    for zone in chrono_tz::TZ_VARIANTS.iter().step_by(60).map(|zone| zone.name()) {
        robin.patch("/api/v1/me", json!({"time_zone": zone})).await.expect(StatusCode::OK);
    }
}

#[actix_web::test]
async fn the_days_of_twenty_years_in_every_zone_add_up() {
    const OF_EACH: i64 = 40;
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let mut random = SmallRng::seed_from_u64(4);
    let zones = chrono_tz::TZ_VARIANTS;
    let now = app.clock.now();
    let clock = app.clock.clone();
    // The person lives in every zone there is for a while, in no sensible order.
    let logged = app.state.db.write(move |conn| {
        let id = find_user_by_name(conn, &Username::typed("robin"))?.unwrap().id;
        let mut logged = BTreeMap::new();
        for zone in zones {
            let (time_zone, starts_at) = (Some(Stored::Known(zone)), Some(random.gen_range(0..=6)));
            let changes = UserChanges { time_zone, day_starts_at: starts_at, ..UserChanges::default() };
            let user = update_user(conn, &id, &changes)?;
            let entries: Vec<Entry> = (0..OF_EACH)
                .map(|_| {
                    let at = Timestamp(now.0 - random.gen_range(0..20 * 365 * DAY));
                    let id = clock.new_id().into();
                    Entry::new(
                        user.as_person(),
                        id,
                        Metric::Water,
                        random.gen_range(1..=5000),
                        at,
                        user.day_of(at),
                        now,
                    )
                })
                .collect();
            insert_entries(conn, &entries)?;
            logged.extend(entries.into_iter().map(|entry| (entry.id.clone(), entry)));
        }
        Ok(logged)
    });
    let logged = logged.await.unwrap();
    let total: i64 = logged.values().map(|entry| i64::from(entry.value)).sum();
    assert_eq!(
        days_of(&app, &robin).await,
        (logged.values().map(|entry| (entry.id.clone(), entry.day.clone())).collect(), total)
    );

    app.clock.advance(1);
    let preview = robin.post("/api/v1/entries/recompute?dry_run=true", json!({})).await;
    let done = robin.post("/api/v1/entries/recompute", json!({"digest": preview.json["digest"]})).await;
    let me = app.state.db.read(|conn| Ok(find_user_by_name(conn, &Username::typed("robin"))?.unwrap())).await.unwrap();
    let right: BTreeMap<_, _> = logged.values().map(|entry| (entry.id.clone(), me.day_of(entry.at).into())).collect();
    let moved = logged.values().filter(|entry| right[&entry.id] != entry.day).count();
    assert_eq!(done.expect(StatusCode::OK).json["moved"], moved);
    assert!(moved > 1000, "in {moved} entries there is hardly anything to move");
    assert_eq!(days_of(&app, &robin).await, (right, total));
}

/// The day on which each entry is found, and the total of all days. Fails where an entry is found on two days.
async fn days_of(app: &TestApp, person: &Client) -> (BTreeMap<EntryId, Day>, i64) {
    let (mut found, mut total) = (BTreeMap::new(), 0);
    let read = app.state.db.read(|conn| {
        let id = find_user_by_name(conn, &Username::typed(&person.username))?.unwrap().as_person();
        let mut day = EARLIEST.logical_day(chrono_tz::UTC, 0);
        while day < NaiveDate::from_ymd_opt(2026, 3, 4).unwrap() {
            let filter = EntryFilter { metric: None, from: Some(day), to: Some(day), ascending: true };
            for entry in list_entries(conn, &id, filter, None, 100_000)? {
                assert_eq!(found.insert(entry.id, day.into()), None, "an entry has one day");
            }
            total += water_of_day(conn, &id, day)?.ml;
            day = day + Days::new(1);
        }
        Ok(())
    });
    read.await.unwrap();
    (found, total)
}
