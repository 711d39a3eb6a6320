//! One look at a password, wherever somebody has to give it: counted before, recorded after, and as slow for a name that nobody has.

use actix_web::web;
use secrecy::SecretString;

use super::{guard::CurrentUser, lockout};
use crate::{
    audit::{Action, Event, Outcome, Trace},
    db::DbConnection,
    error::{ApiError, ApiResult, Code},
    server::AppState,
    users::validate_username,
};

#[derive(Debug)]
pub(super) struct Attempt {
    action: Action,
    trace: Trace,
    username: String,
    /// How many there have been at this name with it.
    number: i32,
    pub fits: bool,
}

impl Attempt {
    /// Counts an attempt at `username` and verifies `password` against `hash`. The caller settles it: by [`Attempt::fail`], or by
    /// forgetting it.
    ///
    /// # Errors
    /// [`Code::Locked`], which is recorded as denied; [`Code::Busy`] when too many are hashing, and then it does not count.
    pub async fn make(
        state: &AppState,
        (action, trace): (Action, Trace),
        username: String,
        password: &SecretString,
        hash: Option<String>,
    ) -> ApiResult<Self> {
        let (name, denied) = (username.clone(), trace.clone());
        let counted = state
            .db
            .write(move |conn| {
                let counted = lockout::begin_attempt(conn, &name, denied.at)?;
                if counted.is_err() {
                    denied.record(conn, &Event::new(action).on(shown(&name)).outcome(Outcome::Denied))?;
                }
                Ok(counted)
            })
            .await?;
        // As slow at a locked name as at any other, so that guessing goes no faster against a lock.
        let fits = state.passwords.verify(password, hash.filter(|_| counted.is_ok())).await;
        let number = counted?;
        if fits.is_err() {
            let name = username.clone();
            state.db.write(move |conn| Ok(lockout::take_back(conn, &name)?)).await?;
        }
        Ok(Self { action, trace, username, number, fits: fits? })
    }

    /// Records that it failed, and that the name is locked from now on if it was one too many.
    pub fn fail(&self, conn: &mut DbConnection, why: Option<&str>) -> ApiResult<()> {
        self.record(conn, Outcome::Failure, why)?;
        if self.number >= lockout::FAILURES {
            self.trace.record(conn, &Event::new(Action::Lock).on(shown(&self.username)))?;
        }
        Ok(())
    }

    pub fn record(&self, conn: &mut DbConnection, outcome: Outcome, why: Option<&str>) -> ApiResult<()> {
        let event = Event::new(self.action).on(shown(&self.username)).outcome(outcome);
        Ok(self.trace.record(conn, &why.into_iter().fold(event, Event::detail))?)
    }

    /// Takes it back: it was not a guess, and it proved nothing either.
    pub fn take_back(&self, conn: &mut DbConnection) -> ApiResult<()> {
        Ok(lockout::take_back(conn, &self.username)?)
    }

    /// Forgets it with all that failed before it.
    pub fn forget(&self, conn: &mut DbConnection) -> ApiResult<()> {
        lockout::forget(conn, &self.username)?;
        Ok(())
    }

    pub fn trace(&self) -> &Trace {
        &self.trace
    }
}

/// What may stand in a record: people type passwords into the wrong field.
fn shown(typed: &str) -> String {
    if validate_username(typed).is_ok() { typed.to_ascii_lowercase() } else { "(not a user name)".to_owned() }
}

/// Makes sure that whoever has this session knows the password too, before what a thief of the session must not do (OWASP ASVS 7.5.1).
/// Wrong ones count and lock like failed sign-ins, or a stolen session could guess for ever.
///
/// # Errors
/// [`Code::WrongPassword`], [`Code::Locked`]; what was tried is recorded as a failure of `action`.
pub async fn confirm_password(
    state: &web::Data<AppState>,
    current: &CurrentUser,
    password: &SecretString,
    action: Action,
) -> ApiResult<()> {
    let CurrentUser { user, trace, .. } = current;
    let hash = Some(user.password_hash.clone());
    let attempt = Attempt::make(state, (action, trace.clone()), user.username.clone(), password, hash).await?;
    let right = attempt.fits && user.may_sign_in(trace.at);
    let settle = move |conn: &mut DbConnection| {
        if right { attempt.forget(conn) } else { attempt.fail(conn, Some("wrong password")) }
    };
    state.db.write(settle).await?;
    if right {
        return Ok(());
    }
    Err(ApiError::new(Code::WrongPassword, "Nothing was changed. Enter the password you sign in with."))
}
