//! Rows decoded into structs, maps and single values.

use std::collections::HashMap;

use isolite_protocol::Value;
use serde::Deserialize;

use super::{Column, Results};

const GRID: &str = r#"{"columns":["id","name","id","data"],
    "rows":[[1,"a",9223372036854775807,[0,255]],[2,null,-3,null]]}"#;

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
        Column::Null | Column::Missing | Column::NoRow => None,
    }
}

#[test]
fn structs() {
    let rows = results(GRID).all::<Row>().ok();
    let first = Row { id: i64::MAX, name: Some("a".into()), data: Some(vec![0, 255]) };
    assert_eq!(results(GRID).first::<Row>().ok(), Some(Some(first)));
    assert_eq!(rows.as_ref().map(Vec::len), Some(2));
    let second = Row { id: -3, name: None, data: None };
    assert_eq!(rows.and_then(|mut rows| rows.pop()), Some(second));
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
fn integral_reals_are_integers_too() {
    const REALS: &str = r#"{"columns":["a","b","c"],"rows":[[42.0,null,1.5]]}"#;
    #[derive(Debug, Deserialize, PartialEq)]
    struct Whole(u8);
    #[derive(Debug, Deserialize, PartialEq)]
    struct Numbers {
        a: Option<Whole>,
        b: Option<i64>,
        c: f32,
    }
    let numbers = Numbers { a: Some(Whole(42)), b: None, c: 1.5 };
    assert_eq!(results(REALS).first::<Numbers>().ok(), Some(Some(numbers)));
    assert_eq!(results(REALS).first_column("a").ok().and_then(value), Some(42i64));
    assert_eq!(results(REALS).first_column("a").ok().and_then(value), Some(42.0f64));
    assert!(results(REALS).first_column::<i64>("c").is_err());
    let raw = results(REALS).raw::<serde_json::Value>().unwrap_or_default();
    assert_eq!(raw, [[serde_json::json!(42), serde_json::json!(null), serde_json::json!(1.5)]]);
    let large = r#"{"columns":["a"],"rows":[[9007199254740992.0]]}"#;
    assert!(results(large).first_column::<i64>("a").is_err());
}

#[test]
fn one_column() {
    assert_eq!(results(GRID).first_column("id").ok().and_then(value), Some(i64::MAX));
    assert!(matches!(results(GRID).first_column::<i64>("nope"), Ok(Column::Missing)));
    assert!(results(GRID).first_column::<i64>("name").is_err());
    let none = r#"{"columns":["id"],"rows":[]}"#;
    assert!(matches!(results(none).first_column::<i64>("id"), Ok(Column::NoRow)));
    assert!(matches!(results(none).first::<Row>(), Ok(None)));
    let null = r#"{"columns":["n"],"rows":[[null]]}"#;
    assert!(matches!(results(null).first_column::<i64>("n"), Ok(Column::Null)));
    assert!(matches!(results(null).first_column::<Option<i64>>("n"), Ok(Column::Null)));
}

#[test]
fn raw_rows() {
    let rows = results(GRID).raw::<Value>().unwrap_or_default();
    assert_eq!(rows[0][2], Value::Integer(i64::MAX));
    assert_eq!(rows[1], [Value::Integer(2), Value::Null, Value::Integer(-3), Value::Null]);
}

#[test]
fn broken_rows_are_errors() {
    for text in [r#"{"columns":["a","b"],"rows":[[1]]}"#, r#"{"columns":["a"],"rows":[1]}"#] {
        assert!(results(text).all::<HashMap<String, Value>>().is_err(), "{text}");
    }
    assert!(Results::of("null").is_err());
    assert!(Results::of(r#"{"columns":[]}"#).is_err());
}
