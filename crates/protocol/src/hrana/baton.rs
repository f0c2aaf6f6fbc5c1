//! Batons: which stream a request continues, and where in it.
//!
//! A baton names the stream and how many requests were answered on it, so that one used twice is told
//! from the newest. It is signed with a key that its database alone has: one that was made up, or is of
//! another database, is refused before anything is looked up.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const BLOCK_BYTES: usize = 64;
const SIGNATURE_DIGITS: usize = 32;

/// What a baton says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Baton {
    pub stream: u64,
    /// Counted from 1.
    pub sequence: u64,
}

/// What batons of one database are signed with.
pub struct BatonKey(Hmac<Sha256>);

/// It is none, or none of this database. Nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatonError {
    Invalid,
    /// Another request has used it: each is good for one.
    Used,
}

impl BatonKey {
    pub fn new(secret: &[u8; 32]) -> BatonKey {
        let mut block = [0; BLOCK_BYTES];
        block[..secret.len()].copy_from_slice(secret);
        BatonKey(Hmac::new(&block.into()))
    }

    pub fn encode(&self, baton: Baton) -> String {
        let named = named(baton);
        let signature = self.0.clone().chain_update(&named).finalize().into_bytes();
        let digits = signature.iter().take(SIGNATURE_DIGITS / 2);
        let digits: String = digits.map(|byte| format!("{byte:02x}")).collect();
        format!("{named}{digits}")
    }

    pub fn decode(&self, text: &str) -> Result<Baton, BatonError> {
        let number = |from: usize| {
            let bytes = bytes_of(text.get(from..from + 16)?)?;
            bytes.try_into().ok().map(u64::from_be_bytes)
        };
        let (stream, sequence) = number(0).zip(number(16)).ok_or(BatonError::Invalid)?;
        let baton = Baton { stream, sequence };
        let signature = text.get(32..).filter(|digits| digits.len() == SIGNATURE_DIGITS);
        let signature = signature.and_then(bytes_of).ok_or(BatonError::Invalid)?;
        let over = self.0.clone().chain_update(named(baton));
        over.verify_truncated_left(&signature).map_err(|_| BatonError::Invalid)?;
        Ok(baton)
    }
}

fn named(baton: Baton) -> String {
    format!("{:016x}{:016x}", baton.stream, baton.sequence)
}

fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs.map(|pair| Some(digit(&pair[0])? << 4 | digit(&pair[1])?)).collect()
}

impl fmt::Display for BatonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BatonError::Invalid => "The baton is not one of this database: open a new stream",
            BatonError::Used => {
                "The baton was used already: continue with the one of the newest answer"
            }
        })
    }
}

impl std::error::Error for BatonError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_read_back() {
        let key = BatonKey::new(&[7; 32]);
        for baton in [Baton { stream: 1, sequence: 1 }, Baton { stream: u64::MAX, sequence: 0 }] {
            assert_eq!(key.decode(&key.encode(baton)), Ok(baton));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let key = BatonKey::new(&[7; 32]);
        let text = key.encode(Baton { stream: 5, sequence: 9 });
        assert!(BatonKey::new(&[8; 32]).decode(&text).is_err());
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(key.decode(&changed), Err(BatonError::Invalid), "{at}");
        }
        for text in [
            "",
            "x",
            &text[1..],
            &format!("{text}0"),
            &text.to_uppercase(),
            "é".repeat(40).as_str(),
        ] {
            assert_eq!(key.decode(text), Err(BatonError::Invalid), "{text}");
        }
    }
}
