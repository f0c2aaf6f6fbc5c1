//! Hrana over a WebSocket: what either side says, in JSON. Requests carry a number, and may be answered in
//! another order; those of one stream are answered in theirs.

use libsql_hrana::proto::{
    Batch, BatchStreamReq, DescribeStreamReq, Error, ExecuteStreamReq, GetAutocommitStreamReq,
    SequenceStreamReq, Stmt, StreamRequest, StreamResponse,
};
use serde::{Deserialize, Serialize};

use super::cursor::Entries;
use super::{HranaError, check_conditions, json, proto};

/// The subprotocols that are spoken, the best first. A client that offers none speaks the last.
pub const SUBPROTOCOLS: [&str; 3] = ["hrana3", "hrana2", "hrana1"];

/// What a client says.
#[derive(Debug)]
pub enum ClientMessage {
    /// It has to come first, and may come again with another token.
    Hello {
        jwt: Option<String>,
    },
    Request {
        request_id: i32,
        request: SocketRequest,
    },
}

#[derive(Debug)]
pub enum SocketRequest {
    OpenStream {
        stream_id: i32,
    },
    CloseStream {
        stream_id: i32,
    },
    /// What a stream is asked in a pipeline as well.
    OnStream {
        stream_id: i32,
        request: StreamRequest,
    },
    OpenCursor {
        stream_id: i32,
        cursor_id: i32,
        batch: Batch,
    },
    FetchCursor {
        cursor_id: i32,
        max_count: u32,
    },
    CloseCursor {
        cursor_id: i32,
    },
    StoreSql {
        sql_id: i32,
        sql: String,
    },
    CloseSql {
        sql_id: i32,
    },
}

/// As it is written. `libsql-hrana` has no types for these.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    Hello {
        #[serde(default)]
        jwt: Option<String>,
    },
    Request {
        request_id: i32,
        request: Request,
    },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Request {
    OpenStream { stream_id: i32 },
    CloseStream { stream_id: i32 },
    Execute { stream_id: i32, stmt: Stmt },
    Batch { stream_id: i32, batch: Batch },
    OpenCursor { stream_id: i32, cursor_id: i32, batch: Batch },
    FetchCursor { cursor_id: i32, max_count: u32 },
    CloseCursor { cursor_id: i32 },
    Sequence { stream_id: i32, sql: Option<String>, sql_id: Option<i32> },
    Describe { stream_id: i32, sql: Option<String>, sql_id: Option<i32> },
    StoreSql { sql_id: i32, sql: String },
    CloseSql { sql_id: i32 },
    GetAutocommit { stream_id: i32 },
}

/// What the server says.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<'a> {
    HelloOk {},
    HelloError { error: Error },
    ResponseOk { request_id: i32, response: SocketResponse<'a> },
    ResponseError { request_id: i32, error: Error },
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum SocketResponse<'a> {
    OnStream(&'a StreamResponse),
    Other(OtherResponse<'a>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OtherResponse<'a> {
    OpenStream {},
    CloseStream {},
    OpenCursor {},
    FetchCursor { entries: Entries<'a>, done: bool },
    CloseCursor {},
    StoreSql {},
    CloseSql {},
}

impl ClientMessage {
    pub fn decode(text: &str) -> Result<Self, HranaError> {
        Ok(match json::decode(text)? {
            Message::Hello { jwt } => ClientMessage::Hello { jwt },
            Message::Request { request_id, request } => {
                ClientMessage::Request { request_id, request: request.checked()? }
            }
        })
    }
}

impl Request {
    fn checked(self) -> Result<SocketRequest, HranaError> {
        let on = |stream_id, request| SocketRequest::OnStream { stream_id, request };
        Ok(match self {
            Request::OpenStream { stream_id } => SocketRequest::OpenStream { stream_id },
            Request::CloseStream { stream_id } => SocketRequest::CloseStream { stream_id },
            Request::Execute { stream_id, stmt } => {
                on(stream_id, StreamRequest::Execute(ExecuteStreamReq { stmt }))
            }
            Request::Batch { stream_id, batch } => {
                check_conditions(&batch)?;
                on(stream_id, StreamRequest::Batch(BatchStreamReq { batch }))
            }
            Request::OpenCursor { stream_id, cursor_id, batch } => {
                check_conditions(&batch)?;
                SocketRequest::OpenCursor { stream_id, cursor_id, batch }
            }
            Request::FetchCursor { cursor_id, max_count } => {
                SocketRequest::FetchCursor { cursor_id, max_count }
            }
            Request::CloseCursor { cursor_id } => SocketRequest::CloseCursor { cursor_id },
            Request::Sequence { stream_id, sql, sql_id } => {
                let request = SequenceStreamReq { sql, sql_id, replication_index: None };
                on(stream_id, StreamRequest::Sequence(request))
            }
            Request::Describe { stream_id, sql, sql_id } => {
                let request = DescribeStreamReq { sql, sql_id, replication_index: None };
                on(stream_id, StreamRequest::Describe(request))
            }
            Request::StoreSql { sql_id, sql } => SocketRequest::StoreSql { sql_id, sql },
            Request::CloseSql { sql_id } => SocketRequest::CloseSql { sql_id },
            Request::GetAutocommit { stream_id } => {
                on(stream_id, StreamRequest::GetAutocommit(GetAutocommitStreamReq {}))
            }
        })
    }
}

impl ServerMessage<'_> {
    pub fn encode(&self) -> String {
        // Texts and numbers have no way to fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl HranaError {
    /// The same as the error of one request.
    pub fn to_proto(&self) -> proto::Error {
        proto::Error { message: self.to_string(), code: self.code().to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_say() {
        let hello = ClientMessage::decode(r#"{"type":"hello","jwt":null}"#).unwrap();
        assert!(matches!(hello, ClientMessage::Hello { jwt: None }));
        let text = r#"{"type":"request","request_id":3,"request":{"type":"execute","stream_id":1,
            "stmt":{"sql":"SELECT ?","sql_id":null,"args":[{"type":"float","value":null}]}}}"#;
        match ClientMessage::decode(text).unwrap() {
            ClientMessage::Request {
                request_id: 3,
                request:
                    SocketRequest::OnStream { stream_id: 1, request: StreamRequest::Execute(_) },
            } => {}
            other => panic!("{other:?}"),
        }
        for text in [
            "",
            "{}",
            r#"{"type":"nonsense"}"#,
            r#"{"type":"request","request_id":1}"#,
            r#"{"type":"request","request_id":1,"request":{"type":"execute","stream_id":1}}"#,
            r#"{"type":"request","request_id":1,"request":{"type":"batch","stream_id":1,
                "batch":{"steps":[{"stmt":{"sql":"a"},"condition":{"type":"ok","step":0}}]}}}"#,
        ] {
            assert!(ClientMessage::decode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_the_server_says() {
        assert_eq!(ServerMessage::HelloOk {}.encode(), r#"{"type":"hello_ok"}"#);
        let response = SocketResponse::Other(OtherResponse::OpenStream {});
        assert_eq!(
            ServerMessage::ResponseOk { request_id: 1, response }.encode(),
            r#"{"type":"response_ok","request_id":1,"response":{"type":"open_stream"}}"#
        );
        let response = StreamResponse::Close(Default::default());
        let response = SocketResponse::OnStream(&response);
        assert_eq!(
            ServerMessage::ResponseOk { request_id: 1, response }.encode(),
            r#"{"type":"response_ok","request_id":1,"response":{"type":"close"}}"#
        );
    }
}
