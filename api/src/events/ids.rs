//! The ids of events. An id tells how far its reader has come with a person and how that person was then, in one encrypted block: to
//! anybody else, and for another person, it means nothing, and an id that was not made here decrypts to a place that does not exist.

use aes::{
    Aes256,
    cipher::{BlockDecrypt, BlockEncrypt, KeyInit as _},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::subscription::Subject;
use crate::account::ids::ViewerId;

/// How far a reader has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamPlace {
    /// The newest outbox row that they were shown, or [`NO_ROWS`].
    pub row: i64,
    /// The digest of the status or list that they were shown last.
    pub digest: u64,
}

/// The place of a reader who is shown no rows.
pub(super) const NO_ROWS: i64 = -1;
/// The place after which everything is sent again from the beginning.
pub(super) const NOWHERE: StreamPlace = StreamPlace { row: i64::MIN, digest: 0 };

/// Encrypts the places of one reader with one person, or with their list.
#[derive(Clone)]
pub(super) struct EventIds([u8; 32]);

impl EventIds {
    pub fn new(secret: &SecretString, reader: &ViewerId, of: &Subject) -> Self {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.expose_secret().as_bytes())
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        let of = match of {
            Subject::Person(person) => person.as_str(),
            Subject::People => "people",
        };
        for part in ["event ids", reader.as_str(), of] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        Self(mac.finalize().into_bytes().into())
    }

    pub fn encrypt_block(&self, place: StreamPlace) -> String {
        let mut block = [0; 16];
        block[..8].copy_from_slice(&place.row.to_be_bytes());
        block[8..].copy_from_slice(&place.digest.to_be_bytes());
        Aes256::new(&self.0.into()).encrypt_block((&mut block).into());
        BASE64_URL_SAFE_NO_PAD.encode(block)
    }

    /// The place that `id` leads to, which is nowhere unless it was made here.
    pub fn decrypt_block(&self, id: &str) -> StreamPlace {
        let Some(mut block) = BASE64_URL_SAFE_NO_PAD.decode(id).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
        else {
            return NOWHERE;
        };
        Aes256::new(&self.0.into()).decrypt_block((&mut block).into());
        let half = |from: usize| <[u8; 8]>::try_from(&block[from..from + 8]).unwrap_or_default();
        StreamPlace { row: i64::from_be_bytes(half(0)), digest: u64::from_be_bytes(half(8)) }
    }
}

pub(super) fn digest(text: &str) -> u64 {
    let hash = Sha256::digest(text);
    u64::from_be_bytes(hash[..8].try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::ids::UserId;

    #[test]
    fn an_id_is_good_for_its_reader_and_person_alone() {
        let secret = SecretString::from("a secret of a test, long enough for anything");
        let id = |text: &str| UserId::new(text);
        let ids = |reader: &str, person: &str| {
            EventIds::new(&secret, &id(reader).as_viewer(), &Subject::Person(id(person).as_person()))
        };
        let place = StreamPlace { row: 7, digest: 8 };
        let id = ids("alex", "robin").encrypt_block(place);
        assert_eq!(id.len(), 22);
        assert_eq!(id, ids("alex", "robin").encrypt_block(place));
        assert_eq!(ids("alex", "robin").decrypt_block(&id), place);
        for (reader, person) in [("alex", "sasha"), ("sam", "robin"), ("alexr", "obin")] {
            assert_ne!(ids(reader, person).decrypt_block(&id).row, 7);
        }
        for garbage in ["", "7", "not an id", &id[1..], &format!("{id}AA")] {
            assert_eq!(ids("alex", "robin").decrypt_block(garbage), NOWHERE);
        }
    }
}
