//! The body of `/query` and `/execute`: one query, or an array of them, which is a batch and one
//! transaction; or a batch in its compact form. The answer has the shape of the body, so the two are
//! kept apart.

use std::fmt;
use std::sync::Arc;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CompactBatch, Query, RequestError, Value, surrogates};

#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    One(Query),
    Batch(Vec<Query>),
}

impl Request {
    pub fn decode(body: &str) -> Result<Self, RequestError> {
        match serde_json::from_str(body).map_err(RequestError::from) {
            Err(RequestError::Syntax(text)) => match surrogates::replaced(body) {
                Some(body) => serde_json::from_str(&body).map_err(RequestError::from),
                None => Err(RequestError::Syntax(text)),
            },
            decoded => decoded,
        }
    }

    pub fn encode(&self) -> Result<String, RequestError> {
        serde_json::to_string(self).map_err(RequestError::from)
    }

    /// The queries in order, whichever shape they came in.
    pub fn queries(&self) -> &[Query] {
        match self {
            Request::One(query) => std::slice::from_ref(query),
            Request::Batch(queries) => queries,
        }
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RequestVisitor)
    }
}

struct RequestVisitor;

impl<'de> Visitor<'de> for RequestVisitor {
    type Value = Request;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a query {sql, params} or an array of queries")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Request, A::Error> {
        match Object::deserialize(MapAccessDeserializer::new(entries))? {
            Object { sql: Sql::One(sql), params, queries: None } => {
                Ok(Request::One(Query { sql, params: params.unwrap_or_default() }))
            }
            Object { sql: Sql::Many(sql), queries: Some(queries), .. } => {
                let queries = CompactBatch::new_decoded(sql, queries).into_queries();
                queries.map(Request::Batch).map_err(A::Error::custom)
            }
            Object { sql: Sql::Many(_), queries: None, .. } => {
                Err(A::Error::missing_field("queries"))
            }
            Object { sql: Sql::One(_), queries: Some(_), .. } => {
                Err(A::Error::custom("`queries` wants `sql` to be an array of texts"))
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Request, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(elements)).map(Request::Batch)
    }
}

/// Either form that is an object, told apart by what `sql` is.
#[derive(Deserialize)]
struct Object {
    sql: Sql,
    #[serde(default)]
    params: Option<Vec<Value>>,
    #[serde(default)]
    queries: Option<Vec<(usize, Vec<Value>)>>,
}

enum Sql {
    One(Arc<str>),
    Many(Vec<Arc<str>>),
}

impl<'de> Deserialize<'de> for Sql {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SqlVisitor)
    }
}

struct SqlVisitor;

impl<'de> Visitor<'de> for SqlVisitor {
    type Value = Sql;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Sql, E> {
        Ok(Sql::One(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, texts: A) -> Result<Sql, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(texts)).map(Sql::Many)
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Request::One(query) => query.serialize(serializer),
            Request::Batch(queries) => queries.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    #[test]
    fn one_query() {
        let request = Request::decode(r#"{"sql":"SELECT ?","params":[1,"a",null],"more":{}}"#);
        let params = vec![Value::Integer(1), Value::Text("a".into()), Value::Null];
        assert_eq!(request, Ok(Request::One(Query::new("SELECT ?", params))));
    }

    #[test]
    fn params_may_be_missing_or_null() {
        let expected = Ok(Request::One(Query::new("x", vec![])));
        assert_eq!(Request::decode(r#"{"sql":"x"}"#), expected);
        assert_eq!(Request::decode(r#"{"sql":"x","params":null}"#), expected);
    }

    #[test]
    fn a_batch_keeps_its_shape() {
        let body = r#"[{"sql":"a"},{"sql":"b","params":[[1,2]]}]"#;
        let request = Request::decode(body).unwrap();
        assert_eq!(request.queries().len(), 2);
        assert_eq!(request.encode().unwrap(), body);
        assert_eq!(Request::decode("[]"), Ok(Request::Batch(vec![])));
        assert!(matches!(Request::decode(r#"[{"sql":"a"}]"#), Ok(Request::Batch(_))));
    }

    #[test]
    fn what_strangers_send() {
        use RequestError::{Shape, Syntax};
        for text in ["", "{", "nonsense", r#"{"sql":"a"} x"#, "{\"sql\":\"\u{1}\"}", "[[[["] {
            let error = Request::decode(text).unwrap_err();
            assert!(matches!(error, Syntax(_) | Shape(_)), "{text}: {error:?}");
        }
        for text in
            ["1", "null", "\"SELECT 1\"", "{}", r#"{"sql":1}"#, "[1]", r#"{"sql":"a","params":{}}"#]
        {
            assert!(matches!(Request::decode(text), Err(Shape(_))), "{text}");
        }
        let deep = format!("{}{}", r#"{"sql":"a","x":"#, "[".repeat(200_000));
        assert!(Request::decode(&deep).is_err());
    }

    #[test]
    fn half_a_character_is_replaced() {
        let Ok(Request::One(query)) = Request::decode(r#"{"sql":"\ud83d\ude00 \ud800"}"#) else {
            panic!("refused")
        };
        assert_eq!(&*query.sql, "😀 \u{fffd}");
    }

    #[test]
    fn texts_of_errors_carry_no_place_in_the_body() {
        let error = Request::decode(r#"{"sql":"a","params":[{}]}"#).unwrap_err();
        assert_eq!(error.to_string(), "Type 'object' not supported for value '[object Object]'");
        let error = Request::decode("{}").unwrap_err();
        assert_eq!(error.to_string(), "missing field `sql`");
    }
}
