//! The program from the outside: its commands, its exit codes, and one clear line for every obstacle.

mod commands;
mod settings;
mod starts;

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use diesel::{Connection, SqliteConnection};
use tempfile::TempDir;

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

    /// File permissions do not bind root, so as root the program runs as another user, from a copy that they can reach.
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

    /// The database, as somebody can change it by hand.
    fn database(&self) -> SqliteConnection {
        SqliteConnection::establish(self.path("data/status-tracker.db").to_str().unwrap()).unwrap()
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
