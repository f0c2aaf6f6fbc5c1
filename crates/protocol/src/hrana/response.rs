//! The answer to a pipeline, in either encoding.

use libsql_hrana::proto::{
    BatchStreamResp, ExecuteStreamResp, PipelineRespBody, StreamResponse, StreamResult,
};
use prost::Message;
use serde::Serialize;

use super::{Encoding, proto};

/// The body of the answer. JSON is UTF-8.
pub fn pipeline_response(
    baton: Option<String>,
    results: Vec<StreamResult>,
    encoding: Encoding,
) -> Vec<u8> {
    let body = PipelineRespBody { baton, base_url: None, results };
    match encoding {
        // Texts and numbers have no way to fail; what is no number becomes null.
        Encoding::Json => serde_json::to_vec(&body).unwrap_or_default(),
        Encoding::Protobuf => body.encode_to_vec(),
    }
}

/// The body of an answer to one request alone, and whether it has succeeded.
pub fn alone_response(result: Result<StreamResponse, proto::Error>) -> (Vec<u8>, bool) {
    #[derive(Serialize)]
    struct Body<T> {
        result: T,
    }
    let text = |body: serde_json::Result<Vec<u8>>| body.unwrap_or_default();
    match result {
        Ok(StreamResponse::Execute(ExecuteStreamResp { result })) => {
            (text(serde_json::to_vec(&Body { result })), true)
        }
        Ok(StreamResponse::Batch(BatchStreamResp { result })) => {
            (text(serde_json::to_vec(&Body { result })), true)
        }
        Ok(other) => (text(serde_json::to_vec(&other)), true),
        Err(error) => (text(serde_json::to_vec(&error)), false),
    }
}

#[cfg(test)]
mod tests {
    use libsql_hrana::proto::{CloseStreamResp, Col, Row, StmtResult, Value};

    use super::*;

    #[test]
    fn as_clients_read_it() {
        let result = StmtResult {
            cols: vec![Col { name: Some("a".into()), decltype: None }],
            rows: vec![Row {
                values: vec![
                    Value::Null,
                    Value::Integer { value: i64::MIN },
                    Value::Float { value: f64::INFINITY },
                    Value::Text { value: "é".into() },
                    Value::Blob { value: vec![0, 255].into() },
                ],
            }],
            affected_row_count: 1,
            last_insert_rowid: Some(i64::MAX),
            replication_index: Some(3),
            rows_read: 1,
            rows_written: 2,
            query_duration_ms: 0.5,
        };
        let execute = StreamResponse::Execute(ExecuteStreamResp { result });
        let close = StreamResponse::Close(CloseStreamResp {});
        let results = [execute, close].map(|response| StreamResult::Ok { response });
        let body = pipeline_response(None, results.into(), Encoding::Json);
        assert_eq!(
            String::from_utf8(body).unwrap(),
            concat!(
                r#"{"baton":null,"base_url":null,"results":[{"type":"ok","response":{"type":"execute","#,
                r#""result":{"cols":[{"name":"a","decltype":null}],"rows":[[{"type":"null"},"#,
                r#"{"type":"integer","value":"-9223372036854775808"},{"type":"float","value":null},"#,
                r#"{"type":"text","value":"é"},{"type":"blob","base64":"AP8"}]],"#,
                r#""affected_row_count":1,"last_insert_rowid":"9223372036854775807","#,
                r#""replication_index":"3","rows_read":1,"rows_written":2,"query_duration_ms":0.5}}},"#,
                r#"{"type":"ok","response":{"type":"close"}}]}"#
            )
        );
    }
}
