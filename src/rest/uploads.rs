//! The door for files: from a request's body, block by block, into the object that keeps the upload.

use futures_util::future::join;
use isolite_protocol::directory::DatabaseRecord;
use isolite_protocol::rest::{Envelope, FileFormat, RestError, parse_filename};
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

/// `PUT …/upload/:filename`, whose signature was found to be right.
pub(super) async fn put(
    env: &Env,
    request: &Request,
    database: &str,
    filename: &str,
) -> Result<Reply, RestError> {
    let filename = parse_filename(filename)?;
    let announced = announced(request)?;
    let record = databases::find(env, database).await?;
    let file = Upload::of(env, &record, &filename).receive(request, announced).await?;
    Ok(Reply::Etag { body: Envelope::success("null", None), md5: file.md5 })
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

    /// Takes the whole body in. While a block is written the next one arrives.
    pub(super) async fn receive(
        &self,
        request: &Request,
        announced: Option<u64>,
    ) -> Result<File, RestError> {
        let writer = random_uuid().map_err(|error| RestError::Internal(error.to_string()))?;
        let mut blocks = Blocks::of(request, BLOCK_BYTES)?;
        let mut md5 = Md5::new();
        let mut bytes = 0;
        // An empty file is written too.
        let mut block = blocks.next().await?.unwrap_or_default();
        loop {
            let offset = bytes;
            bytes += block.len() as u64;
            if bytes > FILE_BYTES_MAX {
                blocks.cancel();
                self.delete().await?;
                return Err(too_large());
            }
            md5.update(&block);
            let (written, next) = join(self.write(&writer, offset, &block), blocks.next()).await;
            written?;
            match next? {
                Some(next) => block = next,
                None => break,
            }
        }
        if let Some(announced) = announced.filter(|announced| *announced != bytes) {
            let text = format!("The body did not arrive whole: {bytes} of {announced} bytes");
            return Err(RestError::Malformed(text));
        }
        let md5: String = md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        self.call(&format!("/finish?writer={writer}&bytes={bytes}&md5={md5}"), None).await?;
        Ok(File { filename: self.filename.to_owned(), bytes, md5 })
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

fn too_large() -> RestError {
    RestError::FileTooLarge { bytes_max: FILE_BYTES_MAX }
}
