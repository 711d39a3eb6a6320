//! Callers that a limit refused, and when each may come back: the difference between a client that waits and one that goes on.
//!
//! Every refusal leaves here the moment at which its caller may come back. A request that is refused at or after such a moment uses it up
//! and is no offence, because its caller waited. [`AT_ONCE`] requests may be refused without having waited, since a page asks for several
//! things before it hears of the first refusal. Each further one is an offence; its own repetition, once its moment has come, is none.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::Tier;
use crate::http::caller::Caller;

/// The most requests of one caller that may wait in a tier at once without an offence: a browser sends six at once.
pub const AT_ONCE: usize = 6;
/// The most moments that are remembered for one caller in one tier.
const MOMENTS: usize = 64;
/// The most callers that are remembered.
const CALLERS: usize = 10_000;
/// A moment is forgotten this long after it came.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(15);

#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<HashMap<(Tier, Caller), VecDeque<Duration>>>);

impl Waiting {
    /// Notes that a request was refused at `now` and may come back at `until`. Returns whether that was an offence.
    pub fn refuse(&self, tier: Tier, caller: Caller, now: Duration, until: Duration) -> bool {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= CALLERS && !callers.contains_key(&(tier, caller)) {
            retain_waiting(&mut callers, now);
            if callers.len() >= CALLERS {
                callers.clear();
            }
        }
        let moments = callers.entry((tier, caller)).or_default();
        let waited = take_past(moments, now);
        let offence = !waited && moments.len() >= AT_ONCE;
        if moments.len() < MOMENTS {
            moments.push_back(until);
        }
        offence
    }

    /// Notes that a request was let through at `now`: it counts as one of those that waited, if any did.
    pub fn admit(&self, tier: Tier, caller: Caller, now: Duration) {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(moments) = callers.get_mut(&(tier, caller)) {
            take_past(moments, now);
            if moments.is_empty() {
                callers.remove(&(tier, caller));
            }
        }
    }

    /// Forgets when a caller was to come back, once everything of theirs is refused.
    pub fn forget(&self, caller: Caller) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, one), _| *one != caller);
    }

    pub fn forget_past(&self, now: Duration) {
        retain_waiting(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), now);
    }
}

/// Uses up a moment that has come, if there is one.
fn take_past(moments: &mut VecDeque<Duration>, now: Duration) -> bool {
    let past = moments.iter().position(|moment| *moment <= now);
    past.is_some_and(|place| moments.remove(place).is_some())
}

fn retain_waiting(callers: &mut HashMap<(Tier, Caller), VecDeque<Duration>>, now: Duration) {
    callers.retain(|_, moments| moments.iter().any(|moment| *moment + FORGOTTEN_AFTER > now));
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn many_that_wait_as_told_are_no_offence_and_one_that_does_not_is() {
        let (waiting, caller) = (Waiting::default(), Caller::User(Uuid::from_u128(1)));
        for wave in 0..20 {
            for _ in 0..AT_ONCE {
                assert!(!waiting.refuse(Tier::General, caller, at(9 * wave), at(9 * wave + 9)), "wave {wave}");
            }
        }
        assert!(waiting.refuse(Tier::General, caller, at(172), at(180)), "one more, before any was told to come");
        assert!(!waiting.refuse(Tier::Log, caller, at(172), at(180)), "each tier by itself");
    }

    #[test]
    fn a_repetition_that_waited_is_no_offence_even_if_the_first_request_was_one() {
        let (waiting, caller) = (Waiting::default(), Caller::User(Uuid::from_u128(1)));
        for (now, offences) in [(0, 4), (9, 0), (18, 0)] {
            let refused = (0..AT_ONCE + 4).filter(|_| waiting.refuse(Tier::General, caller, at(now), at(now + 9)));
            assert_eq!(refused.count(), offences, "after {now} s");
        }
    }

    #[test]
    fn a_moment_is_used_up_by_coming_back_whatever_the_answer() {
        let (waiting, caller) = (Waiting::default(), Caller::User(Uuid::from_u128(1)));
        for _ in 0..AT_ONCE {
            waiting.refuse(Tier::General, caller, at(0), at(9));
        }
        waiting.admit(Tier::General, caller, at(9));
        for _ in 1..AT_ONCE {
            assert!(!waiting.refuse(Tier::General, caller, at(9), at(18)));
        }
        assert!(!waiting.refuse(Tier::General, caller, at(10), at(18)), "the place of the one that was let through");
        assert!(waiting.refuse(Tier::General, caller, at(10), at(18)));
    }

    #[test]
    fn many_callers_do_not_fill_the_memory() {
        let waiting = Waiting::default();
        for number in 0..3 * u128::try_from(CALLERS).unwrap() {
            assert!(!waiting.refuse(Tier::Auth, Caller::User(Uuid::from_u128(number)), at(0), at(90)));
        }
        assert!(waiting.0.lock().unwrap().len() <= CALLERS);
        for _ in 0..10 * MOMENTS {
            waiting.refuse(Tier::Auth, Caller::User(Uuid::from_u128(0)), at(0), at(90));
        }
        assert!(waiting.0.lock().unwrap().values().all(|moments| moments.len() <= MOMENTS));
        waiting.forget_past(at(91) + FORGOTTEN_AFTER);
        assert!(waiting.0.lock().unwrap().is_empty());
    }
}
