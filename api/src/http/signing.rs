//! Texts that are given out and come back as they were: positions in lists, and digests of previews.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Length of the signature in bytes: enough that guessing one is hopeless, short enough for an address.
const SIGNATURE: usize = 16;

/// Signs a text for a list and hides it, so that it works only for that list and on the server that gave it out, and says nothing.
#[derive(Clone, Debug)]
pub struct Signer(SecretString);

impl Signer {
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self(secret.clone())
    }

    /// Hides and signs `text` for `list`.
    #[must_use]
    pub fn sign(&self, list: &str, text: &str) -> String {
        let signature = &self.mac(&["cursor", list, text]).finalize().into_bytes()[..SIGNATURE];
        let hidden = self.hidden(list, signature, text.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode([signature, &hidden].concat())
    }

    /// Whether `signed` is `text`, signed for `list`.
    #[must_use]
    pub fn verify(&self, list: &str, text: &str, signed: &str) -> bool {
        self.open(list, signed).is_some_and(|signed| signed == text)
    }

    /// The text that was signed for `list`; `None` if it was not signed here, or for another list.
    #[must_use]
    pub fn open(&self, list: &str, signed: &str) -> Option<String> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(signed).ok().filter(|bytes| bytes.len() > SIGNATURE)?;
        let (signature, hidden) = bytes.split_at(SIGNATURE);
        let text = String::from_utf8(self.hidden(list, signature, hidden)).ok()?;
        self.mac(&["cursor", list, &text]).verify_truncated_left(signature).ok().map(|()| text)
    }

    /// Encrypts or decrypts a text, which can be a number that counts hidden rows too. No two texts have the same signature, so
    /// that no two are combined with the same bytes.
    fn hidden(&self, list: &str, signature: &[u8], text: &[u8]) -> Vec<u8> {
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
        let blocks = text.chunks(32).zip(0_u32..);
        let block = |(chunk, number): (&[u8], u32)| {
            let key = self.mac(&["cursor block", list, &signature, &number.to_string()]).finalize().into_bytes();
            chunk.iter().zip(key).map(|(byte, key)| byte ^ key).collect::<Vec<u8>>()
        };
        blocks.flat_map(block).collect()
    }

    fn mac(&self, parts: &[&str]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes())
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac
    }
}
