//! Every rate limit. Each request counts towards one tier: by user where a credential of ours says who, by address otherwise.
//!
//! The counts live in memory, and in a journal from which a restart takes them up again. See
//! `docs/decisions/0007-limits-in-a-journal.md` and `docs/decisions/0016-limits-for-people.md`.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_governor::governor::{
    Quota, RateLimiter, clock, middleware::StateInformationMiddleware, nanos::Nanos, state::StateStore,
};
use actix_web::{HttpMessage, HttpRequest, dev::ServiceRequest, http::header, web};

use super::{journal::Journal, penalties::Penalties, tier::Tier, waiting::Waiting};
use crate::{
    auth::guard::recognised_user,
    clock::Clock,
    config::{Config, Rate},
    error::{ApiError, Code},
    http::{
        caller::Caller,
        request::{client_address, routed_path},
        state::AppState,
    },
};

/// Unchanged answers may be this many times as many as all others.
const UNCHANGED: u32 = 10;

/// How often counts that have run out are forgotten, so that memory follows the callers of the moment.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// The most networks that count by themselves in each tier. Beyond that, new ones count together by their first 16 bits, of which there are
/// at most 65,536 in either family: a caller with many addresses cannot fill the memory.
const KNOWN_NETWORKS: usize = 50_000;

/// Until when each caller's requests count (GCRA's theoretical arrival time).
#[derive(Clone, Debug, Default)]
struct Ends(Arc<Mutex<HashMap<Caller, Nanos>>>);

impl Ends {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Caller, Nanos>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for Ends {
    type Key = Caller;

    fn measure_and_replace<T, F, E>(&self, caller: &Caller, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut ends = self.lock();
        let (outcome, end) = decide(ends.get(caller).copied())?;
        ends.insert(*caller, end);
        Ok(outcome)
    }
}

impl clock::Clock for Clock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.elapsed()
    }
}

type Limiter = RateLimiter<Caller, Ends, Clock, StateInformationMiddleware>;

/// The limits of one server. Built once and shared by its workers, or each would count for itself.
pub struct Limits {
    tiers: [Limit; 6],
    waiting: Waiting,
    clock: Clock,
    /// `None` where nothing is limited.
    journal: Option<Journal>,
    /// Small in tests.
    pub known_networks: AtomicUsize,
}

struct Limit {
    rate: Rate,
    /// How long it takes until one more request is allowed.
    period: Duration,
    limiter: Limiter,
    ends: Ends,
    started: Duration,
    /// The networks that count at the moment, and when each was last seen.
    known: Mutex<HashMap<Caller, Duration>>,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limits")
    }
}

/// The limit that a request counts towards, as its answer tells it.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub tier: Tier,
    pub limit: u32,
    pub remaining: u32,
}

/// A request that was let through.
#[derive(Clone, Copy, Debug)]
pub struct Admission {
    caller: Caller,
    standing: Standing,
    at: Duration,
    /// The wait for any other answer, where the request was let through in the hope of an unchanged one.
    unless_unchanged: Option<Duration>,
}

/// A request that was refused.
#[derive(Debug)]
pub struct Refusal {
    pub standing: Standing,
    pub error: ApiError,
    /// Whether its caller had been told to wait, and did not.
    pub offence: bool,
}

impl Limits {
    /// The limits, with what the process before this one had counted.
    ///
    /// # Errors
    /// If a rate is one that cannot be counted.
    pub fn new(config: &Config, clock: &Clock) -> Result<Self, String> {
        let general = config.rate_limit_general;
        let unchanged = Rate { requests: general.requests.saturating_mul(UNCHANGED), ..general };
        let rates = Tier::ALL.map(|tier| match tier {
            Tier::General | Tier::Log => general,
            Tier::Auth => config.rate_limit_auth,
            Tier::Registration => config.rate_limit_registration,
            Tier::Admin => config.rate_limit_admin,
            Tier::Unchanged => unchanged,
        });
        let [general, auth, registration, admin, log, unchanged] = rates.map(|rate| Limit::new(rate, clock));
        let mut limits = Self {
            tiers: [general?, auth?, registration?, admin?, log?, unchanged?],
            waiting: Waiting::default(),
            clock: clock.clone(),
            journal: None,
            known_networks: AtomicUsize::new(KNOWN_NETWORKS),
        };
        if config.rate_limit_enabled {
            let (journal, used) = Journal::open(&config.data_dir, rates, clock.now());
            limits.journal = Some(journal);
            for ((tier, caller), count) in used {
                let caller = limits.counted_as(tier, caller);
                if let Some(count) = NonZeroU32::new(count) {
                    // Callers that had a count each and now share one can exceed its limit.
                    let _full = limits.tiers[tier as usize].limiter.check_key_n(&caller, count);
                }
            }
        }
        Ok(limits)
    }

    /// Counts a request in memory and in the journal before it is worked on. Where the limit is used up, a conditional request is let
    /// through while the limit for unchanged answers is not; [`Limits::settle`] refuses its answer unless that is unchanged.
    ///
    /// # Errors
    /// The refusal.
    pub fn admit(&self, tier: Tier, caller: Caller, conditional: bool) -> Result<Admission, Box<Refusal>> {
        let caller = self.counted_as(tier, caller);
        let admission = self.take(tier, caller).or_else(|wait| {
            let again = if conditional { self.take(Tier::Unchanged, caller).ok() } else { None };
            again
                .map(|admission| Admission { unless_unchanged: Some(wait), ..admission })
                .ok_or_else(|| self.refuse(tier, caller, wait))
        })?;
        self.note(&[(admission.standing.tier, 1, caller)]);
        if admission.unless_unchanged.is_none() {
            self.waiting.admit(tier, caller, admission.at);
        }
        Ok(admission)
    }

    /// Counts an unchanged answer in a tier of its own instead, as far as there is room. Returns what is left, or the refusal of an answer
    /// that was let through for being unchanged and is not.
    ///
    /// # Errors
    /// The refusal.
    pub fn settle(&self, admission: Admission, unchanged: bool) -> Result<Standing, Box<Refusal>> {
        let Admission { caller, standing, at, unless_unchanged } = admission;
        match unless_unchanged {
            Some(wait) if !unchanged => return Err(self.refuse(Tier::General, caller, wait)),
            None if unchanged && standing.tier == Tier::General => {}
            _ => return Ok(standing),
        }
        let Ok(moved) = self.take(Tier::Unchanged, caller) else { return Ok(standing) };
        let given_back = self.tiers[Tier::General as usize].give_back(caller, at, self.clock.elapsed());
        let lines = [(Tier::Unchanged, 1, caller), (Tier::General, -1, caller)];
        self.note(&lines[..if given_back { 2 } else { 1 }]);
        Ok(moved.standing)
    }

    /// Takes one request from the limit; the error is how long to wait where nothing is left.
    fn take(&self, tier: Tier, caller: Caller) -> Result<Admission, Duration> {
        let Limit { rate, limiter, .. } = &self.tiers[tier as usize];
        let at = self.clock.elapsed();
        let snapshot = limiter.check_key(&caller).map_err(|not_until| not_until.wait_time_from(at))?;
        let standing = Standing { tier, limit: rate.requests, remaining: snapshot.remaining_burst_capacity() };
        Ok(Admission { caller, standing, at, unless_unchanged: None })
    }

    fn refuse(&self, tier: Tier, caller: Caller, wait: Duration) -> Box<Refusal> {
        let now = self.clock.elapsed();
        let offence = self.waiting.refuse(tier, caller, now, now + wait);
        // Rounded up: a caller who waits as told gets through.
        let seconds = i64::try_from(wait.as_nanos().div_ceil(1_000_000_000)).unwrap_or(i64::MAX).max(1);
        let detail = format!("Nothing was changed. Try again in {seconds} seconds.");
        let standing = Standing { tier, limit: self.tiers[tier as usize].rate.requests, remaining: 0 };
        Box::new(Refusal { standing, error: ApiError::new(Code::RateLimited, detail).retry_after(seconds), offence })
    }

    fn note(&self, lines: &[(Tier, i64, Caller)]) {
        if let Some(journal) = &self.journal {
            journal.note(lines, self.clock.now());
        }
    }

    /// The caller that a request counts for. Users always count by themselves, since there are no more of them than accounts.
    fn counted_as(&self, tier: Tier, caller: Caller) -> Caller {
        if let Caller::User(_) = caller {
            return caller;
        }
        let mut known = self.tiers[tier as usize].known.lock().unwrap_or_else(PoisonError::into_inner);
        let room = known.len() < self.known_networks.load(Ordering::Relaxed);
        let caller = if room || known.contains_key(&caller) { caller } else { caller.coarser() };
        known.insert(caller, self.clock.elapsed());
        caller
    }

    /// Forgets the waits given to `caller` before a penalty: they are void after it.
    pub fn forget_waiting(&self, caller: Caller) {
        self.waiting.forget(caller);
    }

    /// How many callers are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.tiers.iter().map(|tier| tier.ends.lock().len()).sum()
    }

    /// Forgets callers with nothing left to remember.
    pub fn forget_past(&self) {
        let now = self.clock.elapsed();
        self.waiting.forget_past(now);
        for Limit { rate, ends, started, known, .. } in &self.tiers {
            known.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, last| *last + rate.within > now);
            let mut ends = ends.lock();
            let past = Nanos::from(now.saturating_sub(*started));
            ends.retain(|_, end| *end > past);
            ends.shrink_to_fit();
        }
    }
}

impl Limit {
    /// All requests of a rate may come at once; each comes back after its share of the time (GCRA).
    fn new(rate: Rate, clock: &Clock) -> Result<Self, String> {
        let period = rate.within / rate.requests;
        let burst = NonZeroU32::new(rate.requests);
        let quota = Quota::with_period(period).zip(burst).map(|(quota, burst)| quota.allow_burst(burst));
        let quota = quota.ok_or_else(|| format!("The rate limit {rate:?} cannot be counted"))?;
        let ends = Ends::default();
        let limiter = Limiter::new(quota, ends.clone(), clock.clone());
        Ok(Self { rate, period, limiter, ends, started: clock.elapsed(), known: Mutex::default() })
    }

    /// Gives back a request that was counted at `at`, as long as it still counts. Returns whether it did.
    fn give_back(&self, caller: Caller, at: Duration, now: Duration) -> bool {
        let mut ends = self.ends.lock();
        let Some(end) = ends.get_mut(&caller).filter(|_| now.saturating_sub(at) < self.period) else { return false };
        *end = Nanos::from(end.as_u64().saturating_sub(Nanos::from(self.period).as_u64()));
        true
    }
}

/// The caller of a request. `None` where the connection tells no address, which is so only where there is no connection.
pub async fn caller_of(req: &HttpRequest, state: &AppState) -> Option<Caller> {
    recognised_user(req)
        .await
        .map(Caller::User)
        .or_else(|| client_address(req, &state.config.trusted_proxies).map(Caller::at))
}

/// How a request counts: in which tier and for whom, and whether it asks if something has changed. `None` for what is not limited.
#[must_use]
pub fn counted(req: &ServiceRequest, state: &AppState) -> Option<(Tier, Caller, bool)> {
    let path = routed_path(req.request());
    let tier = Tier::of(req.method(), path).filter(|_| state.config.rate_limit_enabled)?;
    // A caller who signs in or registers is a stranger until that worked, whatever else they carry.
    let caller = if tier.lets_in() {
        client_address(req.request(), &state.config.trusted_proxies).map(Caller::at)
    } else {
        req.extensions().get::<Caller>().copied()
    }?;
    // Nobody logs who is not signed in.
    let tier = if tier == Tier::Log && !matches!(caller, Caller::User(_)) { Tier::General } else { tier };
    let conditional = tier == Tier::General
        && req.method().is_safe()
        && req.headers().contains_key(header::IF_NONE_MATCH)
        && !path.ends_with("/events");
    Some((tier, caller, conditional))
}

/// Forgets what has run out for as long as the server runs.
pub async fn forget_periodically(
    state: web::Data<AppState>,
    limits: web::Data<Limits>,
    penalties: web::Data<Penalties>,
) {
    loop {
        tokio::time::sleep(FORGET_EVERY).await;
        limits.forget_past();
        penalties.forget_past(&state.db, state.clock.now());
    }
}
