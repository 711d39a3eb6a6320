//! The program from the outside: its words, its exit codes, and one clear line for whatever stands in its way.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use diesel::{connection::SimpleConnection, prelude::*};
use status_tracker::{
    config::{Config, KEYS},
    db::schema::{entries, users},
};
use tempfile::TempDir;

use crate::support::PASSWORD;

pub struct Program {
    pub folder: TempDir,
    binary: PathBuf,
    user: Option<u32>,
}

impl Program {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            binary: PathBuf::from(env!("CARGO_BIN_EXE_status-tracker")),
            user: None,
        }
    }

    /// File permissions do not bind root, so as root the program runs as somebody else, from a copy that they can reach.
    fn unprivileged() -> Self {
        let mut program = Self::new();
        if fs::metadata(program.folder.path()).unwrap().uid() == 0 {
            let copy = program.folder.path().join("status-tracker");
            fs::copy(&program.binary, &copy).unwrap();
            fs::set_permissions(program.folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
            program.binary = copy;
            program.user = Some(65_534);
        }
        program
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, words: &[&str], settings: &[(&str, &str)]) -> Command {
        let mut command = match self.user {
            None => Command::new(&self.binary),
            Some(id) => {
                let mut command = Command::new("setpriv");
                command.args([&format!("--reuid={id}"), &format!("--regid={id}"), "--clear-groups", "--"]);
                command.arg(&self.binary);
                command
            }
        };
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("DATA_DIR", self.path("data")).env("BCRYPT_COST", "4").env("BIND_ADDR", "127.0.0.1:0");
        command.args(words).envs(settings.iter().copied()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, words: &[&str], settings: &[(&str, &str)]) -> Output {
        self.command(words, settings).output().unwrap()
    }

    pub fn run_with_input(&self, words: &[&str], input: &str) -> Output {
        let mut command = self.command(words, &[]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    #[track_caller]
    pub fn must(&self, words: &[&str]) -> String {
        let output = self.run(words, &[]);
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Exits 1 with exactly one line, which names `what`.
    #[track_caller]
    pub fn must_fail(&self, words: &[&str], settings: &[(&str, &str)], what: &str) {
        let output = self.run(words, settings);
        let lines = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {lines}");
        assert_eq!(lines.trim_end().lines().count(), 1, "{lines}");
        assert!(lines.starts_with("status-tracker: ") && lines.contains(what), "`{what}` in: {lines}");
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_new_instance_from_migrate_to_users() {
    let program = Program::new();
    program.must(&["migrate"]);
    assert!(program.must(&["migrate", "--status"]).starts_with("applied  "));
    assert_eq!(program.must(&["user", "list", "--json"]).trim(), "[]");
    let created = program.must(&["user", "create", "--username", "Robin", "--role", "admin", "--generate"]);
    let password = created.lines().last().unwrap().strip_prefix("password: ").unwrap();
    assert_eq!(password.len(), 24);
    let words = ["user", "create", "--username", "alex", "--role", "viewer", "--password-stdin"];
    assert!(program.run_with_input(&words, &format!("{PASSWORD}\n")).status.success());
    let weak = program.run_with_input(&words, "password");
    assert_eq!(weak.status.code(), Some(1));
    assert!(text(&weak.stderr).contains("12 to 128 characters"));
    program.must_fail(
        &["user", "create", "--username", "ROBIN", "--role", "admin", "--generate"],
        &[],
        "username_taken",
    );
    program.must_fail(&["user", "create", "--username", "a b", "--role", "admin", "--generate"], &[], "user name");
    let users: serde_json::Value = serde_json::from_str(&program.must(&["user", "list", "--json"])).unwrap();
    let names: Vec<_> = users.as_array().unwrap().iter().map(|user| (&user["username"], &user["role"])).collect();
    assert_eq!(format!("{names:?}"), r#"[(String("alex"), String("viewer")), (String("robin"), String("admin"))]"#);
    assert!(users[0].get("password_hash").is_none());
    for file in ["status-tracker.db", "jwt_secret.secret", "session_secret.secret", "password_pepper.secret"] {
        assert_eq!(fs::metadata(program.path("data").join(file)).unwrap().mode() & 0o777, 0o600, "{file}");
    }
    assert_eq!(fs::metadata(program.path("data")).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn a_year_of_demo_data_is_large_and_goes_only_into_an_empty_database() {
    let program = Program::new();
    let printed = program.must(&["demo"]);
    assert!(printed.contains("users: robin, sasha, alex") && printed.contains("password: "));
    let database = program.path("data/status-tracker.db");
    let mut conn = diesel::SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    let mut counts: Vec<(String, i64)> = entries::table
        .inner_join(users::table)
        .group_by(users::username)
        .select((users::username, diesel::dsl::count_star()))
        .load(&mut conn)
        .unwrap();
    counts.sort();
    assert_eq!(counts.len(), 2);
    assert!(counts.iter().all(|(_, count)| *count >= 4000), "{counts:?}");
    program.must_fail(&["demo"], &[], "empty database");
}

#[test]
fn the_audit_log_from_the_command_line() {
    let program = Program::new();
    program.must(&["migrate"]);
    assert!(program.must(&["audit", "verify"]).starts_with("sound: 0 records"));
    program.must(&["user", "create", "--username", "robin", "--role", "admin", "--generate"]);
    program.must(&["user", "create", "--username", "alex", "--role", "viewer", "--generate"]);
    let verified = program.must(&["audit", "verify"]);
    let head = verified.lines().find_map(|line| line.strip_prefix("head: ")).unwrap();
    program.must(&["audit", "verify", "--head", head]);
    let listed = program.must(&["audit", "list", "--action", "user.create"]);
    let newest: serde_json::Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
    assert_eq!((&newest["actor"], &newest["target"]), (&"(operator)".into(), &"alex".into()));
    assert_eq!(program.must(&["audit", "list", "--target", "robin"]).lines().count(), 1);
    assert_eq!(program.must(&["audit", "export"]).lines().count(), 2);
    assert_eq!(
        program.must(&["audit", "export", "--format", "csv", "--to", "2026-01-01T00:00:00Z"]).lines().count(),
        1
    );

    let database = program.path("data/status-tracker.db");
    let mut conn = diesel::SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    let edit = "DROP TRIGGER audit_is_not_changed; UPDATE audit SET target = 'sasha' WHERE id = 1";
    conn.batch_execute(edit).unwrap();
    program.must_fail(&["audit", "verify"], &[], "record 1 is not what was written");
    let other = format!("2:{}", "0".repeat(64));
    program.must_fail(&["audit", "verify", "--head", &other], &[], "damaged");
    assert_eq!(program.run(&["audit", "verify", "--head", "nonsense"], &[]).status.code(), Some(2));
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
    let secrets =
        ["Yc0zZsoH2i1cF4mRrw0Vm6mJ6yQk1g3P", "p2Wv7uJt9LqXo3nB5aKd8sEf1hGj4kMz", "T6yHn4mKo9pLi2jUb7vGc3fXd8zSa1qW"];
    let production = [
        ("APP_ENV", "production"),
        ("PUBLIC_URL", "https://status.example.org"),
        ("JWT_SECRET", secrets[0]),
        ("SESSION_SECRET", secrets[1]),
        ("PASSWORD_PEPPER", secrets[2]),
        ("BCRYPT_COST", "14"),
    ];
    let output = program.run(&words, &production);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("failed  Every admin has a second factor\n        robin should turn it on"), "{told}");
    assert_eq!(told.matches("failed  ").count(), 1, "{told}");

    let database = program.path("data/status-tracker.db");
    let mut conn = diesel::SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    let confirmed = "INSERT INTO second_factors (user_id, secret, confirmed_at) SELECT id, 'sealed', 1 FROM users";
    conn.batch_execute(confirmed).unwrap();
    let output = program.run(&words, &production);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(!text(&output.stdout).contains("failed"));

    conn.batch_execute("DROP TRIGGER audit_is_not_removed; DELETE FROM audit; UPDATE users SET disabled = 1").unwrap();
    fs::set_permissions(&database, fs::Permissions::from_mode(0o644)).unwrap();
    let told = text(&program.run(&words, &production).stdout);
    for failed in
        ["The audit log is whole", "Somebody can manage the instance", "The database file is closed to others"]
    {
        assert!(told.contains(&format!("failed  {failed}\n        ")), "{failed} in {told}");
    }
    // What production would not start with is the only line, and says so.
    let short: Vec<_> = production.into_iter().chain([("JWT_SECRET", "short")]).collect();
    program.must_fail(&words, &short, "JWT_SECRET is shorter");
}

#[test]
fn wrong_words_are_exit_2_and_help_is_on_every_level() {
    let program = Program::new();
    let wrong: [&[&str]; 6] = [
        &[],
        &["serv"],
        &["user"],
        &["user", "create"],
        &["user", "create", "--username", "x", "--role", "king", "--generate"],
        &["user", "create", "--username", "robin", "--role", "admin", "--generate", "--password-stdin"],
    ];
    for words in wrong {
        assert_eq!(program.run(words, &[]).status.code(), Some(2), "{words:?}");
    }
    let user = ["create", "list", "set-role", "reset-password", "unlock", "disable", "enable", "delete"];
    let commands = user.map(|command| vec!["user", command]).into_iter();
    let sessions = ["list", "revoke"].map(|command| vec!["session", command]);
    for mut words in commands.chain(sessions).chain([vec![], vec!["user"], vec!["session"], vec!["demo"]]) {
        words.push("--help");
        assert!(program.must(&words).contains("Usage:"), "{words:?}");
    }
}

#[test]
fn the_printed_document_is_the_committed_one() {
    let committed = include_str!("../../../openapi/openapi.json");
    assert!(Program::new().must(&["openapi"]) == committed, "openapi/openapi.json is stale: run `make generate`");
}

#[test]
fn a_database_that_is_missing_is_not_made_up_by_serving() {
    let program = Program::new();
    let words: [&[&str]; 3] =
        [&["serve"], &["user", "list"], &["user", "create", "--username", "robin", "--role", "admin", "--generate"]];
    for words in words {
        program.must_fail(words, &[], "is missing");
    }
    assert!(!program.path("data/status-tracker.db").exists());
}

#[test]
fn a_file_of_something_else_is_refused_untouched() {
    let program = Program::new();
    program.must(&["migrate"]);
    let database = program.path("data/status-tracker.db");
    let foreign = program.path("foreign.db");
    {
        let mut conn = diesel::SqliteConnection::establish(foreign.to_str().unwrap()).unwrap();
        conn.batch_execute("CREATE TABLE accounts (id INTEGER); INSERT INTO accounts VALUES (1);").unwrap();
    }
    let text_file = program.path("notes.txt");
    fs::write(&text_file, "buy milk, and this is longer than a header of any kind").unwrap();
    let cut = program.path("cut.db");
    fs::write(&cut, &fs::read(&database).unwrap()[..5000]).unwrap();
    for (file, what) in [(&foreign, "another program"), (&text_file, "not a SQLite database"), (&cut, "malformed")] {
        let before = fs::read(file).unwrap();
        let url = format!("sqlite://{}", file.display());
        for words in [["serve"], ["migrate"]] {
            program.must_fail(&words, &[("DATABASE_URL", &url)], what);
        }
        assert_eq!(fs::read(file).unwrap(), before, "{}", file.display());
    }
    let folder = format!("sqlite://{}", program.folder.path().display());
    program.must_fail(&["serve"], &[("DATABASE_URL", &folder)], "cannot be read");
}

#[test]
fn a_file_that_may_not_be_read_or_written_is_refused() {
    let program = Program::unprivileged();
    program.must(&["migrate"]);
    let database = program.path("data/status-tracker.db");
    let mode = |mode| fs::set_permissions(&database, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o444);
    program.must_fail(&["serve"], &[], "cannot be written");
    program.must_fail(&["migrate"], &[], "cannot be written");
    mode(0o000);
    program.must_fail(&["serve"], &[], "cannot be read");
}

#[test]
fn a_port_in_use_is_named() {
    let program = Program::new();
    program.must(&["migrate"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _keep = TcpListener::bind(taken).unwrap();
    program.must_fail(&["serve"], &[("BIND_ADDR", &taken.to_string())], &format!("Cannot listen on {taken}"));
}

#[test]
fn nobody_there_is_an_unhealthy_answer() {
    let program = Program::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    program.must_fail(&["healthcheck"], &[("BIND_ADDR", &free.to_string())], "No server answers");
}

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
    let secrets = [
        ("JWT_SECRET", "Yc0zZsoH2i1cF4mRrw0Vm6mJ6yQk1g3P"),
        ("SESSION_SECRET", "p2Wv7uJt9LqXo3nB5aKd8sEf1hGj4kMz"),
        ("PASSWORD_PEPPER", "T6yHn4mKo9pLi2jUb7vGc3fXd8zSa1qW"),
    ];
    let production = |replaced: &[(&str, &str)]| {
        let mut settings: BTreeMap<String, String> = [
            ("APP_ENV", "production"),
            ("DATA_DIR", program.path("data").to_str().unwrap()),
            ("PUBLIC_URL", "https://status.example.org"),
        ]
        .into_iter()
        .chain(secrets)
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
    for (name, _) in secrets {
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
    assert!(!format!("{config:?}").contains("a pepper"));
}

#[test]
fn every_setting_is_documented_and_in_the_example_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for file in ["docs/configuration.md", "deploy/example.env"] {
        let text = fs::read_to_string(root.join(file)).unwrap();
        for key in KEYS {
            assert!(text.contains(key), "{key} is missing in {file}");
        }
    }
}
