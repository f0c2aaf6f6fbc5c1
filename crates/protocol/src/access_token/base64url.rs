//! Base64 in the alphabet of URLs without padding, as the parts of a JWT have it.
//!
//! Decoding is strict: bits that belong to no byte must be zero, so that bytes have one spelling.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.as_bytes().chunks(4) {
        let mut bits = 0;
        for &character in chunk {
            bits = bits << 6 | u32::from(value(character)?);
        }
        // Of so many digits so many bytes; one digit alone is not enough for one.
        let count = match chunk.len() {
            4 => 3,
            3 => 2,
            2 => 1,
            _ => return None,
        };
        let [_, whole @ ..] = (bits << (6 * (4 - chunk.len()))).to_be_bytes();
        if whole[count..].iter().any(|&byte| byte != 0) {
            return None;
        }
        bytes.extend_from_slice(&whole[..count]);
    }
    Some(bytes)
}

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut whole = [0; 4];
        whole[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(whole);
        for digit in 0..=chunk.len() {
            let at = bits >> (18 - 6 * digit) & 63;
            text.push(char::from(ALPHABET[at as usize]));
        }
    }
    text
}

fn value(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg", b"f"),
            ("Zm8", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYg", b"foob"),
            ("-_8A", &[0xfb, 0xff, 0]),
        ] {
            assert_eq!(decode(text).as_deref(), Some(bytes), "{text}");
            assert_eq!(encode(bytes), text);
        }
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)), Some(all));
    }

    #[test]
    fn other_spellings_are_none() {
        for text in ["Z", "Zm9vY", "Zg==", "Zh", "Zm9", "Z m8", "Zm8\n", "+/8A", "Zm9v.", "é"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
