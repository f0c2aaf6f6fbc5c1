//! How the files of a backup are named, as Litestream 0.5 has them in a bucket:
//! `<folder>/<level>/<first txid>-<last txid>.ltx`, in hex digits of fixed width.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::position::Txid;

/// 0 has what was shipped, 1 to 8 the same compacted, 9 snapshots.
pub type Level = u8;

/// Of files that hold a whole database.
pub const SNAPSHOT_LEVEL: Level = 9;

/// The folder of an epoch within that of its database.
pub fn epoch_folder(epoch: u32) -> String {
    format!("{epoch:08x}")
}

/// Whose folder that is; None if it is none of an epoch.
pub fn epoch_of_folder(name: &str) -> Option<u32> {
    hex(name, 8).and_then(|epoch| u32::try_from(epoch).ok())
}

/// One file: its name within the folder. In the order of their names, files of one level are in the order
/// of their transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileName {
    pub level: Level,
    /// First transaction in it; 1 of a snapshot.
    pub txid_min: Txid,
    /// Last transaction in it.
    pub txid_max: Txid,
}

/// The text names no file of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAFileName;

impl FileName {
    /// The folder of a level within that of the backup, with a slash at its end.
    pub fn level_folder(level: Level) -> String {
        format!("{level:04x}/")
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FileName { level, txid_min, txid_max } = self;
        write!(f, "{level:04x}/{txid_min:016x}-{txid_max:016x}.ltx")
    }
}

impl FromStr for FileName {
    type Err = NotAFileName;

    fn from_str(text: &str) -> Result<FileName, NotAFileName> {
        let parse = || {
            let (level, file) = text.split_once('/')?;
            let (min, max) = file.strip_suffix(".ltx")?.split_once('-')?;
            let level = u8::try_from(hex(level, 4)?).ok()?;
            let name = FileName { level, txid_min: hex(min, 16)?, txid_max: hex(max, 16)? };
            let is_one = level <= SNAPSHOT_LEVEL && (1..=name.txid_max).contains(&name.txid_min);
            is_one.then_some(name)
        };
        parse().ok_or(NotAFileName)
    }
}

fn hex(text: &str, digits: usize) -> Option<u64> {
    let lower = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let whole = text.len() == digits && text.bytes().all(lower);
    whole.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn names_go_there_and_back() {
        for (level, txid_min, txid_max) in [(0, 1, 1), (3, 17, 300), (9, 1, u64::MAX)] {
            let name = FileName { level, txid_min, txid_max };
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        let snapshot = FileName { level: 9, txid_min: 1, txid_max: 0x2f };
        assert_eq!(snapshot.to_string(), "0009/0000000000000001-000000000000002f.ltx");
        assert!(snapshot.to_string().starts_with(&FileName::level_folder(9)));
    }

    #[test]
    fn epochs() {
        for epoch in [1, 0x1f, u32::MAX] {
            assert_eq!(epoch_of_folder(&epoch_folder(epoch)), Some(epoch));
        }
        for name in ["", "1", "0000000G", "0000001F", "000000001", "lease.json"] {
            assert_eq!(epoch_of_folder(name), None, "{name}");
        }
    }

    #[test]
    fn what_names_no_file_is_refused() {
        let min = "0000000000000001";
        for text in [
            "",
            "0000",
            "0000/",
            "lease.json",
            &format!("0000/{min}-{min}"),
            &format!("0000/{min}{min}.ltx"),
            &format!("000a/{min}-{min}.ltx"),
            &format!("0100/{min}-{min}.ltx"),
            &format!("0/{min}-{min}.ltx"),
            &format!("0000/0000000000000000-{min}.ltx"),
            &format!("0000/0000000000000002-{min}.ltx"),
            &format!("0000/000000000000000A-{min}.ltx"),
            &format!("0000/+00000000000000a-{min}.ltx"),
            &format!("x/0000/{min}-{min}.ltx"),
        ] {
            assert_eq!(text.parse::<FileName>(), Err(NotAFileName), "{text}");
        }
    }
}
