//! Pseudonyms: short names that cannot be turned back without the key.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{Error, Result};
use crate::fingerprint::hex;

/// Fewest bytes of a key. Below 128 bits a key can be guessed, and with it who is who.
pub const MIN_KEY_BYTES: usize = 16;

/// Bytes of the HMAC that a pseudonym shows: 64 bits. Among a million people the chance that any two share a pseudonym is
/// n² / 2⁶⁵, one in 37 million; in a company of 10,000 it is one in 370 billion.
const SHOWN_BYTES: usize = 8;

/// What every pseudonym begins with, so that it is not taken for an identifier of the company.
const PREFIX: &str = "p-";

/// Makes pseudonyms under one key: HMAC-SHA256 (RFC 2104, FIPS 180-4) of the text, its first 64 bits in hexadecimal digits.
///
/// Whoever does not have the key can neither turn a pseudonym back nor try names until one fits: that needs the key too.
#[derive(Clone)]
pub struct Pseudonyms {
    mac: Hmac<Sha256>,
    is_lasting: bool,
}

impl fmt::Debug for Pseudonyms {
    /// Never the key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pseudonyms").field("is_lasting", &self.is_lasting).finish_non_exhaustive()
    }
}

impl Pseudonyms {
    /// Pseudonyms under `key`, the secret of the company: the same today and tomorrow.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a key of fewer than [`MIN_KEY_BYTES`] bytes. The key is never part of an error.
    pub fn keyed(key: &[u8]) -> Result<Self> {
        if key.len() < MIN_KEY_BYTES {
            return Err(Error::invalid(format!(
                "the key of the pseudonyms has {} bytes; it needs {MIN_KEY_BYTES} or more",
                key.len()
            ))
            .hint("`openssl rand -hex 32` makes one; keep it as you keep a password"));
        }
        Self::under(key, true)
    }

    /// Pseudonyms under a key that nobody knows and that is gone with the process: safe to show, other ones next time.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Internal`] never, in practice: HMAC takes keys of any length.
    pub fn passing() -> Result<Self> {
        // The standard library seeds its hashers from the system's source of randomness: 128 bits that nobody sees.
        let secret = RandomState::new();
        let key: Vec<u8> = (0..4u64).flat_map(|word| secret.hash_one(word).to_le_bytes()).collect();
        Self::under(&key, false)
    }

    fn under(key: &[u8], is_lasting: bool) -> Result<Self> {
        let mac = Hmac::new_from_slice(key).map_err(|cause| Error::internal("HMAC refuses the key").because(cause))?;
        Ok(Self { mac, is_lasting })
    }

    /// Whether the next process gives the same pseudonyms.
    pub fn is_lasting(&self) -> bool {
        self.is_lasting
    }

    /// The pseudonym of `text`: `p-` and 16 hexadecimal digits. Letter case counts. What looks like a pseudonym is one, so
    /// that a table made from others is not hidden twice and still joins with them.
    pub fn of(&self, text: &str) -> String {
        if is_pseudonym(text) {
            return text.to_owned();
        }
        let mut mac = self.mac.clone();
        mac.update(text.as_bytes());
        format!("{PREFIX}{}", hex(&mac.finalize().into_bytes()[..SHOWN_BYTES]))
    }
}

fn is_pseudonym(text: &str) -> bool {
    let digits = text.strip_prefix(PREFIX).unwrap_or_default();
    digits.len() == 2 * SHOWN_BYTES && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    #[test]
    fn a_pseudonym_is_the_start_of_the_hmac_of_the_standard() {
        // RFC 4231, test case 1: key of twenty bytes 0x0b, data "Hi There".
        let pseudonyms = Pseudonyms::keyed(&[0x0b; 20]).unwrap();
        assert_eq!(pseudonyms.of("Hi There"), "p-b0344c61d8db3853");
    }

    #[test]
    fn the_key_decides_and_nothing_else() {
        let (one, again) = (Pseudonyms::keyed(KEY).unwrap(), Pseudonyms::keyed(KEY).unwrap());
        let other = Pseudonyms::keyed(b"another key of this company").unwrap();
        assert_eq!(one.of("ada@acme.example"), again.of("ada@acme.example"));
        assert_ne!(one.of("ada@acme.example"), other.of("ada@acme.example"));
        assert_ne!(one.of("ada@acme.example"), one.of("Ada@acme.example"));
        assert_ne!(Pseudonyms::passing().unwrap().of("u-1"), Pseudonyms::passing().unwrap().of("u-1"));
    }

    #[test]
    fn nobody_is_hidden_twice() {
        let pseudonyms = Pseudonyms::keyed(KEY).unwrap();
        let pseudonym = pseudonyms.of("u-1");
        assert_eq!(pseudonyms.of(&pseudonym), pseudonym);
        for text in ["p-1", "p-B0344C61D8DB3853", "p-b0344c61d8db3853 "] {
            assert_ne!(pseudonyms.of(text), text);
        }
    }

    #[test]
    fn two_people_do_not_share_one() {
        let pseudonyms = Pseudonyms::keyed(KEY).unwrap();
        let distinct: BTreeSet<String> = (0..100_000).map(|number| pseudonyms.of(&format!("u-{number}"))).collect();
        assert_eq!(distinct.len(), 100_000);
    }

    #[test]
    fn a_key_is_long_and_never_shown() {
        let refused = Pseudonyms::keyed(b"hunter2 hunter2").unwrap_err();
        assert!(!format!("{refused:?}").contains("hunter2"));
        assert!(!format!("{:?}", Pseudonyms::keyed(KEY).unwrap()).contains("0123"));
    }
}
