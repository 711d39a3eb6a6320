//! When each read that is under way began. A read holds its moment of the database, and with it all of the write-ahead log since.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

#[derive(Debug)]
pub(super) struct Underway {
    since: Instant,
    /// Microseconds after `since`, plus one; 0 for none.
    begun: Box<[AtomicU64]>,
}

impl Underway {
    pub(super) fn new(at_most: u32) -> Self {
        Self { since: Instant::now(), begun: (0..at_most).map(|_| AtomicU64::new(0)).collect() }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX - 1) + 1
    }

    /// Counts a read until the returned value is dropped.
    pub(super) fn enter(&self) -> Entered<'_> {
        let now = self.now();
        let free = |slot: &&AtomicU64| slot.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        Entered(self.begun.iter().find(free))
    }

    /// How long the oldest read has been under way.
    pub(super) fn oldest(&self) -> Option<Duration> {
        let begun = self.begun.iter().map(|slot| slot.load(Ordering::Relaxed)).filter(|begun| *begun > 0).min()?;
        Some(Duration::from_micros(self.now().saturating_sub(begun)))
    }
}

pub(super) struct Entered<'a>(Option<&'a AtomicU64>);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some(slot) = self.0 {
            slot.store(0, Ordering::Relaxed);
        }
    }
}
