//! The limits' counts, on disk, so that a restart forgets nothing: one line for each request that
//! was let through, and one of -1 for each that was given back.
//!
//! A line is one `write` without a sync: it outlives the process however that ends, and a power cut may lose the last few. A line
//! that cannot be read is skipped. See `docs/decisions/0007-limits-in-a-journal.md`.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::tier::Tier;
use crate::{clock::Timestamp, config::Rate, http::caller::Caller};

/// At this size the journal is rewritten with only what still counts. It is read in the blink of an eye, and holds some 50,000 requests.
const LARGE: u64 = 4 << 20;

#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    rates: [Rate; 6],
    writer: Mutex<Writer>,
}

#[derive(Debug, Default)]
struct Writer {
    /// `None` where it cannot be opened.
    file: Option<File>,
    bytes: u64,
    rewrite_at: u64,
    /// Whether the last line may be incomplete.
    torn: bool,
    warned: bool,
}

impl Writer {
    fn warn(&mut self, cause: &io::Error) {
        if !self.warned {
            log::warn!(cause:% = cause; "what the limits counted cannot be written down: a restart will forget it");
        }
        self.warned = true;
    }
}

/// How many requests of each caller still count.
pub(super) type Used = HashMap<(Tier, Caller), u32>;

impl Journal {
    /// Reads the journal and starts a new file with the requests that still count.
    pub fn open(folder: &Path, rates: [Rate; 6], now: Timestamp) -> (Self, Used) {
        let journal = Self { path: folder.join("limits.journal"), rates, writer: Mutex::new(Writer::default()) };
        let used = journal.rewrite(&mut journal.writer.lock().unwrap_or_else(PoisonError::into_inner), now);
        (journal, used)
    }

    /// Adds requests, or takes them away, in one `write`.
    pub fn note(&self, requests: &[(Tier, i64, Caller)], at: Timestamp) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut line = if writer.torn { "\n".to_owned() } else { String::new() };
        line.extend(requests.iter().map(|(tier, count, caller)| self::line(*tier, *count, at.0, *caller)));
        let Some(file) = &mut writer.file else { return };
        let written = file.write(line.as_bytes());
        match written {
            Ok(count) if count == line.len() => {
                writer.torn = false;
                writer.bytes += line.len() as u64;
                if writer.bytes >= writer.rewrite_at {
                    self.rewrite(&mut writer, at);
                }
            }
            Ok(_) => {
                writer.torn = true;
                writer.warn(&io::Error::from(io::ErrorKind::WriteZero));
            }
            Err(cause) => {
                writer.torn = true;
                writer.warn(&cause);
            }
        }
    }

    /// Replaces the file with the requests that still count at `now`.
    fn rewrite(&self, writer: &mut Writer, now: Timestamp) -> Used {
        let text = fs::read(&self.path).unwrap_or_default();
        let ends = fold(&text, now, |tier| self.period(tier));
        let mut used = Used::new();
        let mut lines = String::new();
        for ((tier, caller), end) in ends {
            let (period, limit) = (self.period(tier), self.rates[tier as usize].requests);
            let end = end.min(nanoseconds(now).saturating_add(period.saturating_mul(i64::from(limit))));
            // Rounded up: nobody gains by a restart.
            let count = u32::try_from((end - nanoseconds(now) + period - 1) / period).unwrap_or(0).min(limit);
            if count > 0 {
                let at = (end - i64::from(count) * period + 999_999) / 1_000_000;
                lines += &line(tier, i64::from(count), at, caller);
                used.insert((tier, caller), count);
            }
        }
        match self.replace(&lines) {
            Ok(file) => {
                let bytes = lines.len() as u64;
                *writer = Writer { file: Some(file), bytes, rewrite_at: LARGE.max(2 * bytes), ..Writer::default() };
            }
            Err(cause) => {
                // Otherwise the old file is appended to, once the disk takes it again.
                writer.file = writer.file.take().or_else(|| OpenOptions::new().append(true).open(&self.path).ok());
                writer.rewrite_at = writer.bytes + LARGE;
                writer.warn(&cause);
            }
        }
        used
    }

    /// Replaces the file as a whole or not at all, whenever the process ends.
    fn replace(&self, lines: &str) -> io::Result<File> {
        let draft = self.path.with_extension("draft");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(lines.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, &self.path)?;
        OpenOptions::new().append(true).open(&self.path)
    }

    fn period(&self, tier: Tier) -> i64 {
        let rate = self.rates[tier as usize];
        i64::try_from((rate.within / rate.requests).as_nanos()).unwrap_or(i64::MAX).max(1)
    }
}

/// `general 1 1772366400000 user 019cb2f0-0000-7000-8000-000000000001`: tier, how many, when, who.
fn line(tier: Tier, count: i64, at: i64, caller: Caller) -> String {
    format!("{} {count} {at} {caller}\n", tier.as_str())
}

fn parse(line: &[u8]) -> Option<(Tier, i64, i64, Caller)> {
    let mut words = std::str::from_utf8(line).ok()?.splitn(4, ' ');
    let tier = words.next()?;
    let tier = Tier::ALL.into_iter().find(|one| one.as_str() == tier)?;
    Some((tier, words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

fn nanoseconds(at: Timestamp) -> i64 {
    at.0.saturating_mul(1_000_000)
}

/// Until when each caller's requests count, in nanoseconds: each adds its share of the time (GCRA, as the limits themselves).
fn fold(text: &[u8], now: Timestamp, period: impl Fn(Tier) -> i64) -> HashMap<(Tier, Caller), i64> {
    let mut ends = HashMap::new();
    for (tier, count, at, caller) in text.split(|byte| *byte == b'\n').filter_map(parse) {
        // A clock that was put back does not make requests of the future count for longer.
        let at = nanoseconds(Timestamp(at)).min(nanoseconds(now));
        let end = ends.entry((tier, caller)).or_insert(at);
        // A request that is given back makes the count end earlier, and a count that was over by then stays over.
        let start = if count > 0 { (*end).max(at) } else { *end };
        *end = start.saturating_add(count.saturating_mul(period(tier)));
    }
    ends.retain(|_, end| *end > nanoseconds(now));
    ends
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Timestamp = Timestamp(1_772_366_400_000);
    const RATES: [Rate; 6] = [Rate { requests: 10, within: Duration::from_secs(100) }; 6];

    fn robin() -> Caller {
        Caller::User(uuid::Uuid::from_u128(1))
    }

    fn used(folder: &Path, now: Timestamp) -> u32 {
        Journal::open(folder, RATES, now).1.get(&(Tier::General, robin())).copied().unwrap_or(0)
    }

    #[test]
    fn counts_are_read_back_and_run_out_as_they_would_have() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, nothing) = Journal::open(folder.path(), RATES, NOW);
        assert!(nothing.is_empty());
        for _ in 0..7 {
            journal.note(&[(Tier::General, 1, robin())], NOW);
        }
        journal.note(&[(Tier::Auth, 1, robin())], NOW);
        // One comes back every ten seconds, however often the server starts meanwhile.
        for (seconds, expected) in [(0, 7), (9, 7), (10, 6), (15, 6), (15, 6), (20, 5), (69, 1), (70, 0)] {
            assert_eq!(used(folder.path(), Timestamp(NOW.0 + seconds * 1000)), expected, "after {seconds} s");
        }
        assert_eq!(fs::read_to_string(folder.path().join("limits.journal")).unwrap(), "");
    }

    #[test]
    fn requests_given_back_count_no_longer_and_never_for_less_than_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = Journal::open(folder.path(), RATES, NOW);
        for _ in 0..7 {
            journal.note(&[(Tier::General, 1, robin())], NOW);
        }
        for _ in 0..3 {
            journal.note(&[(Tier::Unchanged, 1, robin()), (Tier::General, -1, robin())], NOW);
        }
        drop(journal);
        let (_, both) = Journal::open(folder.path(), RATES, NOW);
        assert_eq!((both[&(Tier::General, robin())], both[&(Tier::Unchanged, robin())]), (4, 3));
        let (journal, _) = Journal::open(folder.path(), RATES, Timestamp(NOW.0 + 1_000_000));
        for count in [-1, -1, -1, 1, 1] {
            journal.note(&[(Tier::General, count, robin())], Timestamp(NOW.0 + 1_000_000));
        }
        assert_eq!(used(folder.path(), Timestamp(NOW.0 + 1_000_000)), 2);
    }

    #[test]
    fn a_broken_line_costs_that_line() {
        let folder = tempfile::tempdir().unwrap();
        let whole = line(Tier::General, 1, NOW.0, robin());
        let torn = &whole[..whole.len() - 5];
        let text = format!("{whole}nonsense\n\u{0}\n{whole}general -1 7 user x\ngeneral 1 {} user\n{torn}", i64::MAX);
        fs::write(folder.path().join("limits.journal"), [text.as_bytes(), b"\xff"].concat()).unwrap();
        assert_eq!(used(folder.path(), NOW), 2);
    }

    #[test]
    fn a_clock_that_was_put_back_blocks_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let future =
            line(Tier::General, 3, NOW.0 + 1_000_000_000, robin()) + &line(Tier::General, i64::MAX, i64::MIN, robin());
        fs::write(folder.path().join("limits.journal"), &future).unwrap();
        assert!(used(folder.path(), NOW) <= RATES[0].requests);
        assert_eq!(used(folder.path(), Timestamp(NOW.0 + 100_000)), 0);
    }

    #[test]
    fn it_stays_small_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = Journal::open(folder.path(), RATES, NOW);
        let one = line(Tier::General, 1, NOW.0, robin()).len() as u64;
        for _ in 0..LARGE / one + 10 {
            journal.note(&[(Tier::General, 1, robin())], NOW);
        }
        let file = fs::metadata(folder.path().join("limits.journal")).unwrap();
        assert!(file.len() < 1000, "{} bytes", file.len());
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
        assert_eq!(used(folder.path(), NOW), RATES[0].requests);
    }

    #[test]
    fn a_folder_that_takes_no_file_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, used) = Journal::open(&folder.path().join("missing"), RATES, NOW);
        journal.note(&[(Tier::General, 1, robin())], NOW);
        assert!(used.is_empty());
    }
}
