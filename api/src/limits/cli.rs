//! `status-tracker penalty`: lists who is kept out, and lets them in again where nobody can sign in to do so.

use clap::Subcommand;

use super::{handlers::Penalty, penalties};
use crate::{clock::Clock, config::Config, db::Db, trail::AuditContext};

#[derive(Debug, Subcommand)]
pub enum PenaltyCommand {
    /// List who is kept out, and until when.
    List {
        /// As a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Let somebody in again. A running server does so within a second.
    Lift {
        /// As `list` prints it: `user robin`, `address 192.0.2.7`. The user name, the address or the network alone will do.
        #[arg(required = true, num_args = 1..=2, value_name = "CALLER")]
        caller: Vec<String>,
    },
}

/// Returns what is to be printed.
///
/// # Errors
/// One line that says what stands in the way.
pub fn run(command: &PenaltyCommand, config: &Config, clock: &Clock) -> Result<String, String> {
    let db = Db::open(config)?;
    let now = clock.now();
    match command {
        PenaltyCommand::List { json } => {
            let found = db.read_blocking(|conn| penalties::views(conn, now)).map_err(|error| error.to_string())?;
            if *json {
                return serde_json::to_string_pretty(&found).map(|text| text + "\n").map_err(|cause| cause.to_string());
            }
            Ok(found.iter().fold(String::new(), |lines, penalty| lines + &penalty.to_string() + "\n"))
        }
        PenaltyCommand::Lift { caller } => {
            let (words, context) = (caller.join(" "), AuditContext::operator(clock));
            let wanted = words.clone();
            let lifted = db
                .write_blocking(move |conn| {
                    // A penalty that is over is found as well: lifting it resets the level of the next.
                    let found = penalties::views_after(conn, i64::MIN, now)?;
                    let id = found.iter().find(|penalty| penalty.is_of(&wanted)).map(Penalty::id);
                    Ok(match id {
                        Some(id) => penalties::lift(conn, &context, &id)?.is_some(),
                        None => false,
                    })
                })
                .map_err(|error| error.to_string())?;
            if lifted {
                return Ok(format!("lifted the penalty of {words}\n"));
            }
            Err(format!("Nobody called {words} is kept out. `status-tracker penalty list` says who is"))
        }
    }
}
