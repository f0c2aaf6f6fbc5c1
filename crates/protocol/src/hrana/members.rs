//! How much there is in a body, before any of it is decoded: a value of two bytes takes a hundred in memory.

use super::HranaError;

/// Values, statements and whatever else there is in one body.
const MEMBERS_MAX: usize = 400_000;
/// Deeper than the decoder goes.
const DEPTH_MAX: usize = 110;

/// Refuses JSON of too many members and elements.
pub(super) fn check_json(text: &str) -> Result<(), HranaError> {
    let (mut commas, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b',' if !in_text => commas += 1,
            _ => {}
        }
    }
    check(commas)
}

/// Refuses protobuf of too many messages where there may be many.
pub(super) fn check_protobuf(bytes: &[u8], body: &'static Shape) -> Result<(), HranaError> {
    let mut count = 0;
    // What is malformed the decoder tells.
    count_messages(bytes, body, 0, &mut count);
    check(count)
}

fn check(count: usize) -> Result<(), HranaError> {
    match count > MEMBERS_MAX {
        true => Err(HranaError::TooManyMembers { members_max: MEMBERS_MAX }),
        false => Ok(()),
    }
}

/// Which fields of a message have messages in them.
pub(super) struct Shape(&'static [(u64, &'static Shape)]);

static VALUE: Shape = Shape(&[]);
static CONDITION: Shape = Shape(&[(3, &CONDITION), (4, &CONDITIONS), (5, &CONDITIONS)]);
static CONDITIONS: Shape = Shape(&[(1, &CONDITION)]);
static STATEMENT: Shape = Shape(&[(3, &VALUE), (4, &VALUE)]);
static STEP: Shape = Shape(&[(1, &CONDITION), (2, &STATEMENT)]);
static BATCH: Shape = Shape(&[(1, &STEP)]);
static EXECUTE: Shape = Shape(&[(1, &STATEMENT)]);
static BATCH_REQUEST: Shape = Shape(&[(1, &BATCH)]);
static REQUEST: Shape = Shape(&[(2, &EXECUTE), (3, &BATCH_REQUEST)]);
pub(super) static PIPELINE: Shape = Shape(&[(2, &REQUEST)]);
pub(super) static CURSOR: Shape = Shape(&[(2, &BATCH)]);

fn count_messages(mut bytes: &[u8], shape: &'static Shape, depth: usize, count: &mut usize) {
    while let Some(key) = varint(&mut bytes) {
        let len = match key & 7 {
            0 => varint(&mut bytes).map(|_| 0),
            1 => Some(8),
            2 => varint(&mut bytes),
            5 => Some(4),
            _ => None,
        };
        let Some(len) = len.and_then(|len| usize::try_from(len).ok()) else { return };
        let Some((field, rest)) = bytes.split_at_checked(len) else { return };
        bytes = rest;
        let inner = shape.0.iter().find(|(tag, _)| *tag == key >> 3 && key & 7 == 2);
        if let Some((_, inner)) = inner {
            *count += 1;
            if *count > MEMBERS_MAX || depth > DEPTH_MAX {
                return;
            }
            count_messages(field, inner, depth + 1, count);
        }
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json() {
        assert_eq!(check_json(&format!("[{}0]", "0,".repeat(MEMBERS_MAX))), Ok(()));
        assert!(check_json(&format!("[{}0]", "0,".repeat(MEMBERS_MAX + 1))).is_err());
        let text = format!(r#"{{"a":"\"{}"}}"#, ",".repeat(2 * MEMBERS_MAX));
        assert_eq!(check_json(&text), Ok(()));
    }

    #[test]
    fn protobuf() {
        let many = |bytes: &[u8]| bytes.repeat(MEMBERS_MAX + 1);
        assert!(check_protobuf(&many(b"\x12\x00"), &PIPELINE).is_err());
        assert_eq!(check_protobuf(&b"\x12\x00".repeat(MEMBERS_MAX), &PIPELINE), Ok(()));
        // Steps of a batch, within a message of their own.
        let steps = many(b"\x0a\x00");
        let mut cursor = vec![0x12];
        let mut len = steps.len();
        while len >= 0x80 {
            cursor.push(len as u8 | 0x80);
            len >>= 7;
        }
        cursor.push(len as u8);
        cursor.extend(steps);
        assert!(check_protobuf(&cursor, &CURSOR).is_err());
        for garbage in
            [&b""[..], b"\xff", b"\x12\xff", b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"]
        {
            assert_eq!(check_protobuf(garbage, &PIPELINE), Ok(()));
        }
        let deep = b"\x12\x02".repeat(1_000);
        assert_eq!(check_protobuf(&deep, &PIPELINE), Ok(()));
    }
}
