//! One attempt at a password or a code, wherever one is asked for: counted before, recorded after, and as slow for a name that nobody has.

use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio::sync::Notify;

use super::{
    guard::CurrentUser,
    ids::AttemptId,
    lockout::{self, Begun},
    service::Auth,
};
use crate::{
    account::username::{Username, validate_username},
    db::DbConnection,
    error::{ApiError, ApiResult, Code},
    http::state::AppState,
    trail::{Action, AuditContext, AuditEvent, Outcome},
};

/// How long an attempt waits for those under way, where they could lock the name if all of them failed.
const PATIENCE: Duration = Duration::from_secs(10);
/// The interval of looking again: another process may settle its attempts without notice.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Wakes attempts that wait for others at their name.
#[derive(Debug, Default)]
pub struct Turns(Notify);

impl Turns {
    /// Wakes the attempts that wait for one that is settled now.
    pub(super) fn settled(&self) {
        self.0.notify_waiters();
    }
}

#[derive(Clone, Debug)]
pub(super) struct Attempt {
    action: Action,
    context: AuditContext,
    id: AttemptId,
    pub username: Username,
    pub fits: bool,
}

impl Attempt {
    /// Counts an attempt at `username` before it is verified. The caller settles it by [`Attempt::fail`], [`Attempt::take_back`] or
    /// [`Attempt::forget`], and then calls `Turns::settled`.
    ///
    /// # Errors
    /// [`Code::Locked`], which is recorded as denied, and answered no sooner than a look at `password`; [`Code::Busy`] when too many
    /// others are under way.
    pub async fn count(
        state: &AppState,
        auth: &Auth,
        (action, context): (Action, AuditContext),
        username: Username,
        password: Option<&SecretString>,
    ) -> ApiResult<Self> {
        let (id, started) = (AttemptId::from(state.clock.new_id()), Instant::now());
        loop {
            let others = auth.turns.0.notified();
            let (id_of, name, denied) = (id.clone(), username.clone(), context.clone());
            let begin = move |conn: &mut DbConnection| {
                let begun = lockout::begin_attempt(conn, &id_of, &name, denied.at)?;
                if let Begun::Locked(_) = begun {
                    denied.record(conn, &AuditEvent::new(action).on(shown(&name)).outcome(Outcome::Denied))?;
                }
                Ok(begun)
            };
            match state.db.write(begin).await? {
                Begun::Counted => return Ok(Self { action, context, id, username, fits: false }),
                Begun::Locked(refusal) => {
                    // As slow at a locked name as at any other, so that guessing goes no faster against a lock.
                    if let Some(password) = password {
                        let _in_vain = auth.passwords.verify(password, None).await;
                    }
                    return Err(refusal);
                }
                Begun::WaitForOthers if started.elapsed() < PATIENCE => {
                    let _early = tokio::time::timeout(LOOK_EVERY, others).await;
                }
                Begun::WaitForOthers => return Err(ApiError::busy().caused_by("too many sign-ins at one name")),
            }
        }
    }

    /// [`Attempt::count`], and verifies `password` against `hash`.
    ///
    /// # Errors
    /// The errors of [`Attempt::count`]; [`Code::Busy`] when too many are hashing, and then it does not count.
    pub async fn make(
        state: &AppState,
        auth: &Auth,
        of: (Action, AuditContext),
        username: Username,
        password: &SecretString,
        hash: Option<String>,
    ) -> ApiResult<Self> {
        let attempt = Self::count(state, auth, of, username, Some(password)).await?;
        match auth.passwords.verify(password, hash).await {
            Ok(fits) => Ok(Self { fits, ..attempt }),
            Err(busy) => {
                let unseen = attempt.clone();
                state.db.write(move |conn| unseen.take_back(conn)).await?;
                auth.turns.settled();
                Err(busy)
            }
        }
    }

    /// Records the failure, and the lock on the name if this failure was one too many. Returns whether the name is locked now.
    pub fn fail(&self, conn: &mut DbConnection, why: Option<&str>) -> ApiResult<bool> {
        self.record(conn, Outcome::Failure, why)?;
        let locked = lockout::fail(conn, &self.id, &self.username, self.context.at)? >= lockout::FAILURES;
        if locked {
            self.context.record(conn, &AuditEvent::new(Action::Lock).on(shown(&self.username)))?;
        }
        Ok(locked)
    }

    pub fn record(&self, conn: &mut DbConnection, outcome: Outcome, why: Option<&str>) -> ApiResult<()> {
        let event = AuditEvent::new(self.action).on(shown(&self.username)).outcome(outcome);
        Ok(self.context.record(conn, &why.into_iter().fold(event, AuditEvent::detail))?)
    }

    /// Takes the attempt back: it was no guess, and it proved nothing either.
    pub fn take_back(&self, conn: &mut DbConnection) -> ApiResult<()> {
        lockout::take_back(conn, &self.id)?;
        Ok(())
    }

    /// Forgets the attempt and every failure before it.
    pub fn forget(&self, conn: &mut DbConnection) -> ApiResult<()> {
        self.take_back(conn)?;
        lockout::forget(conn, &self.username)?;
        Ok(())
    }

    pub fn context(&self) -> &AuditContext {
        &self.context
    }
}

/// The user name as a record may show it: people type passwords into the wrong field.
fn shown(typed: &Username) -> String {
    if validate_username(typed.as_str()).is_ok() { typed.into() } else { "(not a user name)".to_owned() }
}

/// Makes sure that the owner of this session knows the password too, before anything that a thief must not do (OWASP ASVS 7.5.1). Wrong
/// passwords count and lock like failed sign-ins, or a stolen session could guess for ever.
///
/// # Errors
/// [`Code::WrongPassword`], [`Code::Locked`]; the attempt is recorded as a failure of `action`.
pub async fn confirm_password(
    state: &AppState,
    auth: &Auth,
    current: &CurrentUser,
    password: &SecretString,
    action: Action,
) -> ApiResult<()> {
    let CurrentUser { user, context, .. } = current;
    let hash = Some(user.password_hash.clone());
    let attempt = Attempt::make(state, auth, (action, context.clone()), user.username.clone(), password, hash).await?;
    let right = attempt.fits && user.may_sign_in(context.at);
    let settling = attempt.clone();
    let settle = move |conn: &mut DbConnection| {
        if right { settling.forget(conn) } else { settling.fail(conn, Some("wrong password")).map(drop) }
    };
    state.db.write(settle).await?;
    auth.turns.settled();
    if right {
        return Ok(());
    }
    Err(ApiError::new(Code::WrongPassword, "Nothing was changed. Enter the password you sign in with."))
}
