//! A program as one writes it for D1, with everything that `worker::d1` has: each type, method, form
//! of `query!` and implementation of a trait. It compiles over both crates, and what it answers on
//! D1 is what it must answer on Isolite.

mod arguments;
mod decoding;
mod errors;
mod macros;
mod results;
mod sessions;

use serde::Serialize;
use worker::Result;

use super::api;
use super::api::D1Database;
use crate::outcome::Outcome;

/// Outcomes under the names of what was done.
#[derive(Serialize)]
pub struct Report(Vec<(String, Outcome)>);

impl Report {
    fn add<T: Serialize>(&mut self, name: &str, result: Result<T>) {
        self.0.push((name.to_owned(), Outcome::of(result)));
    }

    /// Only whether it succeeds, and with what: errors of decoding are worded by another library.
    fn add_decoded<T: Serialize>(&mut self, name: &str, result: Result<T>) {
        let refused = Ok("refused");
        match result {
            Ok(value) => self.add(name, Ok(value)),
            Err(_) => self.add::<&str>(name, refused),
        }
    }
}

pub async fn run(db: &D1Database) -> Report {
    let mut report = Report(Vec::new());
    macros::run(db, &mut report).await;
    arguments::run(db, &mut report).await;
    decoding::run(db, &mut report).await;
    sessions::run(db, &mut report).await;
    results::run(db, &mut report).await;
    errors::run(db, &mut report).await;
    report
}
