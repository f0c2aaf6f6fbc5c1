//! `query!` in all its forms, and with arguments of every type that serde can write.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use worker::Result;

use super::Report;
use super::api::{D1Database, D1PreparedStatement, query};

const HELD: &str = "SELECT typeof(?1), quote(?1), ?1";

#[derive(Serialize)]
enum Kind {
    Small,
    Of(u8),
}

#[derive(Serialize)]
struct Wrapped(u16);

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Object {
    a: u8,
}

async fn held(statement: Result<D1PreparedStatement>) -> Result<Vec<Vec<Value>>> {
    statement?.raw().await
}

pub async fn run(db: &D1Database, report: &mut Report) {
    let bare: D1PreparedStatement = query!(db, "SELECT 1 AS a");
    report.add("query!: nothing bound", bare.raw::<i64>().await);
    let owned: D1PreparedStatement = query!(db, String::from("SELECT 2 AS a"));
    report.add("query!: an owned text", owned.raw::<i64>().await);
    let none: Result<D1PreparedStatement> = query!(db, "SELECT 3 AS a",);
    report.add("query!: a comma, nothing bound", held(none).await);
    report.add("query!: one", held(query!(db, HELD, "a")).await);
    report.add("query!: a comma after the last", held(query!(db, HELD, "a",)).await);
    let (a, b) = (String::from("x"), 2);
    report.add("query!: references", held(query!(&db, "SELECT ?1, ?2", &a, &b)).await);
    report.add("query!: several", held(query!(db, "SELECT ?, ?, ?", a, b, a.len())).await);
    report.add("query!: too many", held(query!(db, "SELECT ?", 1, 2)).await);

    macro_rules! binds {
        ($($name:literal: $value:expr;)*) => {$(
            report.add(concat!("query!: binds ", $name), held(query!(db, HELD, $value)).await);
        )*};
    }
    binds! {
        "i8": -7i8;
        "u8": 255u8;
        "i16": i16::MIN;
        "u16": u16::MAX;
        "i32": i32::MIN;
        "u32": u32::MAX;
        "i64": -42i64;
        "u64": 42u64;
        "usize": 42usize;
        "i64 up to 2^53": 9_007_199_254_740_991i64;
        "an i64 beyond 2^53": 9_007_199_254_740_993i64;
        "the last i64": i64::MAX;
        "the first i64": i64::MIN;
        "the last u64": u64::MAX;
        "i128": 5i128;
        "f64": 1.5f64;
        "an integral f64": 42.0f64;
        "f32": 0.1f32;
        "NaN": f64::NAN;
        "infinity": f64::INFINITY;
        "-0.0": -0.0f64;
        "true": true;
        "false": false;
        "char": 'é';
        "str": "it's";
        "String": String::from("text");
        "Cow": std::borrow::Cow::from("cow");
        "Some": Some("some");
        "None": None::<String>;
        "()": ();
        "a unit struct": Unit;
        "a newtype": Wrapped(5);
        "a unit variant": Kind::Small;
        "a newtype variant": Kind::Of(5);
        "a struct": Object { a: 1 };
        "a map": HashMap::from([("a", 1)]);
        "a vector of bytes": vec![0u8, 1, 255];
        "no bytes": Vec::<u8>::new();
        "a slice of bytes": b"bytes".as_slice();
        "an array of bytes": [1u8, 2];
        "a tuple of bytes": (1u8, 2u8);
        "integers that are bytes": vec![1i64, 255];
        "floats that are bytes": vec![1.5f64, 255.9];
        "integers that are no bytes": vec![1, 256];
        "texts": vec!["a", "b"];
        "JSON": serde_json::json!([1, 2]);
        "a JSON object": serde_json::json!({ "a": 1 });
    }
}
