//! Rows as they travel, decoded straight into the caller's type.
//!
//! They come as arrays under one list of columns. serde sees each as a map from column to value,
//! made on the fly: no row is built twice, and an integer never passes through a float.

mod cell;
mod row;

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor,
};
use serde_json::value::RawValue;
use worker::{Error, Result};

use cell::{Cell, CellSeed};
use row::{Columns, RowSeed};

/// The results of one statement: `{columns, rows}`.
pub(crate) struct Results<'t> {
    columns: Columns,
    rows: &'t RawValue,
}

pub(crate) enum Column<T> {
    Value(T),
    Null,
    /// There are rows, but they have no such column.
    Missing,
    NoRow,
}

#[derive(serde::Deserialize)]
struct Text<'t> {
    columns: Vec<String>,
    #[serde(borrow)]
    rows: &'t RawValue,
}

/// The text says which type was expected where; `worker`'s own variant for it would not.
fn undecodable(error: serde_json::Error) -> Error {
    Error::RustError(format!("The rows do not have the type asked for: {error}"))
}

impl<'t> Results<'t> {
    pub fn of(text: &'t str) -> Result<Self> {
        let Text { columns, rows } = serde_json::from_str(text).map_err(undecodable)?;
        Ok(Results { columns: Columns::new(columns), rows })
    }

    /// The rows alone, as JSON.
    pub fn text(&self) -> &'t str {
        self.rows.get()
    }

    pub fn all<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        self.rows(|| RowSeed(&self.columns, PhantomData), usize::MAX)
    }

    pub fn first<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        Ok(self.rows(|| RowSeed(&self.columns, PhantomData), 1)?.pop())
    }

    pub fn first_column<T: DeserializeOwned>(&self, name: &str) -> Result<Column<T>> {
        let row: Option<Vec<&RawValue>> = self.rows(|| PhantomData, 1)?.pop();
        let Some(row) = row else { return Ok(Column::NoRow) };
        let Some(text) = self.columns.place(name).and_then(|place| row.get(place)) else {
            return Ok(Column::Missing);
        };
        let mut value = serde_json::Deserializer::from_str(text.get());
        match Option::<T>::deserialize(Cell(&mut value)).map_err(undecodable)? {
            Some(value) => Ok(Column::Value(value)),
            None => Ok(Column::Null),
        }
    }

    /// Each row as its values.
    pub fn raw<T: DeserializeOwned>(&self) -> Result<Vec<Vec<T>>> {
        let values = || Elements { seed: || CellSeed(PhantomData::<T>), count_max: usize::MAX };
        self.rows(values, usize::MAX)
    }

    /// Decodes up to `count_max` rows, each by a seed, and skips the rest.
    fn rows<S: DeserializeSeed<'t>>(
        &self,
        seed: impl Fn() -> S,
        count_max: usize,
    ) -> Result<Vec<S::Value>> {
        let mut text = serde_json::Deserializer::from_str(self.rows.get());
        Elements { seed, count_max }.deserialize(&mut text).map_err(undecodable)
    }
}

/// An array, of which each element is decoded by a seed of its own.
struct Elements<F> {
    seed: F,
    count_max: usize,
}

impl<'de, S: DeserializeSeed<'de>, F: Fn() -> S> DeserializeSeed<'de> for Elements<F> {
    type Value = Vec<S::Value>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, S: DeserializeSeed<'de>, F: Fn() -> S> Visitor<'de> for Elements<F> {
    type Value = Vec<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(
        self,
        mut elements: A,
    ) -> std::result::Result<Self::Value, A::Error> {
        let mut decoded = Vec::new();
        while decoded.len() < self.count_max {
            match elements.next_element_seed((self.seed)())? {
                Some(element) => decoded.push(element),
                None => return Ok(decoded),
            }
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(decoded)
    }
}

#[cfg(test)]
mod tests;
