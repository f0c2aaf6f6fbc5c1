//! The operations as Rust code would write them: rows become structs.

use isolite::{D1Database, Value};
use serde::Deserialize;
use serde_json::value::RawValue;
use worker::{Error, Result};

/// What the driver asks for: `calls` are the parameters of each call.
#[derive(Deserialize)]
pub struct Work {
    pub operation: String,
    pub sql: String,
    calls: Vec<Box<RawValue>>,
    pub warm_up: usize,
    /// Rows that each call reads or writes.
    pub expected: usize,
    /// Whether calls may be repeated.
    pub reads: bool,
}

/// One call of an operation, with its parameters.
#[derive(Clone)]
pub enum Operation {
    First(Vec<Value>),
    All(Vec<Value>),
    Insert(Vec<Value>),
    BatchInsert(Vec<Vec<Value>>),
    Aggregate,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "reading a row means decoding all of it")]
struct City {
    id: i64,
    name: String,
    country: String,
    admin: String,
    feature: String,
    population: i64,
    lat: f64,
    lon: f64,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "reading a row means decoding all of it")]
struct Country {
    country: String,
    cities: i64,
    population: f64,
    north: f64,
}

impl Work {
    pub fn operations(&self) -> Result<Vec<Operation>> {
        self.calls.iter().map(|call| self.operation(call.get())).collect()
    }

    fn operation(&self, call: &str) -> Result<Operation> {
        Ok(match self.operation.as_str() {
            "point_read_first" => Operation::First(serde_json::from_str(call)?),
            "point_read_all" | "range_scan_1000" => Operation::All(serde_json::from_str(call)?),
            "insert" => Operation::Insert(serde_json::from_str(call)?),
            "batch_insert_1000" => Operation::BatchInsert(serde_json::from_str(call)?),
            "aggregate" => Operation::Aggregate,
            other => return Err(Error::RustError(format!("no operation {other}"))),
        })
    }
}

impl Operation {
    /// Runs it; the number of rows read or written.
    pub async fn run(self, db: &D1Database, sql: &str) -> Result<usize> {
        match self {
            Operation::First(id) => {
                let sought = id.first().cloned();
                let city: Option<City> = db.prepare(sql).bind_values(id).first(None).await?;
                Ok(city.map_or(0, |city| usize::from(is(&city, sought))))
            }
            Operation::All(id) => {
                let first = id.first().cloned();
                let rows = db.prepare(sql).bind_values(id).all().await?.results::<City>()?;
                Ok(if rows.first().is_some_and(|city| is(city, first)) { rows.len() } else { 0 })
            }
            Operation::Insert(row) => {
                let result = db.prepare(sql).bind_values(row).run().await?;
                Ok(result.meta()?.and_then(|meta| meta.changes).unwrap_or(0))
            }
            Operation::BatchInsert(rows) => {
                let insert = db.prepare(sql);
                let bound = rows.into_iter().map(|row| insert.clone().bind_values(row)).collect();
                let mut changes = 0;
                for result in db.batch(bound).await? {
                    changes += result.meta()?.and_then(|meta| meta.changes).unwrap_or(0);
                }
                Ok(changes)
            }
            Operation::Aggregate => Ok(db.prepare(sql).all().await?.results::<Country>()?.len()),
        }
    }
}

fn is(city: &City, id: Option<Value>) -> bool {
    id == Some(Value::Integer(city.id))
}
