//! The command line. No logic: it reads the words, calls the library, and turns the outcome into lines and an exit code
//! (0 done, 1 failed, 2 wrong use).

use std::{
    io::{self, Write},
    net::TcpListener,
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use secrecy::SecretString;
use status_tracker::{
    audit::{self, cli::AuditCommand},
    auth::password::{self, PasswordHasher},
    clock::Clock,
    config::Config,
    db::{Db, log_slow_statements, migration_status},
    events,
    limits::{self, cli::PenaltyCommand},
    logging, ops,
    server::{self, Services},
    users::{
        self,
        cli::{SessionCommand, UserCommand},
    },
};

/// SQLite and JSON allocate in small pieces; this allocator serves them faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One person logs water and mood; the people they trust watch it live.
#[derive(Parser)]
#[command(name = "status-tracker", version)]
struct Cli {
    /// A TOML file with settings; the environment wins over it.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API until SIGTERM or SIGINT.
    Serve,
    /// Make the database if there is none and bring it to the newest version.
    Migrate {
        /// Only say what has been applied and what is pending.
        #[arg(long)]
        status: bool,
    },
    /// Ask the running server whether it is ready.
    Healthcheck,
    /// Go through the production checklist; exit 1 if a line fails.
    Doctor,
    /// Read and check the audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print the OpenAPI document.
    Openapi,
    /// Manage users.
    #[command(subcommand)]
    User(UserCommand),
    /// See where users are signed in, and end it.
    #[command(subcommand)]
    Session(SessionCommand),
    /// See who is kept out for asking too often, and let them in again.
    #[command(subcommand)]
    Penalty(PenaltyCommand),
    /// Fill an empty database with two persons, a viewer and believable entries.
    Demo {
        /// How many days up to now.
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=7300))]
        days: u32,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("status-tracker: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<(), String> {
    if let Command::Openapi = cli.command {
        return print(&format!("{}\n", server::document().to_pretty_json().map_err(|cause| cause.to_string())?));
    }
    let config = Config::load(cli.config.as_deref())?;
    let clock = Clock::system();
    logging::init(&config, clock.clone(), events::is_taking_over);
    match &cli.command {
        Command::Serve => serve(config, clock),
        Command::Migrate { status: true } => {
            let (applied, pending) = migration_status(&config)?;
            let applied = applied.iter().map(|name| format!("applied  {name}"));
            print_lines(applied.chain(pending.iter().map(|name| format!("pending  {name}"))))
        }
        Command::Migrate { status: false } => Db::create(&config).map(drop),
        Command::Healthcheck => ops::healthcheck::run(config.bind_addr),
        Command::Doctor => doctor(&config),
        Command::Audit(command) => audit::cli::run(command, &config, &mut io::stdout().lock()),
        Command::Openapi => Ok(()),
        Command::User(command) => print(&users::cli::user(command, &config, &clock)?),
        Command::Session(command) => print(&users::cli::session(command, &config, &clock)?),
        Command::Penalty(command) => print(&limits::cli::run(command, &config, &clock)?),
        Command::Demo { days } => demo(&config, &clock, *days),
    }
}

fn serve(config: Config, clock: Clock) -> Result<(), String> {
    // Each open stream is a file. Where the limit cannot be raised, there will be fewer of them.
    let _raised = rlimit::increase_nofile_limit(rlimit::INFINITY);
    let address = config.bind_addr;
    let listener = TcpListener::bind(address)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|cause| {
            format!(
                "Cannot listen on {address}: {cause}. Stop what uses it or set BIND_ADDR, e.g. BIND_ADDR=127.0.0.1:8091"
            )
        })?;
    log_slow_statements(config.slow_query);
    let db = Db::open(&config)?;
    let services = Services::new(config, clock, db)?;
    actix_web::rt::System::new()
        .block_on(server::run_until_stopped(services, listener))
        .map_err(|cause| format!("The server stopped: {cause}"))
}

fn doctor(config: &Config) -> Result<(), String> {
    let checks = ops::doctor::examine(config);
    let failed = checks.iter().filter(|check| check.remedy.is_some()).count();
    let line = |check: &ops::doctor::Check| match &check.remedy {
        None => format!("passed  {}", check.what),
        Some(remedy) => format!("failed  {}\n        {remedy}", check.what),
    };
    print_lines(checks.iter().map(line))?;
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} checks failed", checks.len())) }
}

fn demo(config: &Config, clock: &Clock, days: u32) -> Result<(), String> {
    let db = Db::create(config)?;
    let password = password::generate();
    let hash = PasswordHasher::new(config)?
        .hash_blocking(&SecretString::from(password.clone()))
        .map_err(|error| error.to_string())?;
    let users = ops::demo::fill(&db, clock, days, &hash).map_err(|error| error.to_string())?;
    print(&format!("users: {users}\npassword: {password}\n"))
}

fn print_lines(lines: impl Iterator<Item = String>) -> Result<(), String> {
    lines.map(|line| line + "\n").try_for_each(|line| print(&line))
}

fn print(text: &str) -> Result<(), String> {
    io::stdout().write_all(text.as_bytes()).map_err(|cause| format!("Cannot print: {cause}"))
}
