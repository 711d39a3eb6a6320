//! How a password is judged and stored.
//!
//! Stored as `bcrypt(base64(HMAC-SHA384(pepper, password)), cost)`: the HMAC takes any length and any byte (bcrypt alone stops at 72 bytes
//! and at NUL), and without the pepper a stolen database cannot be guessed at.
//!
//! The password is put into Unicode's normal form C before that: keyboards and systems write one letter in several ways. A hash from before
//! that rule is also verified against the password as it is sent.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use actix_web::web;
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use rand::{rngs::OsRng, seq::SliceRandom};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha384;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use crate::{
    config::Config,
    error::{ApiError, ApiResult, FieldError},
};

/// Words that belong to this program and what it is about: the first that somebody guesses here (OWASP ASVS 6.1.2).
pub const CONTEXT_WORDS: [&str; 9] =
    ["status", "tracker", "statustracker", "personal", "water", "altitude", "mood", "admin", "viewer"];

/// How many callers may wait for a hash. At cost 14 one takes about a second, so the last of them waits about eight.
const QUEUE: usize = 8;

/// Hashes and verifies on at most all cores but one, so that slow hashing never stands in the way of other requests.
#[derive(Clone, Debug)]
pub struct PasswordHasher(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pepper: SecretString,
    cost: u32,
    slots: Semaphore,
    size: usize,
    present: AtomicUsize,
}

impl PasswordHasher {
    /// # Errors
    /// If bcrypt does not take the cost.
    pub fn new(config: &Config) -> Result<Self, String> {
        let size = std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1));
        Ok(Self(Arc::new(Inner {
            pepper: config.password_pepper.clone(),
            cost: config.bcrypt_cost,
            slots: Semaphore::new(size),
            size,
            present: AtomicUsize::new(0),
        })))
    }

    /// # Errors
    /// [`crate::error::Code::Busy`] when too many are waiting already.
    pub async fn hash(&self, password: &SecretString) -> ApiResult<String> {
        let password = password.clone();
        self.bounded(move |inner| inner.hash(&password)).await?
    }

    /// A generated password and its hash. An admin sees it once, because there is no other way to reach its owner (a departure from OWASP
    /// ASVS 6.4.6); in return it expires, and opens nothing but the choice of another.
    ///
    /// # Errors
    /// Errors of [`Self::hash`].
    pub async fn temporary(&self) -> ApiResult<(String, String)> {
        let password = generate();
        let hash = self.hash(&SecretString::from(password.clone())).await?;
        Ok((password, hash))
    }

    /// Whether `password` fits `hash`; without a hash it takes the same time and is `false`.
    ///
    /// # Errors
    /// [`crate::error::Code::Busy`] when too many are waiting already.
    pub async fn verify(&self, password: &SecretString, hash: Option<String>) -> ApiResult<bool> {
        let password = password.clone();
        self.bounded(move |inner| {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| dummy(inner.cost));
            inner.verify(&password, &hash).map(|fits| fits && known)
        })
        .await?
    }

    /// [`PasswordHasher::hash`] for the command line.
    pub fn hash_blocking(&self, password: &SecretString) -> ApiResult<String> {
        self.0.hash(password)
    }

    async fn bounded<T: Send + 'static>(&self, f: impl FnOnce(&Inner) -> T + Send + 'static) -> ApiResult<T> {
        let _place = QueuePlace::take(&self.0)?;
        let _slot = self.0.slots.acquire().await.map_err(ApiError::internal)?;
        let inner = Arc::clone(&self.0);
        web::block(move || f(&inner)).await.map_err(ApiError::internal)
    }
}

impl Inner {
    fn prepare(&self, password: &str) -> String {
        let mut mac = Hmac::<Sha384>::new_from_slice(self.pepper.expose_secret().as_bytes())
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        mac.update(password.as_bytes());
        BASE64_STANDARD.encode(mac.finalize().into_bytes())
    }

    fn hash(&self, password: &SecretString) -> ApiResult<String> {
        bcrypt::hash(self.prepare(normal(password).expose_secret()), self.cost).map_err(ApiError::internal)
    }

    /// The time depends on the password alone: a hash of a lower cost is followed by others, which
    /// together make up for the cost of one of today's, so that the time does not betray an account's age.
    fn verify(&self, password: &SecretString, hash: &str) -> ApiResult<bool> {
        let verify =
            |password: &str, hash: &str| bcrypt::verify(self.prepare(password), hash).map_err(ApiError::internal);
        let (sent, normal) = (password.expose_secret(), normal(password));
        let forms = [Some(normal.expose_secret()), Some(sent).filter(|sent| *sent != normal.expose_secret())];
        let cost = hash.split('$').nth(2).and_then(|cost| cost.parse().ok()).unwrap_or(self.cost);
        let mut fits = false;
        for form in forms.into_iter().flatten() {
            fits |= verify(form, hash)?;
            for missing in cost..self.cost {
                verify(form, &dummy(missing))?;
            }
        }
        Ok(fits)
    }
}

/// A hash that no password fits: 22 characters of salt, 31 of digest. Verified against when the name is unknown, so that the answer takes
/// as long as for a known one.
fn dummy(cost: u32) -> String {
    format!("$2b${cost:02}${}", ".".repeat(53))
}

/// The password in the form in which it is judged and stored.
#[must_use]
pub fn normal(password: &SecretString) -> SecretString {
    let text = password.expose_secret();
    if text.is_ascii() { password.clone() } else { text.nfc().collect::<String>().into() }
}

/// A place in the queue, given back when dropped: also when the client goes away while waiting.
struct QueuePlace<'a>(&'a AtomicUsize);

impl<'a> QueuePlace<'a> {
    fn take(inner: &'a Inner) -> ApiResult<Self> {
        let place = Self(&inner.present);
        if inner.present.fetch_add(1, Ordering::Relaxed) >= QUEUE + inner.size {
            return Err(ApiError::busy().caused_by("too many sign-ins are hashing"));
        }
        Ok(place)
    }
}

impl Drop for QueuePlace<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A temporary password: 24 characters that are hard to mistake for one another, some 138 bits from the system's own source.
#[must_use]
pub fn generate() -> String {
    let letters = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
    (0..24).filter_map(|_| letters.choose(&mut OsRng)).map(|letter| char::from(*letter)).collect()
}

/// The row of digits, as the signs above them stand on most keyboards.
const ROW: [char; 10] = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0'];

/// Judges a new password, which came in `field`: 12 to 128 characters, four kinds of them or at least 20, and not one that is easily guessed
/// (zxcvbn 3 or better, knowing the user name and [`CONTEXT_WORDS`]).
///
/// # Errors
/// The error says what would make the password better.
pub fn check_strength(field: &str, password: &SecretString, username: &str) -> Result<(), FieldError> {
    let password = normal(password);
    let password = password.expose_secret();
    let length = password.chars().count();
    if !(12..=128).contains(&length) {
        return Err(FieldError::new(field, "length", "has to have 12 to 128 characters"));
    }
    let kinds: [fn(char) -> bool; 4] =
        [char::is_lowercase, char::is_uppercase, char::is_numeric, |c| !c.is_alphanumeric()];
    if length < 20 && !kinds.iter().all(|kind| password.chars().any(kind)) {
        return Err(FieldError::new(
            field,
            "kinds",
            "needs lower and upper case letters, a digit and another character, or at least 20 characters",
        ));
    }
    let known: Vec<&str> = CONTEXT_WORDS.into_iter().chain([username]).collect();
    let score = |password: &str| zxcvbn::zxcvbn(password, &known).score();
    // A word that everybody tries stays one when it is doubled, capitalised or decorated at its ends.
    let lower = password.to_lowercase();
    let core = lower.trim_matches(|c: char| !c.is_alphabetic());
    let common = !core.is_empty() && core.chars().count() * 2 > length && score(core) < zxcvbn::Score::Two;
    // Walks over the keyboard are known by their digits; Shift makes signs of those.
    let unshifted: String = lower.chars().map(|c| "!@#$%^&*()".find(c).map_or(c, |place| ROW[place])).collect();
    if common || score(password) < zxcvbn::Score::Three || score(&unshifted) < zxcvbn::Score::Two {
        return Err(FieldError::new(field, "guessable", "is easily guessed; several unrelated words make a good one"));
    }
    Ok(())
}
