//! `status-tracker audit`: the chain from the command line.

use std::io::Write;

use clap::{Args, Subcommand};

use super::{
    handlers::{ExportFormat, export_head, line},
    model::{self, AuditFilter, Verdict},
};
use crate::{clock::Timestamp, config::Config, db::Db, words::Stored};

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Print the newest records, one a line.
    List {
        /// Only actions of this user.
        #[arg(long)]
        actor: Option<String>,
        /// Only this action, e.g. auth.login.
        #[arg(long)]
        action: Option<String>,
        /// Only actions on this user or thing.
        #[arg(long)]
        target: Option<String>,
        /// How many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Check that no record was changed, removed or put elsewhere.
    Verify {
        /// A head that was kept elsewhere, as `verify` and the server's log print it: ID:HASH. The chain has to hold it.
        #[arg(long, value_parser = parse_head)]
        head: Option<(i64, String)>,
    },
    /// Print all records, oldest first.
    Export(Export),
}

#[derive(Debug, Args)]
pub struct Export {
    #[arg(long, default_value = "jsonl")]
    format: ExportFormat,
    /// From this instant on, e.g. 2026-03-01T00:00:00Z.
    #[arg(long, value_parser = Timestamp::parse)]
    from: Option<Timestamp>,
    /// Before this instant.
    #[arg(long, value_parser = Timestamp::parse)]
    to: Option<Timestamp>,
}

fn parse_head(text: &str) -> Result<(i64, String), String> {
    let (id, hash) = text.split_once(':').ok_or("is not ID:HASH")?;
    let id = id.parse().map_err(|_| "does not begin with the number of a record")?;
    if hash.len() == 64 { Ok((id, hash.to_owned())) } else { Err("does not end with a hash of 64 digits".to_owned()) }
}

/// # Errors
/// One line that says what is wrong with the chain, the database or the output.
pub fn run(command: &AuditCommand, config: &Config, out: &mut impl Write) -> Result<(), String> {
    let db = Db::open(config)?;
    match command {
        AuditCommand::List { actor, action, target, limit } => {
            let filter = AuditFilter {
                actor: actor.clone(),
                action: action.clone().map(Stored::from),
                target: target.clone(),
                ..AuditFilter::default()
            };
            let rows = db
                .read_blocking(|conn| Ok(model::list(conn, &filter, None, *limit)?))
                .map_err(|error| error.to_string())?;
            rows.into_iter().try_for_each(|row| print(out, &line(row.view(), ExportFormat::Jsonl)))
        }
        AuditCommand::Verify { head } => {
            let known = head.as_ref().map(|(id, hash)| (*id, hash.as_str()));
            let verdict =
                db.read_blocking(|conn| Ok(model::verify(conn, known)?)).map_err(|error| error.to_string())?;
            match verdict {
                Verdict::Sound { count, first, last, hash } => {
                    print(out, &format!("sound: {count} records, {first} to {last}\nhead: {last}:{hash}\n"))
                }
                Verdict::Broken(what) => Err(format!(
                    "The audit log is damaged: {what}. Keep the file as it is, and compare it with a backup"
                )),
            }
        }
        AuditCommand::Export(Export { format, from, to }) => {
            print(out, export_head(*format))?;
            let filter = AuditFilter { from: *from, to: *to, ..AuditFilter::default() };
            let mut after = (i64::MIN, 0);
            loop {
                let rows = db
                    .read_blocking(|conn| Ok(model::page_for_export(conn, &filter, after, 500)?))
                    .map_err(|error| error.to_string())?;
                let Some(last) = rows.last() else { return Ok(()) };
                after = (last.at.0, last.id);
                rows.into_iter().try_for_each(|row| print(out, &line(row.view(), *format)))?;
            }
        }
    }
}

fn print(out: &mut impl Write, text: &str) -> Result<(), String> {
    out.write_all(text.as_bytes()).map_err(|cause| format!("Cannot print: {cause}"))
}
