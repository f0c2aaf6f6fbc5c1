//! Import: a file goes to an upload object, and the primary takes it in from there.

use isolite_protocol::directory::DatabaseRecord;
use isolite_protocol::query_string;
use isolite_protocol::rest::{
    Envelope, FileFormat, Home, ImportAction, Method, NewImport, NewJob, RestError,
};
use serde::Serialize;
use worker::{Env, Request};

use super::signed::Signer;
use super::uploads::{File, Upload, announced};
use super::{Answer, body, databases, jobs};
use crate::platform_js::random_uuid;

#[derive(Serialize)]
struct Initiated<'a> {
    upload_url: &'a str,
    filename: &'a str,
}

/// `POST …/import`, one of the three steps.
pub(super) async fn act(
    env: &Env,
    signer: &Signer,
    database: &str,
    request: &mut Request,
) -> Answer {
    let action = ImportAction::decode(&body(request).await?)?;
    let record = databases::find(env, database).await?;
    match action {
        ImportAction::Init { etag } => initiate(env, signer, &record, &etag).await,
        ImportAction::Ingest { etag, filename } => {
            let upload = Upload::of(env, &record, &filename);
            let Some(file) = upload.file().await? else {
                let text = format!("The file {filename} was not uploaded, or not to its end");
                return Err(RestError::Malformed(text));
            };
            if file.md5 != etag {
                upload.delete().await?;
                let text = format!(
                    "The file that was uploaded has the MD5 {}, not {etag}: upload it anew",
                    file.md5
                );
                return Err(RestError::Malformed(text));
            }
            ingest(env, &record, &upload, &file, None).await
        }
        ImportAction::Poll { job } => progress(env, &record, &job).await,
    }
}

/// `POST …/import?format=`, with the file itself as the body.
pub(super) async fn whole(env: &Env, database: &str, query: &str, request: &Request) -> Answer {
    let format = match query_string::value(query, "format").as_deref() {
        None | Some("" | "auto") => None,
        Some(format) => Some(FileFormat::parse(format)?),
    };
    let announced = announced(request)?;
    let record = databases::find(env, database).await?;
    let filename = random_uuid().map_err(|error| RestError::Internal(error.to_string()))?;
    let upload = Upload::of(env, &record, &filename);
    let file = upload.receive(request, announced).await?;
    ingest(env, &record, &upload, &file, format).await
}

/// A file has one name, by its content. So what is there already, as after an import that was refused
/// while another one ran, need not be sent again: without a URL in the answer the client goes on.
async fn initiate(env: &Env, signer: &Signer, record: &DatabaseRecord, etag: &str) -> Answer {
    let filename = format!("{etag}.import");
    let upload = Upload::of(env, record, &filename);
    if let Some(file) = upload.file().await?.filter(|file| file.md5 == etag) {
        return ingest(env, record, &upload, &file, None).await;
    }
    let upload_url = signer.url(Method::Put, record, &format!("upload/{filename}"), "");
    let initiated = Initiated { upload_url: &upload_url, filename: &filename };
    let result = serde_json::to_string(&initiated);
    let result = result.map_err(|error| RestError::Internal(error.to_string()))?;
    Ok(Envelope::success(&result, None))
}

/// Has the primary begin. `expected` is the format that the client named.
async fn ingest(
    env: &Env,
    record: &DatabaseRecord,
    upload: &Upload<'_>,
    file: &File,
    expected: Option<FileFormat>,
) -> Answer {
    let format = upload.format().await?;
    if let Some(expected) = expected.filter(|expected| *expected != format) {
        upload.delete().await?;
        let (expected, format) = (expected.as_str(), format.as_str());
        let text = format!("The file is {format}, by what it begins with, and not {expected}");
        return Err(RestError::Malformed(text));
    }
    let import = NewJob::Import(NewImport {
        filename: file.filename.clone(),
        etag: file.md5.clone(),
        bytes: file.bytes,
        format,
        database: Home::of(record),
    });
    let job = jobs::start(env, record, &import).await?;
    progress(env, record, &job).await
}

/// wrangler asks again at once: so it is answered when there is something new to tell.
async fn progress(env: &Env, record: &DatabaseRecord, job: &str) -> Answer {
    let job = jobs::wait(env, record, "import", job, jobs::POLL_TIME).await?;
    Ok(Envelope::success(&job.import_answer(), None))
}
