//! `D1Type`, prepared arguments, and a type of one's own, by each method that binds.

use serde_json::Value;
use wasm_bindgen::JsValue;
use worker::Result;

use super::Report;
use super::api::D1Database;
use super::api::d1::{D1Argument, D1PreparedArgument, D1PreparedStatement, D1Type};

const HELD: &str = "SELECT typeof(?1), quote(?1), ?1";
const EACH: [D1Type<'static>; 9] = [
    D1Type::Null,
    D1Type::Real(1.5),
    D1Type::Real(42.0),
    D1Type::Integer(42),
    D1Type::Text("text"),
    D1Type::Boolean(true),
    D1Type::Boolean(false),
    D1Type::Blob(&[0, 1, 255]),
    D1Type::Blob(&[]),
];

/// An argument of one's own.
struct Celsius(f64);

impl D1Argument for Celsius {
    fn js_value(&self) -> impl AsRef<JsValue> {
        JsValue::from_f64(self.0 + 273.15)
    }
}

async fn held(statement: Result<D1PreparedStatement>) -> Result<Vec<Vec<Value>>> {
    statement?.raw().await
}

pub async fn run(db: &D1Database, report: &mut Report) {
    let statement = db.prepare(HELD);
    for argument in &EACH {
        let name = |way| format!("{way} {argument:?}");
        let own = statement.bind_refs(std::slice::from_ref(argument));
        report.add(&name("bind_refs: an array of"), held(own).await);
        report.add(&name("bind_refs: alone"), held(statement.bind_refs(argument)).await);
        let prepared = D1PreparedArgument::new(argument);
        report.add(&name("bind_refs: prepared"), held(statement.bind_refs(&prepared)).await);
        let shown = format!("{:?}", *prepared);
        report.add(&name("a prepared argument is its argument:"), Ok(shown));
        let value: JsValue = argument.into();
        report.add(&name("as a JavaScript value"), Ok(format!("{value:?}")));
        report.add(&name("bind:"), held(statement.clone().bind(&[value])).await);
    }
    several(db, report).await;
    stored(db, report).await;
}

async fn several(db: &D1Database, report: &mut Report) {
    let pair = db.prepare("SELECT ?1, ?2");
    let (one, two) = (D1Type::Integer(1), D1Type::Text("two"));
    let prepared = [D1PreparedArgument::new(&one), D1PreparedArgument::new(&two)];
    report.add("bind_refs: prepared ones", held(pair.bind_refs(&prepared)).await);
    report.add("bind_refs: a vector", held(pair.bind_refs(&vec![one, two])).await);
    report.add("bind_refs: a filter", held(pair.bind_refs(EACH.iter().take(2))).await);
    report
        .add("bind_refs: its own type", held(pair.bind_refs(&[Celsius(0.0), Celsius(1.5)])).await);
    report.add("bind_refs: nothing", held(pair.bind_refs(&[] as &[D1Type<'_>])).await);
    let bound = pair.bind_refs(&[D1Type::Null, D1Type::Null]);
    let again = bound.and_then(|bound| bound.bind(&["a".into(), JsValue::from(2)]));
    report.add("bind: in place of what was bound", held(again).await);
    let bigint = db.prepare(HELD).bind(&[JsValue::from(i64::MAX)]);
    report.add("exact: a BigInt bound", held(bigint).await);
}

/// Column types decide how a number is stored, whatever it was bound as.
async fn stored(db: &D1Database, report: &mut Report) {
    let table =
        db.prepare("CREATE TABLE stored (i INTEGER, r REAL, t TEXT, n NUMERIC, x)").run().await;
    report.add("a table of each type", table.map(|result| result.success()));
    let insert = db.prepare("INSERT INTO stored VALUES (?1, ?1, ?1, ?1, ?1)");
    let rows = [[D1Type::Integer(7)], [D1Type::Real(2.5)], [D1Type::Boolean(true)]];
    let batches = async {
        let mut changes = Vec::new();
        for bound in [insert.batch_bind(&rows)?, insert.batch_bind(&EACH)?] {
            for result in db.batch(bound).await? {
                changes.push(result.meta()?.and_then(|meta| meta.changes));
            }
        }
        Ok(changes)
    };
    report.add("batch_bind", batches.await);
    let types = "SELECT typeof(i), typeof(r), typeof(t), typeof(n), typeof(x), * FROM stored";
    report.add("batch_bind: what is stored", db.prepare(types).raw::<Value>().await);
}
