//! Rows decoded from both forms of results, into structs, maps and single values.

use std::collections::HashMap;

use isolite_protocol::Value;
use serde::Deserialize;

use super::{Column, Results};

const GRID: &str = r#"{"columns":["id","name","id","data"],
    "rows":[[1,"a",9223372036854775807,[0,255]],[2,null,-3,null]]}"#;
const OBJECTS: &str = r#"[{"id":9223372036854775807,"name":"a","data":[0,255]},
    {"id":-3,"name":null,"data":null}]"#;

#[derive(Debug, Deserialize, PartialEq)]
struct Row {
    id: i64,
    name: Option<String>,
    data: Option<Vec<u8>>,
}

fn results(text: &str) -> Results<'_> {
    Results::of(text).unwrap_or_else(|error| unreachable!("{error}"))
}

fn value<T>(column: Column<T>) -> Option<T> {
    match column {
        Column::Value(value) => Some(value),
        Column::Missing | Column::NoRow => None,
    }
}

#[test]
fn structs() {
    for text in [GRID, OBJECTS] {
        let rows = results(text).all::<Row>().ok();
        let first = Row { id: i64::MAX, name: Some("a".into()), data: Some(vec![0, 255]) };
        assert_eq!(results(text).first::<Row>().ok(), Some(Some(first)));
        assert_eq!(rows.as_ref().map(Vec::len), Some(2));
        let second = Row { id: -3, name: None, data: None };
        assert_eq!(rows.and_then(|mut rows| rows.pop()), Some(second));
    }
}

#[test]
fn maps_keep_the_last_of_a_name() {
    let rows = results(GRID).all::<HashMap<String, Value>>().unwrap_or_default();
    assert_eq!(rows[0].len(), 3);
    assert_eq!(rows[1]["id"], Value::Integer(-3));
    let rows = results(GRID).all::<serde_json::Value>().unwrap_or_default();
    assert_eq!(rows[0]["id"], serde_json::json!(i64::MAX));
}

#[test]
fn one_column() {
    for text in [GRID, OBJECTS] {
        assert_eq!(results(text).first_column("id").ok().and_then(value), Some(i64::MAX));
        let missing = results(text).first_column::<i64>("nope");
        assert!(matches!(missing, Ok(Column::Missing)));
        assert!(results(text).first_column::<i64>("name").is_err());
    }
    for text in [r#"{"columns":["id"],"rows":[]}"#, "[]"] {
        assert!(matches!(results(text).first_column::<i64>("id"), Ok(Column::NoRow)));
        assert!(matches!(results(text).first::<Row>(), Ok(None)));
    }
    let null = r#"{"columns":["n"],"rows":[[null]]}"#;
    assert_eq!(results(null).first_column("n").ok().and_then(value), Some(None::<i64>));
}

#[test]
fn raw_rows() {
    let rows = results(GRID).raw::<Value>().unwrap_or_default();
    assert_eq!(rows[0][2], Value::Integer(i64::MAX));
    assert_eq!(rows[1], [2.into_value(), Value::Null, (-3).into_value(), Value::Null]);
}

#[test]
fn broken_rows_are_errors() {
    for text in [r#"{"columns":["a","b"],"rows":[[1]]}"#, r#"{"columns":["a"],"rows":[1]}"#] {
        assert!(results(text).all::<HashMap<String, Value>>().is_err(), "{text}");
    }
    assert!(Results::of("null").is_err());
    assert!(Results::of(r#"{"columns":[]}"#).is_err());
}

trait IntoValue {
    fn into_value(self) -> Value;
}

impl IntoValue for i64 {
    fn into_value(self) -> Value {
        Value::Integer(self)
    }
}
