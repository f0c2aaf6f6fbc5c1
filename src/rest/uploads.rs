//! The door for files: from a request's body, block by block, into the object that keeps the upload.

use futures_util::future::join;
use isolite_protocol::directory::DatabaseRecord;
use isolite_protocol::query_string;
use isolite_protocol::rest::{ContentRange, Envelope, FileFormat, RestError, parse_filename};
use md5::{Digest, Md5};
use worker::{Env, Request};

use super::body_js::Blocks;
use super::primary::{Told, told};
use super::{Reply, databases};
use crate::object::call_js::{Address, Message, Object, send};
use crate::platform_js::random_uuid;
use crate::upload::UploadInfo;

/// D1's limit of 5 GB, as R2 counts it.
const FILE_BYTES_MAX: u64 = 5 << 30;
/// Of an object's rows, and below what a call may carry.
const BLOCK_BYTES: u32 = 4 << 20;
/// A write is the same when it is repeated.
const WRITE_ATTEMPTS: u32 = 3;

/// A file that the object has whole.
pub(super) struct File {
    pub filename: String,
    pub bytes: u64,
    pub md5: String,
}

/// One upload of a database.
pub(super) struct Upload<'a> {
    env: &'a Env,
    record: &'a DatabaseRecord,
    filename: &'a str,
    name: String,
}

/// `PUT …/upload/:filename`, whose signature was found to be right. With a `content-range` the body is a
/// part of the file, since the platform bounds a request; the last part is answered as the whole is.
pub(super) async fn put(
    env: &Env,
    request: &Request,
    database: &str,
    filename: &str,
    query: &str,
) -> Result<Reply, RestError> {
    let filename = parse_filename(filename)?;
    let announced = announced(request)?;
    let header = request.headers().get("content-range").unwrap_or_default();
    let range = header.as_deref().map(ContentRange::parse).transpose()?;
    let record = databases::find(env, database).await?;
    let upload = Upload::of(env, &record, &filename);
    let body = Envelope::success("null", None);
    let file = match range {
        None => upload.receive(request, announced).await?,
        Some(range) => {
            // The parts of one URL are of one writer.
            let writer = query_string::raw(query, "signature").unwrap_or_default();
            upload.receive_part(request, writer, &range).await?;
            if !range.is_last() {
                return Ok(Reply::Accepted(body));
            }
            upload.finish_parts(writer, range.total).await?
        }
    };
    Ok(Reply::Etag { body, md5: file.md5 })
}

/// What `content-length` says, if it is not too much.
pub(super) fn announced(request: &Request) -> Result<Option<u64>, RestError> {
    let header = request.headers().get("content-length").unwrap_or_default();
    let announced = header.and_then(|length| length.parse().ok());
    match announced {
        Some(length) if length > FILE_BYTES_MAX => Err(too_large()),
        announced => Ok(announced),
    }
}

impl<'a> Upload<'a> {
    pub(super) fn of(env: &'a Env, record: &'a DatabaseRecord, filename: &'a str) -> Self {
        Upload { env, record, filename, name: format!("{}/{filename}", record.uuid) }
    }

    /// Takes the whole body in.
    pub(super) async fn receive(
        &self,
        request: &Request,
        announced: Option<u64>,
    ) -> Result<File, RestError> {
        let writer = random_uuid().map_err(|error| RestError::Internal(error.to_string()))?;
        let mut md5 = Md5::new();
        let bytes = self.write_body(request, &writer, 0, |block| md5.update(block)).await?;
        if let Some(announced) = announced.filter(|announced| *announced != bytes) {
            return Err(not_whole(bytes, announced));
        }
        self.finish(&writer, bytes, md5).await
    }

    async fn receive_part(
        &self,
        request: &Request,
        writer: &str,
        range: &ContentRange,
    ) -> Result<(), RestError> {
        if range.total > FILE_BYTES_MAX {
            return Err(too_large());
        }
        let end = self.write_body(request, writer, range.first, |_| ()).await?;
        if end == range.end { Ok(()) } else { Err(not_whole(end, range.end)) }
    }

    /// Reads back what came in parts, for its MD5.
    async fn finish_parts(&self, writer: &str, bytes: u64) -> Result<File, RestError> {
        let mut md5 = Md5::new();
        let mut offset = 0;
        while offset < bytes {
            let path = format!("/read?writer={writer}&offset={offset}&count={BLOCK_BYTES}");
            let block = self.call(&path, None).await?.bytes;
            if block.is_empty() {
                return Err(not_whole(offset, bytes));
            }
            md5.update(&block);
            offset += block.len() as u64;
        }
        self.finish(writer, bytes, md5).await
    }

    async fn finish(&self, writer: &str, bytes: u64, md5: Md5) -> Result<File, RestError> {
        let md5: String = md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        self.call(&format!("/finish?writer={writer}&bytes={bytes}&md5={md5}"), None).await?;
        Ok(File { filename: self.filename.to_owned(), bytes, md5 })
    }

    /// Writes a body from `first` on, and tells where it ended. While a block is written the next one
    /// arrives.
    async fn write_body(
        &self,
        request: &Request,
        writer: &str,
        first: u64,
        mut visit: impl FnMut(&[u8]),
    ) -> Result<u64, RestError> {
        let mut blocks = Blocks::of(request, BLOCK_BYTES)?;
        let mut end = first;
        // An empty file is written too.
        let mut block = blocks.next().await?.unwrap_or_default();
        loop {
            let offset = end;
            end += block.len() as u64;
            if end > FILE_BYTES_MAX {
                blocks.cancel();
                self.delete().await?;
                return Err(too_large());
            }
            visit(&block);
            let (written, next) = join(self.write(writer, offset, &block), blocks.next()).await;
            written?;
            match next? {
                Some(next) => block = next,
                None => return Ok(end),
            }
        }
    }

    async fn write(&self, writer: &str, offset: u64, block: &[u8]) -> Result<(), RestError> {
        let path = format!("/write?writer={writer}&offset={offset}");
        let mut attempt = 1;
        loop {
            match self.call(&path, Some(block)).await {
                Err(RestError::Internal(_)) if attempt < WRITE_ATTEMPTS => attempt += 1,
                outcome => return outcome.map(drop),
            }
        }
    }

    /// The file, if there is one that is whole.
    pub(super) async fn file(&self) -> Result<Option<File>, RestError> {
        let told = match self.call("/info", None).await {
            Err(RestError::NotFound(_)) => return Ok(None),
            told => told?,
        };
        let info: UploadInfo = serde_json::from_str(&told.text)
            .map_err(|error| RestError::Internal(error.to_string()))?;
        let filename = self.filename.to_owned();
        Ok(info.md5.map(|md5| File { filename, bytes: info.bytes, md5 }))
    }

    /// By what the file begins with.
    pub(super) async fn format(&self) -> Result<FileFormat, RestError> {
        let told = self.call("/read?offset=0&count=16", None).await?;
        Ok(FileFormat::of_content(&told.bytes))
    }

    pub(super) async fn delete(&self) -> Result<(), RestError> {
        self.call("/delete", None).await.map(drop)
    }

    async fn call(&self, path: &str, bytes: Option<&[u8]>) -> Result<Told, RestError> {
        let object = Object::Upload(Address::beside(self.record, &self.name));
        told(send(self.env, object, Message { path, ltx: bytes, ..Message::default() }).await)
    }
}

fn not_whole(bytes: u64, expected: u64) -> RestError {
    let text = format!("The body did not arrive whole: {bytes} of {expected} bytes");
    RestError::Malformed(text)
}

fn too_large() -> RestError {
    RestError::FileTooLarge { bytes_max: FILE_BYTES_MAX }
}
