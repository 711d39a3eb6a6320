//! The second factor: a code from an authenticator app (TOTP, RFC 6238), or one of ten recovery codes for when the device is lost.
//!
//! The secret is encrypted with a key that is not in the database; recovery codes are stored as keyed hashes. A code is good in its
//! own half minute and the one after it (RFC 6238, 5.2), and once (OWASP ASVS 6.5.1).

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, KeyInit, Payload},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use diesel::{dsl::count_star, prelude::*};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use totp_rs::{Builder, Totp};

use crate::{
    account::{ids::UserId, username::Username},
    clock::{SECOND, Timestamp},
    db::{
        DbConnection,
        schema::{recovery_codes, second_factors},
    },
    error::{ApiError, ApiResult, Code},
};

/// 160 bits, as RFC 4226 recommends.
pub type Secret = [u8; 20];
/// 80 bits.
pub type RecoveryCode = [u8; 10];
pub const RECOVERY_CODES: usize = 10;

const NONCE: usize = 12;
/// Digits and letters that are hard to mistake for one another (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Encrypts secrets and hashes recovery codes, each with a key of its own made from the pepper.
#[derive(Clone, Debug)]
pub struct SecondFactors(SecretString);

impl SecondFactors {
    #[must_use]
    pub fn new(pepper: &SecretString) -> Self {
        Self(pepper.clone())
    }

    /// Encrypts `secret` for this user alone: moved to another's row it cannot be decrypted.
    ///
    /// # Errors
    /// None in practice: a secret of this length can always be encrypted.
    pub fn encrypt(&self, user_id: &UserId, secret: &Secret, nonce: [u8; NONCE]) -> ApiResult<String> {
        let payload = Payload { msg: secret, aad: user_id.as_str().as_bytes() };
        let encrypted = self.cipher().encrypt(&nonce.into(), payload).map_err(ApiError::internal)?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode([nonce.as_slice(), &encrypted].concat()))
    }

    fn decrypt(&self, user_id: &UserId, encrypted: &str) -> Option<Vec<u8>> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(encrypted).ok()?;
        let (nonce, encrypted) = bytes.split_at_checked(NONCE)?;
        self.cipher().decrypt(nonce.into(), Payload { msg: encrypted, aad: user_id.as_str().as_bytes() }).ok()
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&self.key("totp secret").into())
    }

    fn hash(&self, user_id: &UserId, code: &str) -> String {
        let key = self.key("recovery code");
        BASE64_URL_SAFE_NO_PAD.encode(mac(&key, &[user_id.as_str(), code].concat()))
    }

    fn key(&self, purpose: &str) -> [u8; 32] {
        mac(self.0.expose_secret().as_bytes(), purpose)
    }
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

/// The parameters for an authenticator app: SHA-1, six digits, 30 seconds, because all apps support these.
///
/// # Errors
/// If `issuer` or `account` hold a colon, which no host and no user name does.
pub fn authenticator(secret: &[u8], issuer: &str, account: &Username) -> ApiResult<Totp> {
    Builder::new()
        .with_secret(secret)
        // A neighbouring step's code is older, or younger, than half a minute.
        .with_skew(0)
        .with_issuer(Some(issuer))
        .with_account_name(account.as_str())
        .build()
        .map_err(ApiError::internal)
}

/// Length of a step in seconds.
const STEP: u64 = 30;

/// The step that `code` belongs to: the one at `now`, or the one just over, whose code somebody may have begun to type.
fn step_of(secret: &[u8], code: &str, now: Timestamp) -> ApiResult<Option<i64>> {
    let seconds = u64::try_from(now.0 / SECOND).map_err(ApiError::internal)?;
    let authenticator = authenticator(secret, "", &Username::typed(""))?;
    let steps = [Some(seconds), seconds.checked_sub(STEP)].into_iter().flatten();
    let found: Vec<u64> = steps.filter_map(|seconds| authenticator.check(code, seconds)).collect();
    Ok(found.first().and_then(|step| i64::try_from(*step).ok()))
}

/// Four groups of four.
#[must_use]
pub fn readable(code: RecoveryCode) -> String {
    let bits = code.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let letter = |place: u32| char::from(LETTERS[(bits >> (75 - 5 * place) & 31) as usize]);
    let groups: Vec<String> = (0..4).map(|group| (0..4).map(|n| letter(4 * group + n)).collect()).collect();
    groups.join("-")
}

/// A code in the form in which it is compared, however it was grouped and in whichever case it was typed.
fn plain(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// Whether the second factor is on for this user, and how many recovery codes are left.
pub fn status(conn: &mut DbConnection, user_id: &UserId) -> QueryResult<(bool, i64)> {
    let confirmed: Option<Option<i64>> =
        second_factors::table.find(user_id).select(second_factors::confirmed_at).first(conn).optional()?;
    let left = recovery_codes::table.filter(recovery_codes::user_id.eq(user_id)).select(count_star()).first(conn)?;
    Ok((confirmed.flatten().is_some(), left))
}

/// Stores a new secret, which has no effect until it is confirmed, in place of one that was never confirmed.
///
/// # Errors
/// [`Code::TotpAlreadyOn`]
pub fn begin(conn: &mut DbConnection, user_id: &UserId, encrypted: &str) -> ApiResult<()> {
    if status(conn, user_id)?.0 {
        return Err(ApiError::new(Code::TotpAlreadyOn, "Nothing was changed. Switch it off first to set it up again."));
    }
    remove(conn, user_id)?;
    diesel::insert_into(second_factors::table)
        .values((second_factors::user_id.eq(user_id), second_factors::secret.eq(encrypted)))
        .execute(conn)?;
    Ok(())
}

/// Switches the second factor on, if `code` shows that the authenticator has the secret. Returns whether it does. The code is used up.
///
/// # Errors
/// [`Code::TotpNotBegun`]
pub fn confirm(
    conn: &mut DbConnection,
    keys: &SecondFactors,
    user_id: &UserId,
    code: &str,
    recovery: &[String],
    now: Timestamp,
) -> ApiResult<bool> {
    let unconfirmed = second_factors::table.find(user_id).filter(second_factors::confirmed_at.is_null());
    let encrypted: Option<String> = unconfirmed.select(second_factors::secret).first(conn).optional()?;
    let Some(encrypted) = encrypted else {
        return Err(ApiError::new(Code::TotpNotBegun, "Begin with `POST /api/v1/me/totp`."));
    };
    let Some(step) = step_of(&decrypted(keys, user_id, &encrypted)?, &plain(code), now)? else {
        return Ok(false);
    };
    diesel::update(second_factors::table.find(user_id))
        .set((second_factors::confirmed_at.eq(now.0), second_factors::last_step.eq(step)))
        .execute(conn)?;
    for code in recovery {
        let hash = keys.hash(user_id, &plain(code));
        diesel::insert_into(recovery_codes::table)
            .values((recovery_codes::user_id.eq(user_id), recovery_codes::hash.eq(hash)))
            .execute(conn)?;
    }
    Ok(true)
}

/// Switches the second factor off and deletes the recovery codes. Returns whether there was one.
pub fn remove(conn: &mut DbConnection, user_id: &UserId) -> QueryResult<bool> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user_id))).execute(conn)?;
    diesel::delete(second_factors::table.find(user_id)).execute(conn).map(|count| count > 0)
}

/// The second factor that was shown at a sign-in, beyond the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownFactor {
    /// Enough: the second factor is off, or the code is right.
    Enough,
    /// Enough, by one of the recovery codes.
    RecoveryCode {
        left: i64,
    },
    Nothing,
    /// A code that is wrong, expired or used.
    Wrong,
}

/// Looks at a code and uses it up.
///
/// # Errors
/// Errors of the database, and if the secret was encrypted with another pepper.
pub fn check(
    conn: &mut DbConnection,
    keys: &SecondFactors,
    user_id: &UserId,
    code: Option<&SecretString>,
    now: Timestamp,
) -> ApiResult<ShownFactor> {
    let confirmed = second_factors::table.find(user_id).filter(second_factors::confirmed_at.is_not_null());
    let encrypted: Option<String> = confirmed.select(second_factors::secret).first(conn).optional()?;
    let Some(encrypted) = encrypted else { return Ok(ShownFactor::Enough) };
    let Some(code) = code.map(|code| plain(code.expose_secret())) else { return Ok(ShownFactor::Nothing) };
    if let Some(step) = step_of(&decrypted(keys, user_id, &encrypted)?, &code, now)? {
        // After the clock was put back, a used step lies in the future and is none of these.
        let current = now.0 / SECOND / STEP.cast_signed();
        let fresh = second_factors::last_step.lt(step).or(second_factors::last_step.gt(current));
        let unused = second_factors::table.find(user_id).filter(fresh);
        let taken = diesel::update(unused).set(second_factors::last_step.eq(step)).execute(conn)?;
        return Ok(if taken == 1 { ShownFactor::Enough } else { ShownFactor::Wrong });
    }
    let used = diesel::delete(recovery_codes::table.find((user_id, keys.hash(user_id, &code)))).execute(conn)?;
    Ok(if used == 1 { ShownFactor::RecoveryCode { left: status(conn, user_id)?.1 } } else { ShownFactor::Wrong })
}

fn decrypted(keys: &SecondFactors, user_id: &UserId, encrypted: &str) -> ApiResult<Vec<u8>> {
    keys.decrypt(user_id, encrypted)
        .ok_or_else(|| ApiError::internal("a second factor was sealed with another PASSWORD_PEPPER"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            let at = |seconds: i64| step_of(secret, code, Timestamp(seconds * SECOND)).unwrap();
            assert_eq!(at(seconds), Some(seconds / 30));
            assert_eq!(
                (at(seconds - 30), at(seconds + 30)),
                (None, Some(seconds / 30)),
                "and the half minute after it"
            );
            assert_eq!(at(seconds + 60), None);
        }
    }

    #[test]
    fn a_secret_opens_for_its_owner_and_under_its_pepper_only() {
        let keys = SecondFactors::new(&"a pepper".into());
        let (robin, sasha) = (UserId::new("robin"), UserId::new("sasha"));
        let encrypted = keys.encrypt(&robin, &[7; 20], [1; NONCE]).unwrap();
        assert_eq!(keys.decrypt(&robin, &encrypted), Some(vec![7; 20]));
        assert_eq!(keys.decrypt(&sasha, &encrypted), None);
        assert_eq!(SecondFactors::new(&"another".into()).decrypt(&robin, &encrypted), None);
        assert_eq!(keys.decrypt(&robin, &encrypted[..encrypted.len() - 4]), None);
        assert_eq!(keys.decrypt(&robin, "short"), None);
    }

    #[test]
    fn a_recovery_code_carries_all_its_bits_and_is_read_however_it_was_typed() {
        assert_eq!(readable([0; 10]), "0000-0000-0000-0000");
        assert_eq!(readable([255; 10]), "zzzz-zzzz-zzzz-zzzz");
        assert_eq!(readable([0, 68, 50, 20, 199, 66, 84, 182, 53, 207]), "0123-4567-89ab-cdef");
        assert_eq!(plain(" 0123 4567-89AB.CDEF\n"), "0123456789abcdef");
    }
}
