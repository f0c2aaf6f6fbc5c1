//! Keys made from the admin token, each for one purpose: signatures of one are of no use for another.
//!
//! Who changes the token ends all that was signed, and who sees a signature learns nothing of the token.
//! Signatures are compared in time that does not depend on where they differ.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const BLOCK_BYTES: usize = 64;

#[derive(Clone)]
pub(crate) struct TokenKey(Hmac<Sha256>);

impl TokenKey {
    /// The token as it is configured, without the white space around it. `purpose` is the only one of
    /// its kind.
    pub(crate) fn new(token: &str, purpose: &[u8]) -> Self {
        let of_token = keyed(&Sha256::digest(token.trim().as_bytes()));
        TokenKey(keyed(&of_token.chain_update(purpose).finalize().into_bytes()))
    }

    /// A signature as 64 lower-case hex digits.
    pub(crate) fn sign(&self, text: &str) -> String {
        let signature = self.0.clone().chain_update(text).finalize().into_bytes();
        signature.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(crate) fn has_signed(&self, text: &str, digits: &str) -> bool {
        let over = self.0.clone().chain_update(text);
        bytes_of(digits).is_some_and(|signature| over.verify_slice(&signature).is_ok())
    }
}

/// A key that is shorter than a block is filled up with zeros, as HMAC has it.
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let mut block = [0; BLOCK_BYTES];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    Hmac::new(&block.into())
}

/// The bytes that lower-case hex digits stand for.
fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?)).collect()
}
