//! The production checklist: each line passed or failed, and what to do about it.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use log::LevelFilter;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    account::{model::count_able_admins, username::Username},
    audit::model::{Verdict, verify},
    auth::model::admins_without_second_factor,
    config::{AppEnv, Config, LogFormat, Network, Registration, is_closed, weakness},
    db::{Db, damage, migration_status},
    error::ApiResult,
};

/// One line of the list.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    pub what: &'static str,
    /// The remedy, where it failed.
    pub remedy: Option<String>,
}

impl Check {
    fn new(what: &'static str, passed: bool, remedy: impl Into<String>) -> Self {
        Self { what, remedy: (!passed).then(|| remedy.into()) }
    }

    fn of(what: &'static str, outcome: Result<(), String>) -> Self {
        Self { what, remedy: outcome.err() }
    }
}

/// All lines, those about the database last. Changes nothing.
#[must_use]
pub fn examine(config: &Config) -> Vec<Check> {
    let mut checks = about_settings(config);
    checks.extend(about_files(config));
    checks.extend(about_database(config));
    checks
}

fn about_settings(config: &Config) -> Vec<Check> {
    let secrets: [(&'static str, &str, &SecretString); 3] = [
        ("JWT_SECRET is strong", "JWT_SECRET", &config.jwt_secret),
        ("SESSION_SECRET is strong", "SESSION_SECRET", &config.session_secret),
        ("PASSWORD_PEPPER is strong", "PASSWORD_PEPPER", &config.password_pepper),
    ];
    let strong = secrets.map(|(what, name, secret)| {
        let problem = weakness(secret.expose_secret());
        Check::of(
            what,
            problem.map_or(Ok(()), |problem| Err(format!("{name} {problem}. Make one: openssl rand -base64 48"))),
        )
    });
    let mut checks = vec![
        Check::new("The environment is production", config.app_env == AppEnv::Production, "Set APP_ENV=production."),
        Check::new(
            "People reach it over TLS",
            config.served_over_tls(),
            "Set PUBLIC_URL to the https address that people use, and give nginx a certificate.",
        ),
    ];
    checks.extend(strong);
    checks.extend([
        Check::new(
            "Password hashes cost enough",
            config.bcrypt_cost >= 12,
            format!("BCRYPT_COST is {}. Set it to 14, or to 12 on a slow machine.", config.bcrypt_cost),
        ),
        Check::new(
            "Strangers cannot register",
            config.registration != Registration::Open,
            "Set REGISTRATION=invite or REGISTRATION=closed, unless you mean everybody.",
        ),
        Check::new("Nobody can ask too often", config.rate_limit_enabled, "Set RATE_LIMIT_ENABLED=true."),
        Check::new(
            "Logs can be read by machines",
            config.log_format == LogFormat::Json && config.log_level >= LevelFilter::Info,
            "Set LOG_FORMAT=json and LOG_LEVEL=info.",
        ),
        Check::new(
            "A trusted proxy stands in front",
            !config.trusted_proxies.is_empty() && config.bind_addr.ip().is_loopback()
                || config.trusted_proxies.iter().any(|proxy| !proxy.is_loopback()),
            "BIND_ADDR is open to the network while only this machine's own proxies are trusted. Bind to 127.0.0.1, or name the proxy in \
             TRUSTED_PROXIES.",
        ),
        Check::new(
            "Not everybody is a trusted proxy",
            !config.trusted_proxies.iter().any(Network::is_everything),
            "TRUSTED_PROXIES holds every address there is, so that anybody may claim to ask from any. Name the proxy's address or its network.",
        ),
    ]);
    checks
}

fn about_files(config: &Config) -> Vec<Check> {
    let database = Path::new(config.database_url.trim_start_matches("sqlite://"));
    vec![
        Check::of("The data folder is closed to others", closed(&config.data_dir, 0o700)),
        Check::of(
            "The database's folder is closed to others",
            closed(database.parent().unwrap_or(&config.data_dir), 0o700),
        ),
        Check::of("The database file is closed to others", closed(database, 0o600)),
    ]
}

fn closed(path: &Path, wanted: u32) -> Result<(), String> {
    let shown = path.display();
    let found = fs::metadata(path).map_err(|cause| format!("{shown} cannot be looked at: {cause}."))?;
    if is_closed(&found) {
        return Ok(());
    }
    Err(format!("{shown} has mode {:o}. Run: chmod {wanted:o} {shown}", found.permissions().mode() & 0o777))
}

fn about_database(config: &Config) -> Vec<Check> {
    let current = migration_status(config).and_then(|(_, pending)| match pending.as_slice() {
        [] => Ok(()),
        pending => Err(format!("{} migrations are pending. Run: status-tracker migrate", pending.len())),
    });
    // Opening would apply what is pending, and a checklist changes nothing.
    let can_open = current.is_ok();
    let mut checks = vec![Check::of("The database is up to date", current)];
    if !can_open {
        return checks;
    }
    let found = Db::open(config).and_then(|db| examine_database(&db).map_err(|error| error.to_string()));
    match found {
        Ok(more) => checks.extend(more),
        Err(cause) => checks.push(Check::of("The database can be read", Err(format!("{cause}.")))),
    }
    checks
}

fn examine_database(db: &Db) -> ApiResult<Vec<Check>> {
    db.read_blocking(|conn| {
        let damage = damage(conn)?;
        let chain = verify(conn, None)?;
        let admins = count_able_admins(conn)?;
        let without = admins_without_second_factor(conn)?;
        Ok(vec![
            Check::new(
                "The database is whole",
                damage.is_none(),
                format!("{}. Restore a backup.", damage.unwrap_or_default()),
            ),
            Check::of(
                "The audit log is whole",
                match chain {
                    Verdict::Sound { .. } => Ok(()),
                    Verdict::Broken(what) => Err(format!("{what}. Keep the file, and compare it with a backup.")),
                },
            ),
            Check::new(
                "Somebody can manage the instance",
                admins > 0,
                "Run: status-tracker user create --username NAME --role admin --generate",
            ),
            Check::new(
                "Every admin has a second factor",
                without.is_empty(),
                format!(
                    "{} should turn it on, under Settings.",
                    without.iter().map(Username::as_str).collect::<Vec<_>>().join(", ")
                ),
            ),
        ])
    })
}
