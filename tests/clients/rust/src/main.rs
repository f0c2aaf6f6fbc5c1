//! libSQL's client for Rust, as it is published, against a running Isolite Worker.
//!
//! `isolite-client-rust SCENARIO` runs one scenario on the database at `LIBSQL_URL`, which is empty
//! before, with the token `LIBSQL_AUTH_TOKEN`. A scenario asserts what it finds; the status tells whether
//! all was so. `tests/other_clients.test.mjs` starts them, and looks at what they leave behind.

mod doors;
mod many;
mod statements;
mod transactions;
mod values;

use std::env;
use std::error::Error;

use hyper::client::HttpConnector;
use libsql::{Builder, Database};

type Outcome = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome {
    let scenario = env::args().nth(1).unwrap_or_default();
    let db = database().await?;
    match scenario.as_str() {
        "types" => values::types(&db).await,
        "parameters" => values::parameters(&db).await,
        "prepared" => statements::prepared(&db).await,
        "batches" => statements::batches(&db).await,
        "counts" => statements::counts(&db).await,
        "errors" => statements::errors(&db).await,
        "ends" => transactions::ends(&db).await,
        "behaviors" => transactions::behaviors(&db).await,
        "isolation" => transactions::isolation(&db).await,
        "text" => transactions::text(&db).await,
        "increments" => many::increments(&db).await,
        "stream" => many::stream(&db).await,
        "doors" => doors::doors(&db).await,
        _ => Err(format!("there is no scenario {scenario:?}").into()),
    }
}

async fn database() -> Result<Database, Box<dyn Error>> {
    let (url, token) = (env::var("LIBSQL_URL")?, env::var("LIBSQL_AUTH_TOKEN")?);
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Ok(Builder::new_remote(url, token).connector(connector).build().await?)
}

/// The only value of the first row.
async fn value(conn: &libsql::Connection, sql: &str) -> Result<libsql::Value, Box<dyn Error>> {
    let mut rows = conn.query(sql, ()).await?;
    let row = rows.next().await?.ok_or("no row")?;
    Ok(row.get_value(0)?)
}

/// What is to fail; gives the text of its error.
fn refused<T>(done: libsql::Result<T>) -> Result<String, Box<dyn Error>> {
    match done {
        Ok(_) => Err("it was not refused".into()),
        Err(error) => Ok(error.to_string()),
    }
}
