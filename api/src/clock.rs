//! The only place that reads the time and mints ids from it.
//!
//! Everything else is handed a [`Clock`], so that a test moves the hour instead of waiting for it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Datelike, Days, NaiveDate, SecondsFormat, Timelike, Utc};
use chrono_tz::Tz;
use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    serialize::{self, Output, ToSql},
    sql_types::BigInt,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};
use uuid::Uuid;

pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// 2000-01-01T00:00:00Z. Nothing that is logged can have happened before it.
pub const EARLIEST: Timestamp = Timestamp(946_684_800_000);

/// Tells the time: the machine's, or one that a test sets.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    /// The moment from which the process counts.
    System(Instant),
    Manual(Arc<Manual>),
}

#[derive(Debug)]
struct Manual {
    now: AtomicI64,
    elapsed: AtomicI64,
}

impl Clock {
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System(Instant::now()))
    }

    /// A clock that stands still at `now` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(now: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(Manual { now: AtomicI64::new(now.0), elapsed: AtomicI64::new(0) })))
    }

    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System(_) => Timestamp(Utc::now().timestamp_millis()),
            Source::Manual(manual) => Timestamp(manual.now.load(Ordering::Relaxed)),
        }
    }

    /// How long the clock has run, whatever the time of day is set to.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::System(start) => start.elapsed(),
            Source::Manual(manual) => {
                Duration::from_millis(u64::try_from(manual.elapsed.load(Ordering::Relaxed)).unwrap_or(0))
            }
        }
    }

    /// Lets `milliseconds` pass on a manual clock; the system's clock stays as it is.
    pub fn advance(&self, milliseconds: i64) {
        if let Source::Manual(manual) = &self.0 {
            manual.elapsed.fetch_add(milliseconds.max(0), Ordering::Relaxed);
        }
        self.set_by(milliseconds);
    }

    /// Puts a manual clock forward or back by `milliseconds`, while no time passes.
    pub fn set_by(&self, milliseconds: i64) {
        if let Source::Manual(manual) = &self.0 {
            manual.now.fetch_add(milliseconds, Ordering::Relaxed);
        }
    }

    /// A fresh UUIDv7 (RFC 9562), ordered by this clock.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        let milliseconds = u64::try_from(self.now().0).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &rand::random()).into_uuid()
    }
}

/// An instant in UTC, milliseconds since the Unix epoch; in JSON RFC 3339 with milliseconds and `Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// # Errors
    /// Says what is wrong with a text that is not RFC 3339, has no zone, or names a day that does not exist.
    pub fn parse(text: &str) -> Result<Self, String> {
        DateTime::parse_from_rfc3339(text).map(|instant| Self(instant.timestamp_millis())).map_err(|_| {
            format!(
                "`{text}` is not an instant with a time zone, such as 2026-03-01T07:30:00Z or 2026-03-01T08:30:00+01:00"
            )
        })
    }

    /// The logical day: the calendar day in `zone` once `starts_at` hours (0 to 6) are taken off the wall clock.
    #[must_use]
    pub fn logical_day(self, zone: Tz, starts_at: i16) -> NaiveDate {
        let local = self.utc().with_timezone(&zone).naive_local();
        // The hour on the wall decides, not hours elapsed since midnight: on a day that springs forward they differ.
        if i64::from(local.hour()) < i64::from(starts_at) { local.date() - Days::new(1) } else { local.date() }
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl<DB: Backend> FromSql<BigInt, DB> for Timestamp
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        i64::from_sql(bytes).map(Self)
    }
}

impl<DB: Backend> ToSql<BigInt, DB> for Timestamp
where
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("An instant, RFC 3339. Answers are in UTC with milliseconds and `Z`."))
            .examples(["2026-03-01T07:30:00.000Z"])
            .into()
    }
}

impl ToSchema for Timestamp {}

/// The instants, in milliseconds, between which every logical day `day` lies, in any zone (UTC-12 to UTC+14) and with any hour at which the
/// day starts. Lets a query by day walk an index by time.
#[must_use]
pub fn bounds_of_day(day: NaiveDate) -> (i64, i64) {
    let midnight = i64::from(day.num_days_from_ce() - 719_163) * DAY;
    (midnight - 14 * HOUR, midnight + DAY + 12 * HOUR + 6 * HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(at: &str, zone: &str, starts_at: i16) -> String {
        Timestamp::parse(at).unwrap().logical_day(zone.parse().unwrap(), starts_at).to_string()
    }

    #[test]
    fn the_logical_day_is_the_persons_own() {
        assert_eq!(day("2026-03-01T12:30:00Z", "Pacific/Tongatapu", 0), "2026-03-02", "UTC+13");
        assert_eq!(day("2026-03-01T10:30:00Z", "Pacific/Pago_Pago", 0), "2026-02-28", "UTC-11");
        assert_eq!(
            day("2026-03-01T02:00:00Z", "UTC", 4),
            "2026-02-28",
            "two in the morning belongs to the evening before"
        );
        assert_eq!(day("2026-03-01T04:00:00Z", "UTC", 4), "2026-03-01");
        assert_eq!(day("2028-02-29T12:00:00Z", "UTC", 0), "2028-02-29", "leap day");
        assert_eq!(
            day("2026-03-29T01:30:00Z", "Europe/Berlin", 3),
            "2026-03-29",
            "03:30 on the day that springs forward"
        );
        assert_eq!(
            day("2026-10-25T01:30:00Z", "Europe/Berlin", 3),
            "2026-10-24",
            "the second 02:30 of the day that falls back"
        );
    }

    #[test]
    fn instants_read_back_as_written() {
        let instant = Timestamp::parse("2026-03-01T08:30:00.125+01:00").unwrap();
        assert_eq!(instant.to_string(), "2026-03-01T07:30:00.125Z");
        assert_eq!(Timestamp::parse(&instant.to_string()), Ok(instant));
        assert_eq!(EARLIEST.to_string(), "2000-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_text_that_is_not_an_instant_is_refused() {
        for text in ["2026-03-01T08:30:00", "2026-02-30T08:30:00Z", "2026-03-01", "yesterday", ""] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_instant_lies_within_the_bounds_of_its_day(at in 946_684_800_000_i64..4_102_444_800_000, zone in 0..chrono_tz::TZ_VARIANTS.len(), starts_at in 0_i16..=6) {
            let (from, to) = bounds_of_day(Timestamp(at).logical_day(chrono_tz::TZ_VARIANTS[zone], starts_at));
            proptest::prop_assert!((from..to).contains(&at));
        }
    }
}
