//! A batch that gives each text once: `{"sql": ["INSERT …"], "queries": [[0, [1, "a"]], …]}`.
//!
//! A batch is mostly one statement with other values, and its text would be most of the bytes.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::{Query, RequestError, Value};

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CompactBatch {
    sql: Vec<Arc<str>>,
    /// The index of a text, and what is bound to it.
    queries: Vec<(usize, Vec<Value>)>,
}

impl CompactBatch {
    pub fn new(queries: Vec<Query>) -> CompactBatch {
        let mut batch = CompactBatch::default();
        let mut known: HashMap<Arc<str>, usize> = HashMap::new();
        for Query { sql, params } in queries {
            let next = batch.sql.len();
            let index = *known.entry(sql).or_insert_with_key(|sql| {
                batch.sql.push(Arc::clone(sql));
                next
            });
            batch.queries.push((index, params));
        }
        batch
    }

    pub(super) fn new_decoded(sql: Vec<Arc<str>>, queries: Vec<(usize, Vec<Value>)>) -> Self {
        CompactBatch { sql, queries }
    }

    pub(super) fn into_queries(self) -> Result<Vec<Query>, RequestError> {
        let CompactBatch { sql, queries } = self;
        let query = |(index, params): (usize, Vec<Value>)| match sql.get(index) {
            Some(sql) => Ok(Query { sql: Arc::clone(sql), params }),
            None => Err(RequestError::Shape(format!("there is no text {index} in `sql`"))),
        };
        queries.into_iter().map(query).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;

    #[test]
    fn a_text_is_written_once_and_shared_when_it_is_read() {
        let queries = vec![
            Query::new("a", vec![Value::Integer(1)]),
            Query::new("b", vec![]),
            Query::new("a", vec![Value::Null]),
        ];
        let text = serde_json::to_string(&CompactBatch::new(queries.clone())).unwrap();
        assert_eq!(text, r#"{"sql":["a","b"],"queries":[[0,[1]],[1,[]],[0,[null]]]}"#);
        let Request::Batch(read) = Request::decode(&text).unwrap() else { panic!("not a batch") };
        assert_eq!(read, queries);
        assert!(Arc::ptr_eq(&read[0].sql, &read[2].sql));
    }

    #[test]
    fn what_strangers_send() {
        for text in [
            r#"{"sql":[],"queries":[[0,[]]]}"#,
            r#"{"sql":["a"],"queries":[[1,[]]]}"#,
            r#"{"sql":["a"],"queries":[[-1,[]]]}"#,
            r#"{"sql":["a"],"queries":[[0]]}"#,
            r#"{"sql":["a"],"queries":[[0,[{}]]]}"#,
            r#"{"sql":["a"],"queries":0}"#,
            r#"{"sql":["a"]}"#,
            r#"{"queries":[]}"#,
            r#"{"sql":"a","queries":[]}"#,
        ] {
            assert!(matches!(Request::decode(text), Err(RequestError::Shape(_))), "{text}");
        }
    }
}
