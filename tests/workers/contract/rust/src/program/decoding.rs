//! Rows decoded into the types that people write for them.

use std::collections::{BTreeMap, HashMap};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use worker::Result;

use super::Report;
use super::api::D1Database;

#[derive(Deserialize, Serialize)]
struct Numbers {
    whole: i64,
    real: f64,
    integral: i64,
    small: u8,
    single: f32,
}

#[derive(Deserialize, Serialize)]
struct Optional {
    there: Option<i64>,
    null: Option<String>,
    #[serde(default)]
    missing: Option<u32>,
    left_out: Option<f64>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Town,
    City,
}

#[derive(Deserialize, Serialize)]
struct Id(i64);

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Any {
    Integer(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
    Null(()),
}

#[derive(Deserialize, Serialize)]
struct Mixed {
    id: Id,
    kind: Kind,
    data: Vec<u8>,
    letter: char,
    #[serde(rename = "any-thing")]
    any: Any,
    #[serde(flatten)]
    more: BTreeMap<String, Any>,
}

async fn rows<T: DeserializeOwned>(db: &D1Database, sql: &str) -> Result<Vec<T>> {
    db.prepare(sql).all().await?.results()
}

async fn column<T: DeserializeOwned>(db: &D1Database, value: &str) -> Result<Option<T>> {
    db.prepare(format!("SELECT {value} AS v")).first(Some("v")).await
}

pub async fn run(db: &D1Database, report: &mut Report) {
    const NUMBERS: &str =
        "SELECT 7 AS whole, 2 AS real, 42.0 AS integral, 255 AS small, 1.5 AS single";
    report.add("decodes numbers", rows::<Numbers>(db, NUMBERS).await);
    const OPTIONAL: &str = "SELECT 1 AS there, NULL AS \"null\"";
    report.add("decodes what may be missing", rows::<Optional>(db, OPTIONAL).await);
    const MIXED: &str = "SELECT 3 AS id, 'city' AS kind, x'00ff' AS data, 'é' AS letter, \
        2.0 AS \"any-thing\", 1 AS a, 1.5 AS b, 'c' AS c, x'01' AS d, NULL AS e";
    report.add("decodes enums, newtypes, bytes and the rest", rows::<Mixed>(db, MIXED).await);
    report.add("decodes values", rows::<Value>(db, MIXED).await);
    const SAME: &str = "SELECT 1 AS a, 2 AS b, 3 AS a";
    report.add("decodes a map", rows::<BTreeMap<String, i64>>(db, SAME).await);
    report.add("decodes into nothing", rows::<HashMap<String, ()>>(db, "SELECT NULL AS a").await);
    report.add("decodes an empty struct", rows::<Empty>(db, SAME).await);
    report.add("decodes no rows", rows::<Id>(db, "SELECT 1 AS a WHERE 0").await);
    report.add_decoded("a row is no array", rows::<Vec<i64>>(db, SAME).await);
    report.add_decoded("a row is no number", rows::<i64>(db, SAME).await);
    report.add_decoded("a missing column", rows::<Numbers>(db, OPTIONAL).await);
    cells(db, report).await;
    let raw = db.prepare("SELECT 1, 2.0 UNION ALL SELECT 3, 4").raw::<u16>().await;
    report.add("decodes raw rows", raw);
    let raw = db.prepare("SELECT 1, NULL, 'a'").raw::<Option<Any>>().await;
    report.add("decodes raw rows of anything", raw);
    let raw = db.prepare("SELECT 1, 2.5, 'a', x'01', NULL").raw_js_value().await;
    report.add("raw rows of JavaScript", raw.map(|rows| format!("{rows:?}")));
}

#[derive(Deserialize, Serialize)]
struct Empty {}

async fn cells(db: &D1Database, report: &mut Report) {
    macro_rules! cells {
        ($($value:literal: $($type:ty),+;)*) => {$($(
            let name = concat!("decodes ", $value, " as ", stringify!($type));
            report.add_decoded(name, column::<$type>(db, $value).await);
        )+)*};
    }
    cells! {
        "1": i64, u8, f64, bool, String, Option<i64>, Any, Value, Id, i128;
        "42.0": i64, u8, i32, u64, f64, f32, Option<Id>, Any, Value, bool, String;
        "-42.0": i64, u64, i8;
        "1.5": i64, f64, f32, Any, Value;
        "300": u8, i16;
        "-1": u32, i32;
        "1e300": i64, f64, Value;
        "9007199254740991": i64, u64, f64, Value;
        "9007199254740991.0": i64, f64, Value;
        "9007199254740992.0": i64, f64;
        "9007199254740993": f64;
        "9e999": f64, Option<f64>;
        "NULL": i64, Option<i64>, String, Value, (), Any;
        "'a'": String, char, Option<String>, i64, Any, Value, Vec<u8>;
        "''": String, char;
        "'ab'": char;
        "'city'": Kind;
        "'village'": Kind;
        "'1'": i64, String;
        "x'0102'": Vec<u8>, [u8; 2], [u8; 3], (u8, u8), String, Any, Value, Vec<i64>, Vec<f64>;
        "x''": Vec<u8>, Any;
    }
    // Every digit of these is kept here, where D1 rounds them and so refuses.
    macro_rules! large {
        ($($value:literal)*) => {$(
            report.add_decoded(concat!("exact: ", $value), column::<i64>(db, $value).await);
        )*};
    }
    large! { "9007199254740993" "9223372036854775807" "-9223372036854775808" }
}
