//! Settings: which exist, which values are refused, and which ones production requires.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path};

use diesel::connection::SimpleConnection;
use secrecy::ExposeSecret;
use status_tracker::config::{Config, KEYS};

use super::{Program, text};

const SECRETS: [(&str, &str); 3] = [
    ("JWT_SECRET", "Yc0zZsoH2i1cF4mRrw0Vm6mJ6yQk1g3P"),
    ("SESSION_SECRET", "p2Wv7uJt9LqXo3nB5aKd8sEf1hGj4kMz"),
    ("PASSWORD_PEPPER", "T6yHn4mKo9pLi2jUb7vGc3fXd8zSa1qW"),
];

#[test]
fn a_bad_setting_stops_the_start_with_its_name_and_an_example() {
    let program = Program::new();
    program.must(&["migrate"]);
    for (name, value) in [
        ("APP_ENV", "staging"),
        ("BIND_ADDR", "localhost"),
        ("PUBLIC_URL", "status.example.org"),
        ("PUBLIC_URL", "https://status.example.org/app"),
        ("DATABASE_URL", "postgres://localhost/status"),
        ("DATABASE_URL", "sqlite://"),
        ("JWT_SECRET", "short"),
        ("JWT_TTL_HOURS", "0"),
        ("JWT_TTL_HOURS", "forever"),
        ("BCRYPT_COST", "3"),
        ("BCRYPT_COST", "32"),
        ("TRUSTED_PROXIES", "proxy.example.org"),
        ("REGISTRATION", "maybe"),
        ("REQUEST_TIMEOUT_SECONDS", "-1"),
        ("MAX_BODY_BYTES", "10MB"),
        ("RATE_LIMIT_ENABLED", "yes"),
        ("RATE_LIMIT_GENERAL", "100"),
        ("RATE_LIMIT_AUTH", "0/15m"),
        ("RATE_LIMIT_REGISTRATION", "5/2d"),
        ("RATE_LIMIT_ADMIN", "fifty/5m"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("DATABASE_READERS", "0"),
        ("WRITE_QUEUE", "0"),
    ] {
        program.must_fail(&["serve"], &[(name, value)], &format!("{name} "));
        program.must_fail(&["serve"], &[(name, value)], "Example: ");
    }
    program.must_fail(&["serve"], &[("JWT_SECRET_FILE", "/nowhere")], "JWT_SECRET_FILE ");
    let same = "the same secret in two places, 32 bytes";
    program.must_fail(&["serve"], &[("JWT_SECRET", same), ("SESSION_SECRET", same)], "JWT_SECRET ");
    program.must_fail(&["serve", "--config", "/nowhere.toml"], &[], "/nowhere.toml");
    let file = program.path("settings.toml");
    for (content, what) in [("BCRYPT_COTS = 4", "`BCRYPT_COTS` is not a setting"), ("LOG_LEVEL = [", "cannot be read")]
    {
        fs::write(&file, content).unwrap();
        program.must_fail(&["serve", "--config", file.to_str().unwrap()], &[], what);
    }
}

#[test]
fn production_starts_only_with_secrets_of_its_own() {
    let program = Program::new();
    let production = |replaced: &[(&str, &str)]| {
        let mut settings: BTreeMap<String, String> = [
            ("APP_ENV", "production"),
            ("DATA_DIR", program.path("data").to_str().unwrap()),
            ("PUBLIC_URL", "https://status.example.org"),
        ]
        .into_iter()
        .chain(SECRETS)
        .chain(replaced.iter().copied())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        settings.retain(|_, value| value != "-");
        Config::from_sources(settings, None)
    };
    assert_eq!(production(&[]).err(), None);
    assert!(production(&[("PUBLIC_URL", "http://status.example.org")]).unwrap_err().starts_with("PUBLIC_URL"));
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(production(&[("DATA_DIR", folder.path().to_str().unwrap())]).unwrap_err().starts_with("DATA_DIR"));
    let elsewhere = format!("sqlite://{}/status.db", folder.path().display());
    assert!(production(&[("DATABASE_URL", &elsewhere)]).unwrap_err().starts_with("DATABASE_URL"));
    for (name, _) in SECRETS {
        for bad in [
            "-",
            "too short",
            "passwordpasswordpasswordpassword1234",
            "your-256-bit-secret-your-256-bit-secret",
            "abcdefghijklmnopqrstuvwxyz012345",
            "change-me-change-me-change-me-change-me",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            let refused = production(&[(name, bad)]).unwrap_err();
            assert!(refused.starts_with(name), "{name}={bad}: {refused}");
            assert!(!refused.contains(bad) || bad == "-", "a refusal does not repeat a secret: {refused}");
        }
    }
    assert!(production(&[("BCRYPT_COST", "11")]).unwrap_err().starts_with("BCRYPT_COST"));
}

#[test]
fn the_production_checklist_passes_or_fails_line_by_line() {
    let program = Program::new();
    let words = ["doctor"];
    let output = program.run(&words, &[]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    for failed in [
        "The environment is production",
        "People reach it over TLS",
        "Password hashes cost enough",
        "The database is up to date",
    ] {
        assert!(told.contains(&format!("failed  {failed}\n        ")), "{failed} in {told}");
    }
    assert!(text(&output.stderr).contains("checks failed"));

    program.must(&["migrate"]);
    program.must(&["user", "create", "--username", "robin", "--role", "admin", "--generate"]);
    let production = [
        &[("APP_ENV", "production"), ("PUBLIC_URL", "https://status.example.org"), ("BCRYPT_COST", "14")][..],
        &SECRETS,
    ]
    .concat();
    let output = program.run(&words, &production);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("failed  Every admin has a second factor\n        robin should turn it on"), "{told}");
    assert_eq!(told.matches("failed  ").count(), 1, "{told}");

    let mut conn = program.database();
    let confirmed = "INSERT INTO second_factors (user_id, secret, confirmed_at) SELECT id, 'sealed', 1 FROM users";
    conn.batch_execute(confirmed).unwrap();
    let output = program.run(&words, &production);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(!text(&output.stdout).contains("failed"));

    conn.batch_execute("DROP TRIGGER audit_is_not_removed; DELETE FROM audit; UPDATE users SET disabled = 1").unwrap();
    fs::set_permissions(program.path("data/status-tracker.db"), fs::Permissions::from_mode(0o644)).unwrap();
    let told = text(&program.run(&words, &production).stdout);
    for failed in
        ["The audit log is whole", "Somebody can manage the instance", "The database file is closed to others"]
    {
        assert!(told.contains(&format!("failed  {failed}\n        ")), "{failed} in {told}");
    }
    // A setting with which production would not start is the only line, and says so.
    let short: Vec<_> = production.into_iter().chain([("JWT_SECRET", "short")]).collect();
    program.must_fail(&words, &short, "JWT_SECRET is shorter");
}

#[test]
fn the_environment_wins_over_the_file_and_secrets_cannot_be_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    fs::write(&file, "REQUEST_TIMEOUT_SECONDS = 7\nMAX_BODY_BYTES = 2048\nREGISTRATION = \"closed\"\n").unwrap();
    let secret_file = folder.path().join("pepper");
    fs::write(&secret_file, "a pepper that stands in a file of its own\n").unwrap();
    let environment = [
        ("DATA_DIR", folder.path().to_str().unwrap()),
        ("MAX_BODY_BYTES", "4096"),
        ("LOG_LEVEL", ""),
        ("PASSWORD_PEPPER_FILE", secret_file.to_str().unwrap()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let config = Config::from_sources(environment, Some(Path::new(&file))).unwrap();
    assert_eq!((config.request_timeout.as_secs(), config.max_body_bytes), (7, 4096));
    assert_eq!(config.password_pepper.expose_secret(), "a pepper that stands in a file of its own");
    assert!(!format!("{config:?}").contains("a pepper"));
}

#[test]
fn every_setting_is_documented_and_in_the_example_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for file in ["docs/configuration.md", "deploy/example.env"] {
        let text = fs::read_to_string(root.join(file)).unwrap();
        // Separate words, because one name is the beginning of another.
        let words: Vec<&str> = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
        for key in KEYS {
            assert!(words.contains(&key), "{key} is missing in {file}");
        }
    }
}
