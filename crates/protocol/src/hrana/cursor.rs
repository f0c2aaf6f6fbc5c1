//! The answer to a cursor: its entries one behind the other, each on a line of JSON, or with its length
//! before it in protobuf.

use libsql_hrana::proto::{CursorEntry, CursorRespBody};
use prost::Message;
use serde::{Serialize, Serializer};

use super::Encoding;

/// What comes before the entries.
pub struct CursorStart {
    pub baton: Option<String>,
}

impl CursorStart {
    pub fn encode(self, encoding: Encoding, out: &mut Vec<u8>) {
        put(&CursorRespBody { baton: self.baton, base_url: None }, encoding, out);
    }
}

/// Entries as JSON has them. `libsql-hrana` writes a number where the specification has a text.
pub struct Entries<'a>(pub &'a [CursorEntry]);

struct Entry<'a>(&'a CursorEntry);

#[derive(Serialize)]
struct StepEnd {
    r#type: &'static str,
    affected_row_count: u64,
    last_insert_rowid: Option<String>,
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            CursorEntry::StepEnd(end) => StepEnd {
                r#type: "step_end",
                affected_row_count: end.affected_row_count,
                last_insert_rowid: end.last_insert_rowid.map(|rowid| rowid.to_string()),
            }
            .serialize(serializer),
            entry => entry.serialize(serializer),
        }
    }
}

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Entry))
    }
}

/// Writes entries behind what there is.
pub fn cursor_entries(entries: &[CursorEntry], encoding: Encoding, out: &mut Vec<u8>) {
    for entry in entries {
        match encoding {
            Encoding::Json => line(&Entry(entry), out),
            Encoding::Protobuf => put(entry, encoding, out),
        }
    }
}

fn put(message: &(impl Message + Serialize), encoding: Encoding, out: &mut Vec<u8>) {
    match encoding {
        Encoding::Json => line(message, out),
        // A vector has room for whatever comes.
        Encoding::Protobuf => message.encode_length_delimited(out).unwrap_or_default(),
    }
}

fn line(message: &impl Serialize, out: &mut Vec<u8>) {
    // Neither have texts and numbers a way to fail.
    serde_json::to_writer(&mut *out, message).unwrap_or_default();
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use libsql_hrana::proto::{Row, StepEndEntry, Value};

    use super::*;

    fn entries() -> [CursorEntry; 2] {
        [
            CursorEntry::Row { row: Row { values: vec![Value::Integer { value: 1 }] } },
            CursorEntry::StepEnd(StepEndEntry {
                affected_row_count: 1,
                last_insert_rowid: Some(5),
            }),
        ]
    }

    #[test]
    fn lines() {
        let mut out = Vec::new();
        CursorStart { baton: Some("b".into()) }.encode(Encoding::Json, &mut out);
        cursor_entries(&entries(), Encoding::Json, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                "{\"baton\":\"b\",\"base_url\":null}\n",
                "{\"type\":\"row\",\"row\":[{\"type\":\"integer\",\"value\":\"1\"}]}\n",
                "{\"type\":\"step_end\",\"affected_row_count\":1,\"last_insert_rowid\":\"5\"}\n"
            )
        );
    }

    #[test]
    fn lengths() {
        let mut out = Vec::new();
        CursorStart { baton: None }.encode(Encoding::Protobuf, &mut out);
        cursor_entries(&entries(), Encoding::Protobuf, &mut out);
        let mut rest = &out[..];
        let mut lengths = Vec::new();
        while let Some((length, behind)) = rest.split_first() {
            lengths.push(*length);
            rest = &behind[usize::from(*length)..];
        }
        assert_eq!((lengths.len(), lengths[0]), (3, 0));
    }
}
