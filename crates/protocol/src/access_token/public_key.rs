//! The public half of a key that signs tokens, in any of the forms in which such keys are kept.

use std::fmt;

use super::base64url;

const KEY_BYTES: usize = 32;

/// The newest, and those whose tokens are still about.
pub const KEYS_MAX: usize = 8;

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// What comes before the key in DER: a sequence of the algorithm's number, 1.3.101.112, and a string of
/// bits.
const DER_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// The points of small order, without the sign. To such a key signatures can be made by anybody; one
/// of nothing but zeros, as a key that was never filled in, is among them.
const WEAK: [[u8; KEY_BYTES]; 7] = [
    edge(0, 0, 0),
    edge(1, 0, 0),
    edge(0xec, 0xff, 0x7f),
    edge(0xed, 0xff, 0x7f),
    edge(0xee, 0xff, 0x7f),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

const fn edge(first: u8, between: u8, last: u8) -> [u8; KEY_BYTES] {
    let mut bytes = [between; KEY_BYTES];
    bytes[0] = first;
    bytes[KEY_BYTES - 1] = last;
    bytes
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; KEY_BYTES]);

/// The text is no key, or not as many as asked for. Each reads on after "… is not a public key: ", and
/// none has a part of the text in it, which may be a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    Empty,
    Private,
    /// PEM of something else, or cut short.
    Pem,
    /// A public key of another kind.
    NotEd25519,
    NotBase64,
    Length {
        bytes: usize,
    },
    Weak,
    /// There was to be one.
    Several,
    TooMany,
}

impl PublicKey {
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        match Self::parse_all(text)?.as_slice() {
            [key] => Ok(*key),
            _ => Err(KeyError::Several),
        }
    }

    /// One or more, with spaces, line breaks or commas between them.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, KeyError> {
        // As in a variable that holds a whole file in one line.
        let text = text.replace("\\n", "\n").replace("\\r", "");
        let between = |c: char| c.is_ascii_whitespace() || c == ',';
        let mut keys = Vec::new();
        let mut rest = text.trim_matches(between);
        while !rest.is_empty() {
            if keys.len() == KEYS_MAX {
                return Err(KeyError::TooMany);
            }
            let (key, behind) = if rest.starts_with("-----") {
                let (body, behind) = pem(rest)?;
                (Self::from_der(&body)?, behind)
            } else {
                let end = rest.find(between).unwrap_or(rest.len());
                (Self::from_bytes(&decode(&rest[..end])?)?, &rest[end..])
            };
            keys.push(key);
            rest = behind.trim_start_matches(between);
        }
        if keys.is_empty() { Err(KeyError::Empty) } else { Ok(keys) }
    }

    pub fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        match der.strip_prefix(&DER_PREFIX) {
            Some(bytes) if bytes.len() == KEY_BYTES => Self::from_bytes(bytes),
            _ => Err(KeyError::NotEd25519),
        }
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let key: [u8; KEY_BYTES] =
            bytes.try_into().map_err(|_| KeyError::Length { bytes: bytes.len() })?;
        let mut unsigned = key;
        unsigned[KEY_BYTES - 1] &= 0x7f;
        if WEAK.contains(&unsigned) { Err(KeyError::Weak) } else { Ok(Self(key)) }
    }
}

/// The bytes of the first block, and what comes behind it.
fn pem(text: &str) -> Result<(Vec<u8>, &str), KeyError> {
    let Some(body) = text.strip_prefix(BEGIN) else {
        let label = text.lines().next().unwrap_or_default();
        return Err(if label.contains("PRIVATE KEY") { KeyError::Private } else { KeyError::Pem });
    };
    let (body, behind) = body.split_once(END).ok_or(KeyError::Pem)?;
    let body: String = body.split_ascii_whitespace().collect();
    Ok((decode(&body)?, behind))
}

/// In either alphabet, with padding or without.
fn decode(text: &str) -> Result<Vec<u8>, KeyError> {
    let digits = match text.len() % 4 {
        0 => text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text),
        _ => text,
    };
    let digits = digits.replace('+', "-").replace('/', "_");
    base64url::decode(&digits).ok_or(KeyError::NotBase64)
}

/// In the shortest of its forms, which is taken again.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyError::Empty => "it is empty",
            KeyError::Private => {
                "it is a private key, which belongs only to whoever makes tokens; make a new pair"
            }
            KeyError::Pem => "it is PEM without a whole PUBLIC KEY",
            KeyError::NotEd25519 => "it is one of another kind than Ed25519",
            KeyError::NotBase64 => "it is neither PEM nor base64",
            KeyError::Length { bytes } => {
                return write!(f, "it has {bytes} bytes instead of {KEY_BYTES}");
            }
            KeyError::Weak => "anybody could sign for it",
            KeyError::Several => "it is several",
            KeyError::TooMany => return write!(f, "it is more than {KEYS_MAX}"),
        })
    }
}

impl std::error::Error for KeyError {}
