//! An upload: the Durable Object that keeps one file until a primary has taken it in.
//!
//! It is named `<database id>/<filename>`, near to that database's primary and within its border. The
//! file lies in rows of 1 MiB, and everything goes 24 hours after the last write: what nobody takes
//! in leaves nothing behind.
//!
//! Invariants:
//! - a file has no gaps: what is written begins where it ends, or before;
//! - a file is of one writer: who begins anew ends the one before;
//! - only a file that its writer has finished can be read by others;
//! - as long as there is a table, an alarm is set.

use std::time::Duration;

use isolite_core::StorageError;
use isolite_protocol::{Failure, query_string};
use js_sys::{Array, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use worker::{DurableObject, Env, Request, Response, Result, State, console_error, durable_object};

use crate::object::call_js::Answer;
use crate::object::sql_js::{Bound, Row, Storage};
use crate::target::Target;

/// Below the platform's 2 MB a row.
const CHUNK_BYTES: u64 = 1 << 20;
/// Below the platform's 32 MiB a call.
const CALL_BYTES_MAX: u64 = 8 << 20;
const KEPT: Duration = Duration::from_secs(24 * 3_600);

const SCHEMA: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS upload (
        only INTEGER PRIMARY KEY CHECK (only = 0),
        writer BLOB NOT NULL,
        bytes INTEGER NOT NULL,
        md5 BLOB -- of a file that is whole
    )",
    "CREATE TABLE IF NOT EXISTS chunk (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL)",
];

#[durable_object(alarm)]
pub struct IsoliteUpload {
    /// None in the one instance that stands for its class.
    upload: Option<Upload>,
}

struct Upload {
    state: State,
    storage: Storage,
}

/// `/info`, and the text of `/read`.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct UploadInfo {
    pub bytes: u64,
    /// In hex; none of a file that is not whole.
    pub md5: Option<String>,
}

struct File {
    writer: Vec<u8>,
    bytes: u64,
    md5: Vec<u8>,
}

/// Why nothing was done.
enum Refused {
    NoSuchPath,
    Missing,
    Malformed(&'static str),
    /// What was asked for does not fit to what is there.
    Conflict(String),
    Storage(StorageError),
}

type Outcome<T> = std::result::Result<T, Refused>;

impl DurableObject for IsoliteUpload {
    fn new(state: State, _env: Env) -> Self {
        let storage = Storage::of(&state);
        Self { upload: Some(Upload { state, storage }) }
    }

    /// Nobody calls it: only RPC is spoken between our objects.
    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::error("An upload is called by RPC", 404)
    }

    async fn alarm(&self) -> Result<Response> {
        if let Some(upload) = &self.upload {
            upload.state.storage().delete_all().await?;
        }
        Response::empty()
    }
}

#[wasm_bindgen]
impl IsoliteUpload {
    /// Resolves with `[text, status, bookmark, commits]`, see [`crate::object::call_js`]: `ltx` are
    /// the bytes to write, `commits` those that were read.
    pub async fn call(
        &self,
        path: JsValue,
        _body: JsValue,
        _session: JsValue,
        _have: JsValue,
        ltx: JsValue,
    ) -> std::result::Result<Array, JsValue> {
        let target = Target::of_path(&path.as_string().unwrap_or_default());
        let bytes = ltx.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default();
        let answer = match &self.upload {
            Some(upload) => upload.answer(&target, &bytes).await?,
            None => refuse(&Refused::NoSuchPath),
        };
        Ok(answer.encode())
    }
}

impl IsoliteUpload {
    /// An instance without an object, from which its class is found.
    pub(crate) fn blank() -> Self {
        Self { upload: None }
    }
}

impl Upload {
    async fn answer(&self, target: &Target, bytes: &[u8]) -> Result<Answer> {
        let query = target.query();
        let answer = match target.path() {
            "/write" => self.write(query, bytes).await?,
            "/finish" => self.finish(query),
            "/info" => self.file().map(|file| Answer::new(200, file.info())),
            "/read" => self.read(query),
            "/delete" => {
                self.state.storage().delete_alarm().await?;
                self.state.storage().delete_all().await?;
                Ok(Answer::new(200, "{}"))
            }
            _ => Err(Refused::NoSuchPath),
        };
        Ok(answer.unwrap_or_else(|refused| refuse(&refused)))
    }

    /// Writes at an offset, and lets go of what lay behind: a write that is repeated changes nothing.
    async fn write(&self, query: &str, bytes: &[u8]) -> Result<Outcome<Answer>> {
        let written = self.write_now(query, bytes);
        if written.is_ok() {
            // No await stands before this call, so both are in one write.
            self.state.storage().set_alarm(KEPT).await?;
        }
        Ok(written)
    }

    fn write_now(&self, query: &str, bytes: &[u8]) -> Outcome<Answer> {
        let (offset, writer) = (number(query, "offset")?, writer(query)?);
        let count = bytes.len() as u64;
        if !offset.is_multiple_of(CHUNK_BYTES) || count > CALL_BYTES_MAX {
            return Err(Refused::Malformed("offset: a multiple of 1 MiB, and up to 8 MiB at once"));
        }
        if offset > 0 {
            let file = self.file_of(&writer)?;
            if offset > file.bytes {
                let text = format!("A gap: the file ends at {}, not at {offset}", file.bytes);
                return Err(Refused::Conflict(text));
            }
        }
        self.storage.atomically(|| {
            for table in SCHEMA {
                self.storage.run(table, &[])?;
            }
            let first = offset / CHUNK_BYTES;
            let behind = "DELETE FROM chunk WHERE number >= ?";
            self.storage.run(behind, &[Bound::Number(first)])?;
            for (number, chunk) in (first..).zip(bytes.chunks(CHUNK_BYTES as usize)) {
                let insert = "INSERT INTO chunk VALUES (?, ?)";
                self.storage.run(insert, &[Bound::Number(number), Bound::Bytes(chunk)])?;
            }
            let file = "INSERT OR REPLACE INTO upload VALUES (0, ?, ?, NULL)";
            self.storage.run(file, &[Bound::Bytes(&writer), Bound::Number(offset + count)])
        })?;
        Ok(Answer::new(200, "{}"))
    }

    fn finish(&self, query: &str) -> Outcome<Answer> {
        let (bytes, writer) = (number(query, "bytes")?, writer(query)?);
        let md5 = query_string::raw(query, "md5").unwrap_or_default();
        let digits = md5.len() == 32 && md5.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !digits {
            return Err(Refused::Malformed("md5: 32 hex digits"));
        }
        let file = self.file_of(&writer)?;
        if file.bytes != bytes {
            let text = format!("The file has {} bytes, not {bytes}", file.bytes);
            return Err(Refused::Conflict(text));
        }
        let finish = "UPDATE upload SET md5 = ?";
        self.storage.run(finish, &[Bound::Bytes(md5.as_bytes())])?;
        Ok(Answer::new(200, "{}"))
    }

    fn read(&self, query: &str) -> Outcome<Answer> {
        let (offset, count) = (number(query, "offset")?, number(query, "count")?);
        // Who writes may look at it before it is whole.
        let file = match writer(query) {
            Ok(writer) => self.file_of(&writer)?,
            Err(_) => self.file()?,
        };
        if file.md5.is_empty() && query_string::raw(query, "writer").is_none() {
            return Err(Refused::Conflict("The file is not whole".to_owned()));
        }
        let end = offset.saturating_add(count.min(CALL_BYTES_MAX)).min(file.bytes);
        let begin = offset.min(end);
        let mut bytes: Vec<u8> = Vec::with_capacity((end - begin) as usize);
        let chunks = [Bound::Number(begin / CHUNK_BYTES), Bound::Number(end.div_ceil(CHUNK_BYTES))];
        let select =
            "SELECT number, bytes FROM chunk WHERE number >= ? AND number < ? ORDER BY number";
        self.storage.query::<StorageError>(select, &chunks, |row: Row| {
            let (first, chunk) = (row.number(0) * CHUNK_BYTES, row.bytes(1));
            let within = |at: u64| (at.saturating_sub(first) as usize).min(chunk.len());
            bytes.extend_from_slice(chunk.get(within(begin)..within(end)).unwrap_or_default());
            Ok(())
        })?;
        if bytes.len() as u64 != end - begin {
            return Err(StorageError("The file is shorter than was written".to_owned()).into());
        }
        Ok(Answer { commits: Some(bytes), ..Answer::new(200, file.info()) })
    }

    /// The file of that writer, unless another one has begun since.
    fn file_of(&self, writer: &[u8]) -> Outcome<File> {
        let file = self.file()?;
        if file.writer != writer {
            return Err(Refused::Conflict("Another upload of this file has begun".to_owned()));
        }
        Ok(file)
    }

    /// Looks whether there is a table first: a question leaves nothing that has to be deleted.
    fn file(&self) -> Outcome<File> {
        let mut file = None;
        let mut begun = false;
        let tables = "SELECT 1 FROM sqlite_schema WHERE name = 'upload'";
        self.storage.query::<StorageError>(tables, &[], |_| {
            begun = true;
            Ok(())
        })?;
        if begun {
            let select = "SELECT writer, bytes, md5 FROM upload";
            self.storage.query::<StorageError>(select, &[], |row: Row| {
                let (writer, md5) = (row.bytes(0), row.bytes(2));
                file = Some(File { writer, bytes: row.number(1), md5 });
                Ok(())
            })?;
        }
        file.ok_or(Refused::Missing)
    }
}

impl File {
    fn info(&self) -> String {
        let md5 = String::from_utf8(self.md5.clone()).ok().filter(|md5| !md5.is_empty());
        let info = UploadInfo { bytes: self.bytes, md5 };
        serde_json::to_string(&info).unwrap_or_default()
    }
}

impl From<StorageError> for Refused {
    fn from(error: StorageError) -> Self {
        Refused::Storage(error)
    }
}

fn number(query: &str, name: &'static str) -> Outcome<u64> {
    let number = query_string::raw(query, name).and_then(|text| text.parse().ok());
    // What SQLite's numbers, as JavaScript has them, can tell apart.
    number.filter(|number| *number < 1 << 53).ok_or(Refused::Malformed(name))
}

fn writer(query: &str) -> Outcome<Vec<u8>> {
    let writer = query_string::raw(query, "writer").filter(|writer| !writer.is_empty());
    writer.map(|writer| writer.as_bytes().to_vec()).ok_or(Refused::Malformed("writer"))
}

fn refuse(refused: &Refused) -> Answer {
    let (status, text) = match refused {
        Refused::NoSuchPath => (404, "No such path"),
        Refused::Missing => (404, "There is no such upload"),
        Refused::Malformed(text) => (400, *text),
        Refused::Conflict(text) => (409, text.as_str()),
        Refused::Storage(error) => {
            console_error!("An upload failed: {}", error.0);
            (500, error.0.as_str())
        }
    };
    Answer::new(status, Failure::new(text).encode())
}
