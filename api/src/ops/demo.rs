//! Believable data to try the product with: two persons who drink and feel like people do, and a viewer.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use rand::{Rng, SeedableRng, rngs::SmallRng};
use uuid::Uuid;

use crate::{
    account::{
        ids::{PersonId, UserId},
        model::{NewUser, Role, UserChanges, as_text, insert_user, update_user},
        privacy_policy,
    },
    clock::{Clock, Timestamp},
    db::Db,
    entries::{change::insert_entries, model::Entry},
    error::{ApiError, ApiResult},
    metric::Metric,
    people::sharing::approve_newcomer,
    words::{Flag, Stored},
};

struct Habit {
    username: &'static str,
    display_name: &'static str,
    time_zone: Tz,
    goal_ml: i32,
    cups: [i32; 3],
    /// Entries on an ordinary day.
    drinks: u32,
    moods: u32,
    /// The level around which the mood swings, 1 to 10.
    altitude: f64,
}

const PERSONS: [Habit; 2] = [
    Habit {
        username: "robin",
        display_name: "Robin",
        time_zone: Tz::Europe__Berlin,
        goal_ml: 2000,
        cups: [150, 250, 500],
        drinks: 8,
        moods: 5,
        altitude: 6.2,
    },
    Habit {
        username: "sasha",
        display_name: "Sasha",
        time_zone: Tz::America__New_York,
        goal_ml: 2500,
        cups: [200, 330, 500],
        drinks: 9,
        moods: 4,
        altitude: 5.4,
    },
];
const VIEWER: &str = "alex";
const NOTES: [&str; 6] =
    ["slept well", "long day", "walk by the river", "headache gone", "good talk with a friend", "rain all day"];
const TAGS: [&str; 4] = ["home", "work", "sport", "travel"];

/// Fills an empty database with `days` days up to now and gives every account `password_hash`. Returns who does what.
///
/// # Errors
/// If there are users already: demo data must never mix with somebody's own.
pub fn fill(db: &Db, clock: &Clock, days: u32, password_hash: &str) -> ApiResult<String> {
    let now = clock.now();
    let password_hash = password_hash.to_owned();
    let ids: Vec<Uuid> = (0..=PERSONS.len()).map(|_| clock.new_id()).collect();
    db.write_blocking(move |conn| {
        if !crate::account::model::list_users(conn, "", 1)?.is_empty() {
            return Err(ApiError::internal("there are users already; demo data goes only into an empty database"));
        }
        let account = |id, name, role| {
            NewUser::new(id, name, role, password_hash.clone(), now).accepting(privacy_policy::VERSION)
        };
        insert_user(conn, &account(ids[PERSONS.len()], VIEWER, Role::Viewer))?;
        let viewer = UserId::from(ids[PERSONS.len()]);
        for (habit, id) in PERSONS.iter().zip(&ids) {
            insert_user(conn, &account(*id, habit.username, Role::Admin))?;
            approve_newcomer(conn, UserId::from(*id).as_person(), viewer.as_viewer(), now)?;
            let changes = UserChanges {
                display_name: Some(habit.display_name.to_owned()),
                time_zone: Some(Stored::Known(habit.time_zone)),
                time_zone_set: Some(Flag(true)),
                daily_goal_ml: Some(habit.goal_ml),
                water_presets_ml: Some(as_text(&habit.cups)),
                ..UserChanges::default()
            };
            let id = UserId::from(*id);
            update_user(conn, &id, &changes)?;
            insert_entries(conn, &a_life(habit, &id.as_person(), now, days))?;
        }
        Ok(())
    })?;
    let persons: Vec<_> = PERSONS.iter().map(|habit| habit.username).collect();
    Ok(format!("{} log, {VIEWER} watches", persons.join(" and ")))
}

/// The same seed makes the same life, up to the moment it ends at.
fn a_life(habit: &Habit, owner: &PersonId, now: Timestamp, days: u32) -> Vec<Entry> {
    let mut random = SmallRng::seed_from_u64(habit.username.bytes().map(u64::from).sum());
    let zone = habit.time_zone;
    let today = now.logical_day(zone, 0);
    let mut entries = Vec::new();
    let mut drift = 0.0;
    for ago in (0..=days).rev() {
        let day = today - Days::new(u64::from(ago));
        drift = f64::clamp(drift * 0.9 + random.gen_range(-0.8..0.8), -3.0, 3.0);
        for _ in 0..habit.drinks + random.gen_range(0..4) {
            let ml = habit.cups[random.gen_range(0..3)];
            entries.push(an_entry(owner, Metric::Water, ml, day, zone, &mut random));
        }
        for _ in 0..habit.moods {
            let value = (habit.altitude + drift + random.gen_range(-1.5..1.5)).round().clamp(1.0, 10.0);
            #[expect(clippy::cast_possible_truncation, reason = "clamped to 1..10 above")]
            let mut entry = an_entry(owner, Metric::Altitude, value as i32, day, zone, &mut random);
            if random.gen_ratio(1, 8) {
                entry.note = Some(NOTES[random.gen_range(0..NOTES.len())].to_owned());
                entry.set_tags(&[TAGS[random.gen_range(0..TAGS.len())].to_owned()]);
            }
            entries.push(entry);
        }
    }
    entries.retain(|entry| entry.at <= now);
    entries
}

fn an_entry(owner: &PersonId, metric: Metric, value: i32, day: NaiveDate, zone: Tz, random: &mut SmallRng) -> Entry {
    let minute = random.gen_range(7 * 60..23 * 60);
    let time = NaiveTime::from_hms_opt(minute / 60, minute % 60, random.gen_range(0..60)).unwrap_or_default();
    // An hour that a clock change skips does not come before seven in the morning in any of the zones above.
    let at =
        zone.from_local_datetime(&day.and_time(time)).earliest().map_or(DateTime::<Utc>::MIN_UTC, |at| at.to_utc());
    let at = Timestamp(at.timestamp_millis());
    let id = uuid::Builder::from_unix_timestamp_millis(u64::try_from(at.0).unwrap_or(0), &random.r#gen()).into_uuid();
    Entry::new(owner.clone(), id.into(), metric, value, at, day, at)
}
