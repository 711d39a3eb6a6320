//! How often something may be asked for: `100/15m`.

use std::{str::FromStr, time::Duration};

/// How many requests within how long: `100/15m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub requests: u32,
    pub within: Duration,
}

impl FromStr for Rate {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (requests, within) = text.split_once('/').ok_or(())?;
        let unit = within.chars().last().ok_or(())?;
        let count: u64 = within.strip_suffix(unit).and_then(|count| count.parse().ok()).ok_or(())?;
        let seconds = match unit {
            's' => count,
            'm' => count * 60,
            'h' => count * 3600,
            _ => return Err(()),
        };
        let requests = requests.parse().map_err(|_| ())?;
        if requests == 0 || !(1..=86_400).contains(&seconds) {
            return Err(());
        }
        Ok(Self { requests, within: Duration::from_secs(seconds) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_within_a_time() {
        let rate = |requests, seconds| Ok(Rate { requests, within: Duration::from_secs(seconds) });
        assert_eq!("100/15m".parse(), rate(100, 900));
        assert_eq!("5/1h".parse(), rate(5, 3600));
        assert_eq!("1/30s".parse(), rate(1, 30));
        for wrong in ["", "100", "0/15m", "100/0m", "100/15", "100/15d", "-1/1m", "1/25h", "a/1m", "1/m"] {
            assert_eq!(wrong.parse::<Rate>(), Err(()), "{wrong}");
        }
    }
}
