//! Metrics, and how much of them is shown. Everything that checks, sums or shows a metric asks its [`Definition`].

use std::ops::RangeInclusive;

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql},
    serialize::{self, Output, ToSql},
    sql_types::SmallInt,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{error::FieldError, words::words};

words! {
    #[derive(Hash, Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum Metric, otherwise Altitude {
        /// Millilitres, 1 to 5000.
        Water "water",
        /// Mood, 1 (lowest) to 10 (highest).
        Altitude "altitude",
    }
}

/// How the entries of a day make one value of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// They add up, and a goal says what is much. Each entry can move the day into another band.
    Amount,
    /// The last one counts, and a span of time has a mean.
    Level,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseUnit {
    Millilitres,
    /// A plain number.
    None,
}

impl BaseUnit {
    /// The suffix of a number.
    fn suffix(self) -> &'static str {
        match self {
            Self::Millilitres => " ml",
            Self::None => "",
        }
    }
}

/// All there is to know of a metric.
#[derive(Debug)]
pub struct Definition {
    pub kind: MetricKind,
    pub unit: BaseUnit,
    /// The values that one entry can have.
    pub range: RangeInclusive<i32>,
    /// The first value of one entry that is in the middle band, and the first that is in the high one.
    pub bands: (i32, i32),
}

const WATER: Definition =
    Definition { kind: MetricKind::Amount, unit: BaseUnit::Millilitres, range: 1..=5000, bands: (200, 400) };
const ALTITUDE: Definition = Definition { kind: MetricKind::Level, unit: BaseUnit::None, range: 1..=10, bands: (4, 8) };

impl Metric {
    pub const ALL: [Self; 2] = [Self::Water, Self::Altitude];

    #[must_use]
    pub fn definition(self) -> &'static Definition {
        match self {
            Self::Water => &WATER,
            Self::Altitude => &ALTITUDE,
        }
    }

    /// # Errors
    /// Names the range if `value` is outside it.
    pub fn check(self, value: i32) -> Result<(), FieldError> {
        let Definition { range, unit, .. } = self.definition();
        if range.contains(&value) {
            return Ok(());
        }
        let message = format!("has to be from {} to {}{}", range.start(), range.end(), unit.suffix());
        Err(FieldError::new("value", "range", message))
    }

    /// The band of one entry: a glass below 200 ml is low and from 400 ml high; an altitude up to 3 is low and from 8 high.
    #[must_use]
    pub fn band(self, value: i32) -> Band {
        let (middle, high) = self.definition().bands;
        Band::of(value, middle, high)
    }
}

/// Shown where a share withholds the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    Low,
    Middle,
    High,
}

impl Band {
    fn of<T: PartialOrd>(value: T, middle: T, high: T) -> Self {
        if value < middle {
            Self::Low
        } else if value < high {
            Self::Middle
        } else {
            Self::High
        }
    }

    /// The band of a day's total: below half of the goal it is low, from the goal on high.
    #[must_use]
    pub fn of_day(total: i64, goal: i32) -> Self {
        Self::of(2 * total, i64::from(goal), 2 * i64::from(goal))
    }
}

words! {
    /// The amount of a metric that is shown, from nothing to everything.
    #[derive(PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
    #[diesel(sql_type = SmallInt)]
    #[serde(rename_all = "snake_case")]
    pub enum Detail, otherwise None {
        /// Nothing.
        None "none",
        /// That something was logged, and when.
        Logged "logged",
        /// Whether it was low, middle or high.
        Band "band",
        /// The value, with note and tags.
        Exact "exact",
    }
}

impl Detail {
    /// Each that shows something, the least first.
    pub const SHOWN: [Self; 3] = [Self::Logged, Self::Band, Self::Exact];
}

/// As the least detail with which something is noticed: a number that the database should not hold is noticed by the fewest.
impl<DB: Backend> FromSql<SmallInt, DB> for Detail
where
    i16: FromSql<SmallInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let number = i16::from_sql(bytes)?;
        Ok([Self::None, Self::Logged, Self::Band]
            .into_iter()
            .find(|detail| *detail as i16 == number)
            .unwrap_or(Self::Exact))
    }
}

impl<DB: Backend> ToSql<SmallInt, DB> for Detail
where
    i16: ToSql<SmallInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        const NUMBERS: [i16; 4] = [0, 1, 2, 3];
        NUMBERS[*self as usize].to_sql(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_outside_the_range_is_told_the_range_with_its_unit() {
        for (metric, inside, outside, message) in [
            (Metric::Water, [1, 5000], [0, 5001], "has to be from 1 to 5000 ml"),
            (Metric::Altitude, [1, 10], [0, 11], "has to be from 1 to 10"),
        ] {
            for value in inside {
                metric.check(value).unwrap();
            }
            assert_eq!(outside.map(|value| metric.check(value).unwrap_err().message), [message; 2]);
        }
    }

    #[test]
    fn the_bands_of_every_metric_lie_within_its_range_in_order() {
        for metric in Metric::ALL {
            let Definition { range, bands: (middle, high), .. } = metric.definition();
            assert!(range.start() < middle && middle < high && high <= range.end(), "{metric:?}");
            assert_eq!(
                [*range.start(), *middle, *high].map(|value| metric.band(value)),
                [Band::Low, Band::Middle, Band::High]
            );
        }
    }
}
