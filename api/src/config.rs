//! Every setting, read once at the start; a wrong one is refused by name.
//!
//! The environment wins over `--config FILE` (TOML), which wins over the defaults. A secret may also stand in a file named
//! by `NAME_FILE`. Secrets are wrapped so that no log line or debug print can show them.

mod network;
mod rate;
mod secrets;
mod source;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use log::LevelFilter;
use secrecy::{ExposeSecret, SecretString};

pub use self::secrets::{create_private_dir, is_closed, weakness};
pub use self::{network::Network, rate::Rate};
use self::{
    secrets::refuse_open_folder,
    source::{Source, bad, without_scheme},
};

/// Every key that is understood, in the order of the documentation.
pub const KEYS: [&str; 31] = [
    "APP_ENV",
    "BIND_ADDR",
    "PUBLIC_URL",
    "DATABASE_URL",
    "DATA_DIR",
    "JWT_SECRET",
    "JWT_SECRET_PREVIOUS",
    "JWT_TTL_HOURS",
    "SESSION_SECRET",
    "PASSWORD_PEPPER",
    "BCRYPT_COST",
    "TRUSTED_PROXIES",
    "CORS_ALLOWED_ORIGINS",
    "REGISTRATION",
    "MAINTENANCE_MODE",
    "AUDIT_RETENTION_DAYS",
    "REQUEST_TIMEOUT_SECONDS",
    "STOP_DELAY_SECONDS",
    "MAX_BODY_BYTES",
    "MAX_CONCURRENT_REQUESTS",
    "MAX_EVENT_STREAMS",
    "RATE_LIMIT_ENABLED",
    "RATE_LIMIT_GENERAL",
    "RATE_LIMIT_AUTH",
    "RATE_LIMIT_REGISTRATION",
    "RATE_LIMIT_ADMIN",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "SLOW_QUERY_MS",
    "DATABASE_READERS",
    "WRITE_QUEUE",
];
const SECRETS: [&str; 4] = ["JWT_SECRET", "JWT_SECRET_PREVIOUS", "SESSION_SECRET", "PASSWORD_PEPPER"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppEnv {
    Development,
    Production,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// Anybody may register.
    Open,
    /// Anybody with an invitation may register.
    Invite,
    Closed,
}

impl Registration {
    pub const ALL: [(&'static str, Self); 3] =
        [("open", Self::Open), ("invite", Self::Invite), ("closed", Self::Closed)];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Closed => "closed",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Pretty,
}

#[derive(Clone, Debug)]
pub struct Config {
    pub app_env: AppEnv,
    pub bind_addr: SocketAddr,
    /// Scheme, host and port under which people reach the page; `https` makes cookies `Secure`.
    pub public_url: String,
    pub database_url: String,
    pub data_dir: PathBuf,
    pub jwt_secret: SecretString,
    /// Tokens signed with it are still accepted, so that the secret can be replaced without signing everybody out.
    pub jwt_secret_previous: Option<SecretString>,
    pub jwt_ttl: Duration,
    pub session_secret: SecretString,
    pub password_pepper: SecretString,
    pub bcrypt_cost: u32,
    pub trusted_proxies: Vec<Network>,
    /// Sites other than our own whose pages may use the API, by exact origin.
    pub cors_allowed_origins: Vec<String>,
    /// Until an admin decides otherwise.
    pub registration: Registration,
    /// Refuses writes whatever an admin decides.
    pub maintenance_mode: bool,
    /// How long audit records stay.
    pub audit_retention_days: u32,
    pub request_timeout: Duration,
    /// For how long a server that was asked to stop still takes requests, while its readiness says that it will not.
    pub stop_delay: Duration,
    pub max_body_bytes: usize,
    /// How many requests are worked on at once; one more is told to come back.
    pub max_concurrent_requests: usize,
    /// How many streams of events are open at once; one more is told to come back.
    pub max_event_streams: usize,
    pub rate_limit_enabled: bool,
    pub rate_limit_general: Rate,
    pub rate_limit_auth: Rate,
    pub rate_limit_registration: Rate,
    pub rate_limit_admin: Rate,
    pub log_level: LevelFilter,
    pub log_format: LogFormat,
    /// A statement that takes as long is logged with its plan.
    pub slow_query: Duration,
    /// How many connections read at the same time.
    pub database_readers: u32,
    /// How many writes may wait for the writer before the next one is told to come back.
    pub write_queue: usize,
}

impl Config {
    /// Reads the process's environment and, if given, a TOML file.
    ///
    /// # Errors
    /// One line that names the setting, the problem, and an example that would do.
    pub fn load(file: Option<&Path>) -> Result<Self, String> {
        Self::from_sources(std::env::vars().collect(), file)
    }

    /// [`Config::load`] with an environment of the caller's.
    pub fn from_sources(environment: BTreeMap<String, String>, file: Option<&Path>) -> Result<Self, String> {
        let source = Source::read(environment, file)?;
        let app_env = source.choice(
            "APP_ENV",
            "development",
            &[("development", AppEnv::Development), ("production", AppEnv::Production)],
        )?;
        let production = app_env == AppEnv::Production;
        let data_dir = PathBuf::from(source.text("DATA_DIR", "./data"));
        let secret = |name| source.secret(name, production, &data_dir);
        let rate =
            |name, default| source.parse(name, default, "is not a number of requests within s, m or h, up to a day");
        let config = Self {
            app_env,
            bind_addr: source.parse("BIND_ADDR", "127.0.0.1:8081", "is not an address and a port")?,
            public_url: public_url(&source)?,
            bcrypt_cost: bcrypt_cost(&source, production)?,
            database_url: database_url(&source, &data_dir)?,
            jwt_secret: secret("JWT_SECRET")?,
            jwt_secret_previous: source.given_secret("JWT_SECRET_PREVIOUS", production)?,
            jwt_ttl: Duration::from_secs(3600 * source.number("JWT_TTL_HOURS", 24_u64, 1..=720)?),
            session_secret: secret("SESSION_SECRET")?,
            password_pepper: secret("PASSWORD_PEPPER")?,
            trusted_proxies: source.list(
                "TRUSTED_PROXIES",
                "127.0.0.1, ::1",
                "is not a list of IP addresses and networks",
            )?,
            registration: source.choice(
                "REGISTRATION",
                if production { "closed" } else { "open" },
                &Registration::ALL,
            )?,
            cors_allowed_origins: source.origins("CORS_ALLOWED_ORIGINS")?,
            maintenance_mode: source.choice("MAINTENANCE_MODE", "false", &[("true", true), ("false", false)])?,
            audit_retention_days: source.number("AUDIT_RETENTION_DAYS", 365, 1..=36_500)?,
            request_timeout: Duration::from_secs(source.number("REQUEST_TIMEOUT_SECONDS", 30_u64, 1..=600)?),
            stop_delay: Duration::from_secs(source.number("STOP_DELAY_SECONDS", 2_u64, 0..=20)?),
            max_body_bytes: source.number("MAX_BODY_BYTES", 10_485_760, 1024..=1_073_741_824)?,
            max_concurrent_requests: source.number("MAX_CONCURRENT_REQUESTS", 512, 1..=65_536)?,
            max_event_streams: source.number("MAX_EVENT_STREAMS", 10_000, 1..=1_000_000)?,
            rate_limit_enabled: source.choice("RATE_LIMIT_ENABLED", "true", &[("true", true), ("false", false)])?,
            rate_limit_general: rate("RATE_LIMIT_GENERAL", "100/15m")?,
            rate_limit_auth: rate("RATE_LIMIT_AUTH", "10/15m")?,
            rate_limit_registration: rate("RATE_LIMIT_REGISTRATION", "5/1h")?,
            rate_limit_admin: rate("RATE_LIMIT_ADMIN", "50/5m")?,
            log_level: source.parse("LOG_LEVEL", "info", "is not one of off, error, warn, info, debug, trace")?,
            log_format: log_format(&source, production)?,
            slow_query: Duration::from_millis(source.number("SLOW_QUERY_MS", 200_u64, 1..=60_000)?),
            database_readers: source.number("DATABASE_READERS", 4, 1..=64)?,
            write_queue: source.number("WRITE_QUEUE", 1024, 1..=65_536)?,
            data_dir,
        };
        config.refuse_equal_secrets()?;
        if production {
            config.refuse_in_production()?;
        }
        Ok(config)
    }

    fn refuse_equal_secrets(&self) -> Result<(), String> {
        let mut secrets: Vec<&str> = [&self.jwt_secret, &self.session_secret, &self.password_pepper]
            .into_iter()
            .chain(&self.jwt_secret_previous)
            .map(ExposeSecret::expose_secret)
            .collect();
        secrets.sort_unstable();
        if secrets.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(bad("JWT_SECRET", "equals another secret; each needs its own", "$(openssl rand -base64 48)"));
        }
        Ok(())
    }

    /// Refuses settings that will do in development only.
    fn refuse_in_production(&self) -> Result<(), String> {
        if !self.served_over_tls() {
            return Err(bad(
                "PUBLIC_URL",
                "is plain HTTP, which production does not accept: passwords and health data would travel readable by anybody",
                "https://status.example.org",
            ));
        }
        refuse_open_folder("DATA_DIR", &self.data_dir)?;
        let file = Path::new(self.database_url.trim_start_matches("sqlite://"));
        refuse_open_folder("DATABASE_URL", file.parent().unwrap_or(&self.data_dir))
    }

    #[must_use]
    pub fn served_over_tls(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

fn log_format(source: &Source, production: bool) -> Result<LogFormat, String> {
    let default = if production { "json" } else { "pretty" };
    source.choice("LOG_FORMAT", default, &[("json", LogFormat::Json), ("pretty", LogFormat::Pretty)])
}

fn bcrypt_cost(source: &Source, production: bool) -> Result<u32, String> {
    let cost = source.number("BCRYPT_COST", 14, 4..=31)?;
    if production && cost < 12 {
        return Err(bad("BCRYPT_COST", "is below 12, which production does not accept", "14"));
    }
    Ok(cost)
}

fn public_url(source: &Source) -> Result<String, String> {
    let url = source.text("PUBLIC_URL", "http://localhost:8080").trim_end_matches('/').to_owned();
    if without_scheme(&url).is_some_and(|host| !host.is_empty() && !host.contains('/')) {
        return Ok(url);
    }
    Err(bad("PUBLIC_URL", "is not a scheme, host and port alone", "https://status.example.org"))
}

fn database_url(source: &Source, data_dir: &Path) -> Result<String, String> {
    let url = source.text("DATABASE_URL", &format!("sqlite://{}", data_dir.join("status-tracker.db").display()));
    if url.strip_prefix("sqlite://").is_some_and(|file| !file.is_empty()) {
        return Ok(url);
    }
    Err(bad("DATABASE_URL", "is not the address of a SQLite file", "sqlite:///var/lib/status-tracker.db"))
}
