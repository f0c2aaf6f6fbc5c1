//! A prepared statement: its text, what is bound to it, and the ways to run it. Nothing is
//! prepared anywhere before it runs.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use isolite_protocol::{Query, Value};
use serde::Deserialize;
use wasm_bindgen::JsValue;
use worker::Result;

use crate::argument::D1Argument;
use crate::channel::Channel;
use crate::error::{D1_COLUMN_NOTFOUND, d1_error, thrown};
use crate::js_value::{rows_of, value_of};
use crate::result::D1Result;
use crate::rows::{Column, Results};

#[derive(Clone, Debug)]
#[must_use = "D1PreparedStatement does nothing until you run or await it"]
pub struct D1PreparedStatement {
    channel: Channel,
    query: Query,
}

impl D1PreparedStatement {
    pub(crate) fn new(channel: Channel, sql: String) -> Self {
        Self { channel, query: Query::new(sql, Vec::new()) }
    }

    pub(crate) fn into_query(self) -> Query {
        self.query
    }

    /// Binds JavaScript values, in place of all that were bound before. As in D1 a number is bound
    /// as REAL; a BigInt of 64 bits, which D1 refuses, as INTEGER.
    pub fn bind(self, values: &[JsValue]) -> Result<Self> {
        let values = values.iter().map(value_of).collect::<Result<Vec<Value>>>()?;
        Ok(self.bind_values(values))
    }

    /// Binds SQLite values, each as the type it says.
    pub fn bind_values(self, params: Vec<Value>) -> Self {
        Self { query: Query { params, ..self.query }, ..self }
    }

    /// Binds arguments, and leaves this statement to be bound again.
    pub fn bind_refs<'a, T: IntoIterator<Item = &'a U>, U: D1Argument + 'a>(
        &self,
        values: T,
    ) -> Result<Self> {
        let params = values.into_iter().map(D1Argument::value).collect::<Result<_>>()?;
        let query = Query { sql: self.query.sql.clone(), params };
        Ok(Self { channel: self.channel.clone(), query })
    }

    /// One statement for each element, to be given to [`batch`](crate::D1Database::batch).
    pub fn batch_bind<
        'a,
        U: IntoIterator<Item = &'a V> + 'a,
        T: IntoIterator<Item = U> + 'a,
        V: D1Argument + 'a,
    >(
        &self,
        values: T,
    ) -> Result<Vec<Self>> {
        values.into_iter().map(|batch| self.bind_refs(batch)).collect()
    }

    /// The first row, or one column of it; `None` when there is no row, or NULL in it. An error if
    /// the row has no such column.
    pub async fn first<T>(&self, col_name: Option<&str>) -> Result<Option<T>>
    where
        T: for<'a> Deserialize<'a>,
    {
        let answer = self.channel.one(&self.query).await?;
        let Some(results) = &answer.results else { return Ok(None) };
        let results = Results::of(results.get())?;
        let Some(name) = col_name else { return results.first() };
        match results.first_column(name)? {
            Column::Value(value) => Ok(Some(value)),
            Column::Null | Column::NoRow => Ok(None),
            Column::Missing => {
                let message = format!("Column not found ({name})");
                Err(d1_error(D1_COLUMN_NOTFOUND, &message, "Column not found"))
            }
        }
    }

    /// Runs the statement.
    pub async fn run(&self) -> Result<D1Result> {
        Ok(D1Result::new(self.channel.one(&self.query).await?))
    }

    /// Runs the statement and returns all its rows. The one method whose failure is an
    /// [`UnknownJsError`](worker::Error::UnknownJsError) instead of an
    /// [`Error::D1`](worker::Error::D1), as in `worker::d1`.
    pub async fn all(&self) -> Result<D1Result> {
        Ok(D1Result::new(self.channel.one(&self.query).await.map_err(thrown)?))
    }

    /// Runs the statement and returns each row as its values, in the order of the columns.
    pub async fn raw<T>(&self) -> Result<Vec<Vec<T>>>
    where
        T: for<'a> Deserialize<'a>,
    {
        let answer = self.channel.one(&self.query).await?;
        match &answer.results {
            Some(results) => Results::of(results.get())?.raw(),
            None => Ok(Vec::new()),
        }
    }

    /// As [`raw`](Self::raw), each row as a JavaScript array.
    pub async fn raw_js_value(&self) -> Result<Vec<JsValue>> {
        let answer = self.channel.one(&self.query).await?;
        match &answer.results {
            Some(results) => rows_of(Results::of(results.get())?.text()),
            None => Ok(Vec::new()),
        }
    }
}

/// Awaiting a statement runs it.
impl IntoFuture for D1PreparedStatement {
    type Output = Result<D1Result>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.run().await })
    }
}
