//! Every rate limit, named. Each request counts towards one tier: by user where a credential of ours says who, by address otherwise.
//!
//! The counts live in memory: a restart begins them anew, while the lock that failed sign-ins put on a name is kept in the database.

use std::{
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
    time::Duration,
};

use actix_governor::{
    GovernorConfig, GovernorConfigBuilder, KeyExtractor,
    governor::{
        NotUntil,
        clock::{Clock as _, DefaultClock, QuantaInstant},
        middleware::NoOpMiddleware,
    },
};
use actix_web::{
    HttpResponse, HttpResponseBuilder,
    dev::ServiceRequest,
    http::{StatusCode, header},
    web,
};
use uuid::Uuid;

use crate::{
    auth::guard::claimed_user,
    config::Config,
    error::{ApiError, Code},
    extract::client_address,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    General,
    /// Signing in.
    Auth,
    Registration,
    Admin,
}

impl Tier {
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

/// Who is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Of another tier, or of none: not counted here.
    Exempt,
    User(Uuid),
    Address(IpAddr),
}

#[derive(Clone, Debug)]
pub struct ByCaller(Tier);

impl KeyExtractor for ByCaller {
    type Key = Key;
    type KeyExtractionError = ApiError;

    fn extract(&self, req: &ServiceRequest) -> Result<Key, ApiError> {
        let state: &web::Data<AppState> = req.app_data().ok_or_else(|| ApiError::internal("no application state"))?;
        if !state.config.rate_limit_enabled || Tier::of(req.path()) != Some(self.0) {
            return Ok(Key::Exempt);
        }
        if let Some(user) = claimed_user(req.request(), state) {
            return Ok(Key::User(user));
        }
        Ok(client_address(req.request(), &state.config.trusted_proxies)
            .map_or(Key::Exempt, |address| Key::Address(network(address))))
    }

    fn exceed_rate_limit_response(&self, negative: &NotUntil<QuantaInstant>, _: HttpResponseBuilder) -> HttpResponse {
        let wait = negative.wait_time_from(DefaultClock::default().now());
        // Rounded up: whoever waits as told gets through.
        let seconds = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX - 1) + 1;
        // `request_log` turns it into a problem document: what else stood in the response is lost on the way there.
        HttpResponse::TooManyRequests().insert_header((header::RETRY_AFTER, seconds)).finish()
    }

    fn whitelisted_keys(&self) -> Vec<Key> {
        vec![Key::Exempt]
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

/// An IPv6 customer has 2^64 addresses and more to choose from, so the network counts, not the address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

type TierConfig = GovernorConfig<ByCaller, NoOpMiddleware<QuantaInstant>>;

/// How often counts that have run out are forgotten, so that memory follows the callers of the moment.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// The limits of one server. Built once and shared by its workers, or each would count for itself.
#[derive(Clone)]
pub struct Limits {
    pub general: TierConfig,
    pub auth: TierConfig,
    pub registration: TierConfig,
    pub admin: TierConfig,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limits")
    }
}

impl Limits {
    /// # Errors
    /// If a rate is one that cannot be counted.
    pub fn new(config: &Config) -> Result<Self, String> {
        Ok(Self {
            general: tier(Tier::General, config.rate_limit_general)?,
            auth: tier(Tier::Auth, config.rate_limit_auth)?,
            registration: tier(Tier::Registration, config.rate_limit_registration)?,
            admin: tier(Tier::Admin, config.rate_limit_admin)?,
        })
    }

    /// Forgets what has run out for as long as the server runs.
    pub async fn keep_forgetting(self) {
        loop {
            tokio::time::sleep(FORGET_EVERY).await;
            for tier in [&self.general, &self.auth, &self.registration, &self.admin] {
                tier.limiter().retain_recent();
                tier.limiter().shrink_to_fit();
            }
        }
    }
}

/// All requests of a rate may come at once; each comes back after its share of the time (GCRA).
fn tier(tier: Tier, rate: Rate) -> Result<TierConfig, String> {
    GovernorConfigBuilder::default()
        .key_extractor(ByCaller(tier))
        .period(rate.within / rate.requests)
        .burst_size(rate.requests)
        .finish()
        .ok_or_else(|| format!("The rate limit {rate:?} cannot be counted"))
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

    #[test]
    fn an_ipv6_network_counts_as_one_and_an_ipv4_address_by_itself() {
        let key = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(key("2001:db8:1:3::1"), "2001:db8:1:3::");
        assert_eq!(key("192.0.2.7"), "192.0.2.7");
        assert_eq!(key("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
