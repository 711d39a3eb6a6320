//! Every rate limit, named. Each request counts towards one tier: by user where a credential of ours says who, by address otherwise.
//!
//! The counts live in memory, and in a journal from which a restart takes them up again.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    str::FromStr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use actix_governor::{
    Governor, GovernorConfig, GovernorConfigBuilder, GovernorMiddleware, KeyExtractor,
    governor::{
        NotUntil,
        clock::{Clock as _, DefaultClock, QuantaInstant},
        middleware::StateInformationMiddleware,
    },
};
use actix_web::{
    Error, HttpMessage, HttpResponse, HttpResponseBuilder,
    body::{EitherBody, MessageBody},
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
    http::{StatusCode, header},
    web,
};
use futures_util::future::LocalBoxFuture;

use super::{Caller, journal::Journal};
use crate::{
    clock::Timestamp,
    config::Config,
    error::{ApiError, Code},
    extract::{client_address, routed_path},
    server::AppState,
};

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

/// Which requests count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    General,
    /// Signing in.
    Auth,
    Registration,
    Admin,
}

impl Tier {
    pub const ALL: [Self; 4] = [Self::General, Self::Auth, Self::Registration, Self::Admin];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Auth => "auth",
            Self::Registration => "registration",
            Self::Admin => "admin",
        }
    }

    /// The tier of an address; none for health and documentation, which monitors and machines ask often.
    fn of(path: &str) -> Option<Self> {
        match path.strip_prefix("/api/v1/")? {
            "auth/login" | "auth/token" => Some(Self::Auth),
            "auth/register" => Some(Self::Registration),
            path if path.starts_with("admin/") => Some(Self::Admin),
            _ => Some(Self::General),
        }
    }
}

/// What a request was counted as. Whoever let it through writes it down.
#[derive(Clone, Copy, Debug)]
pub struct Counted(pub Tier, pub Caller);

#[derive(Clone, Debug)]
pub struct ByCaller(Tier);

impl KeyExtractor for ByCaller {
    /// `None` for requests of another tier, or of none: not counted here.
    type Key = Option<Caller>;
    type KeyExtractionError = ApiError;

    fn extract(&self, req: &ServiceRequest) -> Result<Option<Caller>, ApiError> {
        let state: &web::Data<AppState> = req.app_data().ok_or_else(|| ApiError::internal("no application state"))?;
        if !state.config.rate_limit_enabled || Tier::of(routed_path(req.request())) != Some(self.0) {
            return Ok(None);
        }
        let caller = match self.0 {
            // Whoever signs in or registers is a stranger until that worked, whatever else they carry.
            Tier::Auth | Tier::Registration => {
                client_address(req.request(), &state.config.trusted_proxies).map(Caller::at)
            }
            Tier::General | Tier::Admin => req.extensions().get::<Caller>().copied(),
        };
        let Some(caller) = caller else { return Ok(None) };
        let caller = state.limits.counted_as(self.0, caller, state.clock.now());
        req.extensions_mut().insert(Counted(self.0, caller));
        Ok(Some(caller))
    }

    fn exceed_rate_limit_response(
        &self,
        negative: &NotUntil<QuantaInstant>,
        mut response: HttpResponseBuilder,
    ) -> HttpResponse {
        let wait = negative.wait_time_from(DefaultClock::default().now());
        // Rounded up: whoever waits as told gets through.
        let seconds = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX - 1) + 1;
        // `request_log` turns it into a problem document.
        response.insert_header((header::RETRY_AFTER, seconds)).finish()
    }

    fn whitelisted_keys(&self) -> Vec<Option<Caller>> {
        vec![None]
    }
}

/// The problem behind a refusal by one of the limits.
#[must_use]
pub fn refusal(response: &HttpResponse) -> Option<ApiError> {
    if response.status() != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let seconds = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    let error = ApiError::new(Code::RateLimited, format!("Nothing was changed. Try again in {seconds} seconds."));
    Some(error.retry_after(seconds))
}

type TierConfig = GovernorConfig<ByCaller, StateInformationMiddleware>;

/// How often counts that have run out are forgotten, so that memory follows the callers of the moment.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// So many networks count by themselves in each tier. With more of them, new ones count together by their first 16 bits, of which
/// there can be no more than 65,536 in either family: whoever has many addresses cannot fill the memory.
const KNOWN_NETWORKS: usize = 50_000;

/// The limits of one server. Built once and shared by its workers, or each would count for itself.
pub struct Limits {
    tiers: [Limit; 4],
    /// `None` where nothing is limited.
    journal: Option<Journal>,
    /// Small in tests.
    pub known_networks: AtomicUsize,
}

struct Limit {
    config: TierConfig,
    within: Duration,
    /// The networks that count at the moment, and when each was last seen.
    known: Mutex<HashMap<Caller, Timestamp>>,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limits")
    }
}

impl Limits {
    /// The limits, with what the process before this one had counted.
    ///
    /// # Errors
    /// If a rate is one that cannot be counted.
    pub fn new(config: &Config, now: Timestamp) -> Result<Self, String> {
        let rates = [
            config.rate_limit_general,
            config.rate_limit_auth,
            config.rate_limit_registration,
            config.rate_limit_admin,
        ];
        let limit = |tier: Tier| limit(tier, rates[tier as usize]);
        let [general, auth, registration, admin] = Tier::ALL;
        let mut limits = Self {
            tiers: [limit(general)?, limit(auth)?, limit(registration)?, limit(admin)?],
            journal: None,
            known_networks: AtomicUsize::new(KNOWN_NETWORKS),
        };
        if config.rate_limit_enabled {
            let (journal, used) = Journal::open(&config.data_dir, rates, now);
            limits.journal = Some(journal);
            for ((tier, caller), count) in used {
                let caller = limits.counted_as(tier, caller, now);
                if let Some(count) = NonZeroU32::new(count) {
                    // Callers that had a count each and now share one can be past its limit.
                    let _full = limits.tiers[tier as usize].config.limiter().check_key_n(&Some(caller), count);
                }
            }
        }
        Ok(limits)
    }

    /// The middleware that counts one tier.
    #[must_use]
    pub fn of(&self, tier: Tier) -> Limiting {
        Limiting(Governor::new(&self.tiers[tier as usize].config))
    }

    /// Writes down what was let through.
    pub fn note(&self, Counted(tier, caller): Counted, at: Timestamp) {
        if let Some(journal) = &self.journal {
            journal.note(tier, caller, at);
        }
    }

    /// Users count by themselves: there are as many as were let in.
    fn counted_as(&self, tier: Tier, caller: Caller, now: Timestamp) -> Caller {
        if let Caller::User(_) = caller {
            return caller;
        }
        let mut known = self.tiers[tier as usize].known.lock().unwrap_or_else(PoisonError::into_inner);
        let room = known.len() < self.known_networks.load(Ordering::Relaxed);
        let caller = if room || known.contains_key(&caller) { caller } else { caller.coarser() };
        known.insert(caller, now);
        caller
    }

    /// How many callers are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.tiers.iter().map(|tier| tier.config.limiter().len()).sum()
    }

    /// Forgets whoever has nothing left to be remembered for.
    pub fn forget_past(&self, now: Timestamp) {
        for Limit { config, within, known } in &self.tiers {
            let within = i64::try_from(within.as_millis()).unwrap_or(i64::MAX);
            known.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, last| last.0 > now.0 - within);
            config.limiter().retain_recent();
            config.limiter().shrink_to_fit();
        }
    }
}

/// Forgets what has run out for as long as the server runs.
pub async fn keep_forgetting(state: web::Data<AppState>) {
    loop {
        tokio::time::sleep(FORGET_EVERY).await;
        state.limits.forget_past(state.clock.now());
        state.penalties.forget_past(&state.db, state.clock.now());
    }
}

/// All requests of a rate may come at once; each comes back after its share of the time (GCRA).
fn limit(tier: Tier, rate: Rate) -> Result<Limit, String> {
    let config = GovernorConfigBuilder::default()
        .key_extractor(ByCaller(tier))
        .period(rate.within / rate.requests)
        .burst_size(rate.requests)
        .use_headers()
        .finish()
        .ok_or_else(|| format!("The rate limit {rate:?} cannot be counted"))?;
    Ok(Limit { config, within: rate.within, known: Mutex::default() })
}

/// [`Governor`] that says how much is left. It wants a service whose futures may be moved, and `App::wrap` hides whether they may, so
/// they are boxed.
pub struct Limiting(Governor<ByCaller, StateInformationMiddleware>);

impl std::fmt::Debug for Limiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limiting")
    }
}

#[derive(Debug)]
pub struct Boxed<S>(S);

impl<S, B> Transform<S, ServiceRequest> for Limiting
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = GovernorMiddleware<Boxed<S>, ByCaller, StateInformationMiddleware>;
    type Future = <Governor<ByCaller, StateInformationMiddleware> as Transform<Boxed<S>, ServiceRequest>>::Future;

    fn new_transform(&self, service: S) -> Self::Future {
        self.0.new_transform(Boxed(service))
    }
}

impl<S: Service<ServiceRequest> + 'static> Service<ServiceRequest> for Boxed<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = LocalBoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&self, req: ServiceRequest) -> Self::Future {
        Box::pin(self.0.call(req))
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
