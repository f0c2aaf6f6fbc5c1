//! The requests of a pipeline, one after the other on their stream.

use std::rc::Rc;

use isolite_protocol::hrana::proto::{
    Batch, BatchResult, BatchStreamResp, CloseSqlStreamResp, CloseStreamResp, CursorEntry,
    DescribeStreamResp, Error, ExecuteStreamResp, GetAutocommitStreamResp, SequenceStreamResp,
    StepBeginEntry, StepEndEntry, StepErrorEntry, Stmt, StmtResult, StoreSqlStreamResp,
    StreamRequest, StreamResponse, StreamResult,
};
use isolite_protocol::hrana::{
    AloneBody, Baton, BatonError, BatonKey, Encoding, HranaError, PipelineBody, Steps,
    alone_response, pipeline_response,
};
use isolite_protocol::request_log::Outcome;
use isolite_sqlite::{StreamStatement, split};

use super::super::hrana::Asked;
use super::super::{Engine, Primary, Refused};
use super::statements::Runner;
use super::{NoSession, STREAMS_MAX, Session};
use crate::object::call_js::Answer;
use crate::platform_js::random_bytes;

/// Where a request goes on: a stream that is open, or one that begins with it.
pub(super) struct OnStream {
    pub id: Option<u64>,
    pub session: Session,
}

impl Primary {
    /// Answers in the encoding of the request; what is refused is an answer in JSON whatever that is.
    pub(in crate::primary) async fn pipeline(&self, asked: Asked) -> Answer {
        let body = match asked.encoding {
            Encoding::Json => PipelineBody::decode_json(&asked.json),
            Encoding::Protobuf => PipelineBody::decode_protobuf(&asked.protobuf),
        };
        let done = match body {
            Ok(body) => self.engine.pipeline(body, asked.read_only).await,
            Err(error) => Err(error),
        };
        let answer = match done {
            Ok((baton, results)) => {
                let outcome = match asked.encoding {
                    Encoding::Json => String::new(),
                    Encoding::Protobuf => Outcome::of_results(&results).encode(),
                };
                let body = pipeline_response(baton, results, asked.encoding);
                answer(body, asked.encoding, outcome)
            }
            Err(error) => Answer::new(error.status(), error.body()),
        };
        self.after_streams();
        answer
    }

    /// One statement or one batch, as Hrana 1 has it: what fails has a status that says so.
    pub(in crate::primary) async fn alone(&self, asked: Asked) -> Answer {
        let body = AloneBody::decode_json(&asked.json);
        let done = match body {
            Ok(AloneBody(request)) => self.engine.alone(request, asked.read_only).await,
            Err(error) => Err(error),
        };
        let answer = match done {
            Ok(result) => {
                let (body, succeeded) = alone_response(result);
                let text = String::from_utf8(body).unwrap_or_default();
                Answer::new(if succeeded { 200 } else { 400 }, text)
            }
            Err(error) => Answer::new(error.status(), error.body()),
        };
        self.after_streams();
        answer
    }

    pub(in crate::primary) fn after_streams(&self) {
        self.watch_streams();
        self.work_in_background();
    }
}

/// What is logged of a body in protobuf goes beside it.
fn answer(body: Vec<u8>, encoding: Encoding, outcome: String) -> Answer {
    match encoding {
        Encoding::Json => Answer::new(200, String::from_utf8(body).unwrap_or_default()),
        Encoding::Protobuf => Answer { commits: Some(body), ..Answer::new(200, outcome) },
    }
}

impl Engine {
    async fn pipeline(
        self: &Rc<Self>,
        body: PipelineBody,
        read_only: bool,
    ) -> Result<(Option<String>, Vec<StreamResult>), HranaError> {
        let key = self.baton_key_of(&body.requests)?;
        let mut on = self.stream(body.baton.as_deref())?;
        if key.is_some() && on.id.is_none() {
            // Before anything is done, as afterwards there may be no room.
            on.id = Some(self.streams.reserve().ok_or_else(full)?);
        }
        let mut results = Vec::with_capacity(body.requests.len());
        let mut runner = self.runner(&mut on.session, read_only);
        for request in body.requests {
            match runner.request(request).await {
                Ok(response) => results.push(StreamResult::Ok { response }),
                Err(Failed::Here(error)) => results.push(StreamResult::Error { error }),
                Err(Failed::Whole(error)) => {
                    self.close_stream(on);
                    return Err(error);
                }
            }
        }
        match (key, on.id) {
            (Some(key), Some(stream)) => {
                let sequence = self.streams.give(stream, on.session);
                Ok((Some(key.encode(Baton { stream, sequence })), results))
            }
            _ => {
                self.close_stream(on);
                Ok((None, results))
            }
        }
    }

    async fn alone(
        self: &Rc<Self>,
        request: StreamRequest,
        read_only: bool,
    ) -> Result<Result<StreamResponse, Error>, HranaError> {
        let mut on = self.stream(None)?;
        let done = self.runner(&mut on.session, read_only).request(request).await;
        self.close_stream(on);
        match done {
            Ok(response) => Ok(Ok(response)),
            Err(Failed::Here(error)) => Ok(Err(error)),
            Err(Failed::Whole(error)) => Err(error),
        }
    }

    pub(in crate::primary) fn runner<'a>(
        self: &'a Rc<Self>,
        session: &'a mut Session,
        read_only: bool,
    ) -> Runner<'a> {
        let limits = self.settings.as_ref().map(|settings| settings.limits.result_bytes_max);
        Runner { engine: self, session, read_only, bytes_left: limits.unwrap_or(0) }
    }

    pub(super) fn stream(&self, baton: Option<&str>) -> Result<OnStream, HranaError> {
        // A database that is gone, or that cannot be opened, has no streams.
        self.with(|_| Ok(())).map_err(of_refused)?;
        let Some(baton) = baton else {
            return Ok(OnStream { id: None, session: Session::default() });
        };
        let Baton { stream, sequence } = self.baton_key()?.decode(baton)?;
        match self.streams.take(stream, Some(sequence)) {
            Ok(session) => Ok(OnStream { id: Some(stream), session }),
            Err(NoSession::Expired) => Err(HranaError::StreamExpired),
            Err(NoSession::Used) => Err(HranaError::Baton(BatonError::Used)),
        }
    }

    /// The key for the baton of a pipeline whose stream stays open behind it.
    fn baton_key_of(&self, requests: &[StreamRequest]) -> Result<Option<BatonKey>, HranaError> {
        match requests.last() {
            Some(StreamRequest::Close(_)) => Ok(None),
            _ => self.baton_key().map(Some),
        }
    }

    pub(super) fn close_stream(&self, on: OnStream) {
        if let Some(id) = on.id {
            self.streams.close(id);
        }
        on.session.close(self);
    }

    /// The key of this database, made the first time that a stream stays open.
    pub(in crate::primary) fn baton_key(&self) -> Result<BatonKey, HranaError> {
        if let Some(secret) = self.streams.secret.get() {
            return Ok(BatonKey::new(&secret));
        }
        // Nothing is kept of a database that is gone.
        self.with(|_| Ok(())).map_err(of_refused)?;
        let failed = |text: String| HranaError::Unavailable(text);
        let kept = self.storage.baton_secret().map_err(|error| failed(error.to_string()))?;
        let secret = match kept.and_then(|secret| secret.try_into().ok()) {
            Some(secret) => secret,
            None => {
                let secret = random_bytes().map_err(|error| failed(error.to_string()))?;
                let set = self.storage.set_baton_secret(&secret);
                set.map_err(|error| failed(error.to_string()))?;
                secret
            }
        };
        self.streams.secret.set(Some(secret));
        Ok(BatonKey::new(&secret))
    }
}

/// What a batch comes to in a cursor.
pub(in crate::primary) fn entries_of(batch: BatchResult) -> impl Iterator<Item = CursorEntry> {
    let steps = batch.step_results.into_iter().zip(batch.step_errors).enumerate();
    steps.flat_map(|(step, (result, error))| entries_of_step(step as u32, result, error))
}

/// Nothing if it was skipped.
pub(super) fn entries_of_step(
    step: u32,
    result: Option<StmtResult>,
    error: Option<Error>,
) -> Vec<CursorEntry> {
    if let Some(error) = error {
        return vec![CursorEntry::StepError(StepErrorEntry { step, error })];
    }
    let Some(result) = result else { return Vec::new() };
    let begin = CursorEntry::StepBegin(StepBeginEntry { step, cols: result.cols });
    let end = CursorEntry::StepEnd(StepEndEntry {
        affected_row_count: result.affected_row_count,
        last_insert_rowid: result.last_insert_rowid,
    });
    let rows = result.rows.into_iter().map(|row| CursorEntry::Row { row });
    std::iter::once(begin).chain(rows).chain(std::iter::once(end)).collect()
}

/// What an error is of: one request, or the whole.
pub(in crate::primary) enum Failed {
    Here(Error),
    Whole(HranaError),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed::Here(error)
    }
}

impl From<HranaError> for Failed {
    fn from(error: HranaError) -> Self {
        Failed::Whole(error)
    }
}

impl Runner<'_> {
    pub(in crate::primary) async fn request(
        &mut self,
        request: StreamRequest,
    ) -> Result<StreamResponse, Failed> {
        Ok(match request {
            StreamRequest::None => return Err(HranaError::SqlOrId.into()),
            StreamRequest::Close(_) => StreamResponse::Close(CloseStreamResp {}),
            StreamRequest::Execute(request) => {
                let result = self.statement(&request.stmt).await?;
                StreamResponse::Execute(ExecuteStreamResp { result })
            }
            StreamRequest::Batch(request) => {
                let result = self.batch(&request.batch).await?;
                StreamResponse::Batch(BatchStreamResp { result })
            }
            StreamRequest::Sequence(request) => {
                let sql = self.session.stored.text(request.sql.as_deref(), request.sql_id)?;
                self.sequence(&sql).await?;
                StreamResponse::Sequence(SequenceStreamResp {})
            }
            StreamRequest::Describe(request) => {
                let sql = self.session.stored.text(request.sql.as_deref(), request.sql_id)?;
                let result = self.describe(&sql)?;
                StreamResponse::Describe(DescribeStreamResp { result })
            }
            StreamRequest::StoreSql(request) => {
                self.session.stored.store(request.sql_id, &request.sql)?;
                StreamResponse::StoreSql(StoreSqlStreamResp {})
            }
            StreamRequest::CloseSql(request) => {
                self.session.stored.close(request.sql_id);
                StreamResponse::CloseSql(CloseSqlStreamResp {})
            }
            StreamRequest::GetAutocommit(_) => {
                let is_autocommit = self.session.is_autocommit();
                StreamResponse::GetAutocommit(GetAutocommitStreamResp { is_autocommit })
            }
        })
    }

    pub(super) async fn statement(&mut self, stmt: &Stmt) -> Result<StmtResult, Failed> {
        let sql = self.session.stored.text(stmt.sql.as_deref(), stmt.sql_id)?;
        let statement = StreamStatement {
            sql: &sql,
            args: &stmt.args,
            named_args: &stmt.named_args,
            want_rows: stmt.want_rows.unwrap_or(true),
        };
        Ok(self.run(&statement).await?)
    }

    /// Each step whose condition holds, one after the other.
    pub(in crate::primary) async fn batch(
        &mut self,
        batch: &Batch,
    ) -> Result<BatchResult, HranaError> {
        let (mut done, mut ran) = (BatchResult::default(), Vec::new());
        for step in &batch.steps {
            let steps = Steps { ran: &ran, is_autocommit: self.session.is_autocommit() };
            let (result, error) = match steps.let_run(step) {
                false => (None, None),
                true => match self.statement(&step.stmt).await {
                    Ok(result) => (Some(result), None),
                    Err(Failed::Here(error)) => (None, Some(error)),
                    Err(Failed::Whole(error)) => return Err(error),
                },
            };
            ran.push(result.is_some());
            done.step_results.push(result);
            done.step_errors.push(error);
        }
        Ok(done)
    }

    /// Each statement of a text, up to the first that fails.
    async fn sequence(&mut self, sql: &str) -> Result<(), Error> {
        for sql in split(sql) {
            let statement =
                StreamStatement { sql: &sql, args: &[], named_args: &[], want_rows: false };
            self.run(&statement).await?;
        }
        Ok(())
    }
}

pub(super) fn full() -> HranaError {
    HranaError::TooManyStreams { streams_max: STREAMS_MAX }
}

pub(super) fn of_refused(refused: Refused) -> HranaError {
    match refused {
        Refused::Deleted => HranaError::NoSuchDatabase(refused.to_string()),
        refused => HranaError::Unavailable(refused.to_string()),
    }
}
