//! Water that was typed in fluid ounces (US): its tenths, beside the millilitres that every entry has.

use crate::{
    error::FieldError,
    metric::{BaseUnit, Metric},
};

const ML_PER_TENTH: f64 = 2.957_352_956_25;

/// The tenths of an ounce that are nearest to an amount in millilitres.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a person's water is far from either limit"
)]
pub fn nearest_tenths(ml: i64) -> i64 {
    (ml as f64 / ML_PER_TENTH).round() as i64
}

/// Checks that millilitres and tenths of an ounce, where an entry has both, are the same amount.
///
/// # Errors
/// Names the field that does not fit.
pub fn check(metric: Metric, value: i32, fl_oz_tenths: Option<i32>) -> Result<(), FieldError> {
    let Some(tenths) = fl_oz_tenths else { return Ok(()) };
    let message = match metric.definition().unit {
        BaseUnit::None => "is for water alone",
        BaseUnit::Millilitres if nearest_tenths(value.into()) == i64::from(tenths) => return Ok(()),
        BaseUnit::Millilitres => "has to be what `value` is in fluid ounces (US), in tenths",
    };
    Err(FieldError::new("fl_oz_tenths", "mismatch", message))
}

/// The water of a day, by what was typed in either unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayTotal {
    /// All of it, each entry in whole millilitres.
    pub ml: i64,
    /// The part that was typed in millilitres.
    pub ml_alone: i64,
    /// The part that was typed in ounces.
    pub tenths: Option<i64>,
}

impl DayTotal {
    /// One entry.
    #[must_use]
    pub fn of(value: i32, fl_oz_tenths: Option<i32>) -> Self {
        let ml = value.into();
        Self { ml, ml_alone: if fl_oz_tenths.is_some() { 0 } else { ml }, tenths: fl_oz_tenths.map(Into::into) }
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let tenths = self.tenths.map_or(other.tenths, |tenths| Some(tenths + other.tenths.unwrap_or_default()));
        Self { ml: self.ml + other.ml, ml_alone: self.ml_alone + other.ml_alone, tenths }
    }

    /// The same total with its sign turned, to subtract it.
    #[must_use]
    pub fn negative(self) -> Self {
        Self { ml: -self.ml, ml_alone: -self.ml_alone, tenths: self.tenths.map(|tenths| -tenths) }
    }

    /// All of it in tenths of an ounce; what was typed in millilitres is rounded once.
    #[must_use]
    pub fn all_tenths(self) -> i64 {
        self.tenths.unwrap_or_default() + nearest_tenths(self.ml_alone)
    }

    /// All of it in tenths of an ounce; `None` where nothing was typed in ounces.
    #[must_use]
    pub fn fl_oz_tenths(self) -> Option<i64> {
        self.tenths.map(|_| self.all_tenths())
    }

    /// All of it in millilitres, rounded once: eight glasses of eight ounces reach a goal of sixty-four.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "a person's water is far from either limit"
    )]
    pub fn exact_ml(self) -> i64 {
        self.ml_alone + (self.tenths.unwrap_or_default() as f64 * ML_PER_TENTH).round() as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_typed_in_ounces_fits_the_millilitres_it_becomes() {
        for tenths in 1..=1690_i32 {
            let ml = (f64::from(tenths) * ML_PER_TENTH).round();
            #[expect(clippy::cast_possible_truncation, reason = "at most 5000")]
            let ml = ml as i32;
            check(Metric::Water, ml, Some(tenths)).unwrap();
            check(Metric::Water, ml, Some(tenths + 1)).unwrap_err();
            check(Metric::Water, ml, Some(tenths - 1)).unwrap_err();
        }
        check(Metric::Water, 5000, Some(1691)).unwrap();
        check(Metric::Altitude, 7, Some(2)).unwrap_err();
        check(Metric::Altitude, 7, None).unwrap();
    }

    #[test]
    fn ounces_are_added_as_they_were_typed_and_the_rest_is_rounded_once() {
        let cups = DayTotal { ml: 480, ml_alone: 0, tenths: Some(160) };
        assert_eq!((cups.fl_oz_tenths(), cups.exact_ml()), (Some(160), 473));
        let mixed = DayTotal { ml: 973, ml_alone: 500, tenths: Some(160) };
        assert_eq!((mixed.fl_oz_tenths(), mixed.exact_ml()), (Some(329), 973));
        let metric = DayTotal { ml: 500, ml_alone: 500, tenths: None };
        assert_eq!((metric.fl_oz_tenths(), metric.exact_ml()), (None, 500));
    }
}
