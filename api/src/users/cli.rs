//! `status-tracker user` and `session`: what the operator does with accounts. The same guards and records as over HTTP, with
//! `(operator)` as the actor. Each command returns what is to be printed.

use std::io::{self, BufRead, IsTerminal, Read};

use clap::{Args, Subcommand};
use secrecy::SecretString;
use uuid::Uuid;

use super::admin::{model as accounts, model::AccountChanges};
use crate::{
    account::{
        model::{NewUser, Role, User, insert_user, list_users},
        username::{Username, validate_new_username},
        view::UserView,
    },
    auth::{
        SessionId, SessionView, lockout,
        model::end_session_of,
        password::{self, PasswordHasher, check_strength},
    },
    clock::Clock,
    config::Config,
    db::{Db, DbConnection},
    error::{ApiError, ApiResult, Code},
    trail::{Action, AuditContext, AuditEvent},
};

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Create a user.
    Create {
        /// 3 to 32 letters, digits, dots, underscores or hyphens.
        #[arg(long)]
        username: String,
        #[arg(long)]
        role: Role,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// List all users.
    List {
        /// As a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Change what a user may do; ends all their sessions.
    SetRole {
        #[command(flatten)]
        user: Named,
        #[arg(long)]
        role: Role,
    },
    /// Replace a user's password by a temporary one, print it once, and end all their sessions.
    ResetPassword(Named),
    /// Lift the lock that failed sign-ins put on a name.
    Unlock(Named),
    /// Keep a user from signing in, and end all their sessions.
    Disable(Named),
    /// Let a disabled user sign in again.
    Enable(Named),
    /// Erase a user with everything that is theirs.
    Delete {
        #[command(flatten)]
        user: Named,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// List where a user is signed in, API tokens too.
    List {
        #[command(flatten)]
        user: Named,
        /// As a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// End one session of a user, or all of them.
    Revoke {
        #[command(flatten)]
        user: Named,
        /// Only this one.
        #[arg(long)]
        id: Option<Uuid>,
    },
}

#[derive(Debug, Args)]
pub struct Named {
    /// In upper or lower case.
    #[arg(long)]
    username: String,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct PasswordSource {
    /// Read the password from standard input.
    #[arg(long)]
    password_stdin: bool,
    /// Make up a password and print it once.
    #[arg(long)]
    generate: bool,
}

/// The database, and the actor of whatever is done to it.
struct Operator<'a> {
    db: Db,
    config: &'a Config,
    clock: &'a Clock,
}

/// # Errors
/// One line that says what stands in the way.
pub fn user(command: &UserCommand, config: &Config, clock: &Clock) -> Result<String, String> {
    let operator = Operator { db: Db::open(config)?, config, clock };
    match command {
        UserCommand::Create { username, role, password } => operator.create(username, *role, password),
        UserCommand::List { json } => operator.list_users(*json),
        UserCommand::SetRole { user, role } => {
            let changes = AccountChanges { role: Some(*role), ..AccountChanges::default() };
            operator.change(user, changes).map(|()| format!("{} is {} now\n", user.username, role.as_str()))
        }
        UserCommand::ResetPassword(user) => operator.reset_password(user),
        UserCommand::Unlock(user) => operator.unlock(user),
        UserCommand::Disable(user) => {
            let changes = AccountChanges { disabled: Some(true), ..AccountChanges::default() };
            operator.change(user, changes).map(|()| format!("disabled {}\n", user.username))
        }
        UserCommand::Enable(user) => {
            let changes = AccountChanges { disabled: Some(false), ..AccountChanges::default() };
            operator.change(user, changes).map(|()| format!("enabled {}\n", user.username))
        }
        UserCommand::Delete { user, yes } => operator.delete(user, *yes),
    }
}

/// # Errors
/// One line that says what stands in the way.
pub fn session(command: &SessionCommand, config: &Config, clock: &Clock) -> Result<String, String> {
    let operator = Operator { db: Db::open(config)?, config, clock };
    match command {
        SessionCommand::List { user, json } => operator.list_sessions(user, *json),
        SessionCommand::Revoke { user, id } => operator.revoke(user, *id),
    }
}

fn read_password() -> Result<String, String> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(|cause| format!("The password cannot be read: {cause}"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

impl Operator<'_> {
    fn write<T, F>(&self, f: F) -> ApiResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection, &AuditContext) -> ApiResult<T> + Send + 'static,
    {
        let context = AuditContext::operator(self.clock);
        self.db.write_blocking(move |conn| f(conn, &context))
    }

    /// A write to the account of `user`.
    fn write_to<T, F>(&self, user: &Named, f: F) -> Result<T, String>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection, &AuditContext, &Username) -> ApiResult<T> + Send + 'static,
    {
        let username = Username::typed(&user.username);
        self.write(move |conn, context| f(conn, context, &username)).map_err(|error| said(&error, user))
    }

    fn hash(&self, password: &SecretString) -> Result<String, String> {
        PasswordHasher::new(self.config)?.hash_blocking(password).map_err(|error| error.to_string())
    }

    fn create(&self, username: &str, role: Role, source: &PasswordSource) -> Result<String, String> {
        validate_new_username(username)
            .map_err(|error| format!("The user name {}", error.message.unwrap_or_default()))?;
        let password = if source.generate { password::generate() } else { read_password()? };
        let secret = SecretString::from(password.clone());
        check_strength("password", &secret, username).map_err(|error| format!("The password {}", error.message))?;
        let user = NewUser::new(self.clock.new_id(), username, role, self.hash(&secret)?, self.clock.now());
        let created = self.write(move |conn, context| {
            let user = insert_user(conn, &user)?;
            let event =
                AuditEvent::new(Action::UserCreate).on(&user.username).detail(format!("role {}", role.as_str()));
            context.record(conn, &event)?;
            Ok(user.username)
        });
        let name = created.map_err(|error| error.to_string())?;
        let shown = if source.generate { format!("password: {password}\n") } else { String::new() };
        Ok(format!("created {} {name}\n{shown}", role.as_str()))
    }

    fn list_users(&self, json: bool) -> Result<String, String> {
        let now = self.clock.now();
        let found = self.db.read_blocking(|conn| {
            let users = list_users(conn, "", u32::MAX)?;
            users.into_iter().map(|user| Ok((user.view_at(conn, now)?, user))).collect::<ApiResult<Vec<_>>>()
        });
        let found = found.map_err(|error| error.to_string())?;
        if json {
            return as_json(&found.into_iter().map(|(view, _)| view).collect::<Vec<UserView>>());
        }
        let state = |disabled: bool| if disabled { "disabled" } else { "enabled" };
        let line = |(_, user): &(_, User)| {
            format!("{:32}  {:6}  {}\n", user.username, user.role().as_str(), state(user.disabled))
        };
        Ok(found.iter().map(line).collect())
    }

    fn change(&self, user: &Named, changes: AccountChanges) -> Result<(), String> {
        self.write_to(user, move |conn, context, name| accounts::change(conn, context, name, changes).map(drop))
    }

    fn reset_password(&self, user: &Named) -> Result<String, String> {
        let password = password::generate();
        let hash = self.hash(&SecretString::from(password.clone()))?;
        let until =
            self.write_to(user, move |conn, context, name| accounts::reset_password(conn, context, name, &hash))?;
        Ok(format!("temporary password, until {until}: {password}\n"))
    }

    fn unlock(&self, user: &Named) -> Result<String, String> {
        let was_locked = self.write_to(user, lockout::unlock)?;
        Ok(format!("{} {}\n", if was_locked { "unlocked" } else { "no failed sign-ins at" }, user.username))
    }

    fn delete(&self, user: &Named, yes: bool) -> Result<String, String> {
        let username = &user.username;
        self.db
            .read_blocking(|conn| accounts::named(conn, &Username::typed(username)))
            .map_err(|error| said(&error, user))?;
        if !yes && !confirmed(username)? {
            return Err("Nothing was deleted.".to_owned());
        }
        self.write_to(user, accounts::delete)?;
        Ok(format!("deleted {username}\n"))
    }

    fn list_sessions(&self, user: &Named, json: bool) -> Result<String, String> {
        let now = self.clock.now();
        let found = self.db.read_blocking(|conn| {
            let user = accounts::named(conn, &Username::typed(&user.username))?;
            Ok(accounts::sessions(conn, &user, now)?)
        });
        let views: Vec<SessionView> =
            found.map_err(|error| said(&error, user))?.into_iter().map(|session| session.view(None)).collect();
        if json { as_json(&views) } else { Ok(views.iter().map(|view| view.to_string() + "\n").collect()) }
    }

    fn revoke(&self, user: &Named, id: Option<Uuid>) -> Result<String, String> {
        let Some(id) = id else {
            self.write_to(user, accounts::end_sessions)?;
            return Ok(format!("ended all sessions of {}\n", user.username));
        };
        let ended = self.write_to(user, move |conn, context, name| {
            let owner = accounts::named(conn, name)?;
            let ended = end_session_of(conn, &owner.id, &SessionId::from(id))?;
            if ended {
                context.record(conn, &AuditEvent::new(Action::SessionEnd).on(id.to_string()))?;
            }
            Ok(ended)
        })?;
        if ended { Ok(format!("ended {id}\n")) } else { Err(format!("{} has no session {id}", user.username)) }
    }
}

/// An error as the operator reads it.
fn said(error: &ApiError, user: &Named) -> String {
    if error.code == Code::NotFound { format!("There is no user {}", user.username) } else { error.to_string() }
}

fn as_json(items: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string(items).map(|text| text + "\n").map_err(|cause| cause.to_string())
}

/// Asks on the terminal whether `username` is to be erased.
///
/// # Errors
/// If there is no terminal to ask on.
fn confirmed(username: &str) -> Result<bool, String> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return Err("There is no terminal to ask on whether you are sure. Add --yes if you are.".to_owned());
    }
    eprint!("Everything of {username} goes and does not come back. Type the user name to go on: ");
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(|cause| format!("The answer cannot be read: {cause}"))?;
    Ok(answer.trim() == username)
}
