//! The bodies of requests, in either encoding.

use libsql_hrana::proto::{
    Batch, BatchStreamReq, CursorReqBody, ExecuteStreamReq, PipelineReqBody, Stmt, StreamRequest,
};
use prost::Message;
use serde::Deserialize;

use super::{HranaError, check_conditions, json, members};

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Json,
    Protobuf,
}

/// Of `…/pipeline`: requests on one stream.
pub struct PipelineBody {
    pub baton: Option<String>,
    pub requests: Vec<StreamRequest>,
}

/// Of `/v1/execute` or `/v1/batch`: one request on a stream of its own.
pub struct AloneBody(pub StreamRequest);

/// Of `…/cursor`: a batch whose rows come as they are read.
pub struct CursorBody(pub CursorReqBody);

impl PipelineBody {
    pub fn decode_json(text: &str) -> Result<Self, HranaError> {
        Self::checked(json::decode(text)?)
    }

    pub fn decode_protobuf(bytes: &[u8]) -> Result<Self, HranaError> {
        members::check_protobuf(bytes, &members::PIPELINE)?;
        Self::checked(PipelineReqBody::decode(bytes).map_err(no_protobuf)?)
    }

    fn checked(body: PipelineReqBody) -> Result<Self, HranaError> {
        let PipelineReqBody { baton, requests } = body;
        for (at, request) in requests.iter().enumerate() {
            match request {
                StreamRequest::None => return Err(of_no_type()),
                StreamRequest::Close(_) if at + 1 < requests.len() => {
                    return Err(HranaError::StreamClosed);
                }
                StreamRequest::Batch(request) => check_conditions(&request.batch)?,
                _ => {}
            }
        }
        Ok(PipelineBody { baton, requests })
    }
}

impl AloneBody {
    pub fn decode_json(text: &str) -> Result<Self, HranaError> {
        #[derive(Deserialize)]
        struct Body {
            stmt: Option<Stmt>,
            batch: Option<Batch>,
        }
        match json::decode(text)? {
            Body { stmt: Some(stmt), batch: None } => {
                Ok(AloneBody(StreamRequest::Execute(ExecuteStreamReq { stmt })))
            }
            Body { stmt: None, batch: Some(batch) } => {
                check_conditions(&batch)?;
                Ok(AloneBody(StreamRequest::Batch(BatchStreamReq { batch })))
            }
            _ => Err(HranaError::Malformed("The body has one of stmt and batch".to_owned())),
        }
    }
}

impl CursorBody {
    pub fn decode_json(text: &str) -> Result<Self, HranaError> {
        Self::checked(json::decode(text)?)
    }

    pub fn decode_protobuf(bytes: &[u8]) -> Result<Self, HranaError> {
        members::check_protobuf(bytes, &members::CURSOR)?;
        Self::checked(CursorReqBody::decode(bytes).map_err(no_protobuf)?)
    }

    fn checked(body: CursorReqBody) -> Result<Self, HranaError> {
        check_conditions(&body.batch)?;
        Ok(CursorBody(body))
    }
}

fn no_protobuf(error: prost::DecodeError) -> HranaError {
    HranaError::Malformed(format!("The body is not what Hrana has here: {error}"))
}

fn of_no_type() -> HranaError {
    HranaError::Malformed("A request of the pipeline is of no known type".to_owned())
}

#[cfg(test)]
mod tests {
    use libsql_hrana::proto::{Stmt, Value};

    use super::*;

    fn first(json: &str) -> Stmt {
        let body =
            PipelineBody::decode_json(json).unwrap_or_else(|error| panic!("{json}: {error}"));
        match body.requests.into_iter().next() {
            Some(StreamRequest::Execute(request)) => request.stmt,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn null_is_as_good_as_missing() {
        let stmt = first(
            r#"{"baton":null,"requests":[{"type":"execute","stmt":{"sql":"a","sql_id":null,
            "args":null,"named_args":null,"want_rows":null,"replication_index":null}}]}"#,
        );
        assert_eq!((stmt.sql.as_deref(), stmt.sql_id, stmt.want_rows), (Some("a"), None, None));
        assert!(stmt.args.is_empty() && stmt.named_args.is_empty());
    }

    #[test]
    fn values_as_clients_write_them() {
        let stmt = first(
            r#"{"requests":[{"type":"execute","stmt":{"sql":"a","args":[
            {"type":"null"},{"type":"integer","value":"-9223372036854775808"},
            {"type":"integer","value":7},{"type":"float","value":1},{"type":"float","value":null},
            {"type":"text","value":"\ud800 null"},{"type":"blob","base64":"AP\/\/+w=="},
            {"type":"blob","base64":"AP//+w"},{"type":"null","value":null}]}}]}"#,
        );
        let expected = [
            "Null",
            "Integer { value: -9223372036854775808 }",
            "Integer { value: 7 }",
            "Float { value: 1.0 }",
            "Null",
            "Text { value: \"\u{fffd} null\" }",
            "Blob { value: b\"\\0\\xff\\xff\\xfb\" }",
            "Blob { value: b\"\\0\\xff\\xff\\xfb\" }",
            "Null",
        ];
        let told: Vec<String> =
            stmt.args.iter().map(|value: &Value| format!("{value:?}")).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn one_alone() {
        let decoded = AloneBody::decode_json(r#"{"stmt":{"sql":"a","args":null}}"#);
        assert!(matches!(decoded, Ok(AloneBody(StreamRequest::Execute(_)))));
        let decoded = AloneBody::decode_json(r#"{"batch":{"steps":[]}}"#);
        assert!(matches!(decoded, Ok(AloneBody(StreamRequest::Batch(_)))));
        for json in ["{}", "[]", r#"{"stmt":{"sql":"a"},"batch":{"steps":[]}}"#, r#"{"stmt":1}"#] {
            assert!(AloneBody::decode_json(json).is_err(), "{json}");
        }
    }

    #[test]
    fn what_strangers_send() {
        let deep = format!(r#"{{"requests":{}"#, "[".repeat(100_000));
        let deep_condition = format!(
            r#"{{"requests":[{{"type":"batch","batch":{{"steps":[{{"stmt":{{"sql":"a"}},
            "condition":{}{{"type":"is_autocommit"}}{}}}]}}}}]}}"#,
            r#"{"type":"not","cond":"#.repeat(110),
            "}".repeat(110),
        );
        for json in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"requests":{}}"#,
            r#"{"requests":[{"type":"nonsense"}]}"#,
            r#"{"requests":[{"type":"execute"}]}"#,
            r#"{"requests":[{"type":"close"},{"type":"get_autocommit"}]}"#,
            r#"{"requests":[{"type":"close"},{"type":"close"}]}"#,
            r#"{"requests":[{"type":"execute","stmt":{"sql":1}}]}"#,
            r#"{"requests":[{"type":"execute","stmt":{"sql":"a","args":[{"type":"integer","value":"x"}]}}]}"#,
            r#"{"requests":[{"type":"execute","stmt":{"sql":"a","args":[{"type":"blob","base64":"?"}]}}]}"#,
            r#"{"requests":[{"type":"batch","batch":{"steps":[{"stmt":{"sql":"a"},"condition":{"type":"ok","step":0}}]}}]}"#,
            &deep,
            &deep_condition,
        ] {
            assert!(PipelineBody::decode_json(json).is_err(), "{json:.80}");
        }
        for bytes in [
            &b"\x12"[..],
            b"\x12\x02\x0a",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x12\x00",
        ] {
            assert!(PipelineBody::decode_protobuf(bytes).is_err(), "{bytes:?}");
        }
        assert!(PipelineBody::decode_protobuf(b"").is_ok_and(|body| body.requests.is_empty()));
    }
}
