//! Rows as they travel, decoded straight into the caller's type.
//!
//! They come as arrays under one list of columns. serde sees each as a map from column to value,
//! made on the fly: no row is built twice, and an integer never passes through a float.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny,
    IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;
use worker::{Error, Result};

/// The results of one statement, in either form in which a database may answer.
pub(crate) enum Results<'t> {
    /// `{columns, rows}`.
    Grid { columns: Vec<Name>, rows: &'t RawValue },
    /// An array of objects.
    Objects(&'t str),
}

/// A column's name; `shadowed` if a later column has the same, whose value counts.
pub(crate) struct Name {
    text: String,
    shadowed: bool,
}

pub(crate) enum Column<T> {
    Value(T),
    /// There are rows, but they have no such column.
    Missing,
    NoRow,
}

#[derive(serde::Deserialize)]
struct GridText<'t> {
    columns: Vec<String>,
    #[serde(borrow)]
    rows: &'t RawValue,
}

/// The text says which type was expected where; `worker`'s own variant for it would not.
fn undecodable(error: serde_json::Error) -> Error {
    Error::RustError(format!("The rows do not have the type asked for: {error}"))
}

fn decode<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T> {
    serde_json::from_str(text).map_err(undecodable)
}

impl<'t> Results<'t> {
    pub fn of(text: &'t str) -> Result<Self> {
        if text.starts_with('[') {
            return Ok(Results::Objects(text));
        }
        let GridText { columns, rows } = decode(text)?;
        let names = columns.iter().enumerate().map(|(at, text)| Name {
            text: text.clone(),
            shadowed: columns.iter().skip(at + 1).any(|later| later == text),
        });
        Ok(Results::Grid { columns: names.collect(), rows })
    }

    /// The rows alone, as JSON.
    pub fn text(&self) -> &'t str {
        match self {
            Results::Grid { rows, .. } => rows.get(),
            Results::Objects(text) => text,
        }
    }

    pub fn all<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        take(self.columns(), self.text(), usize::MAX)
    }

    pub fn first<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        Ok(take(self.columns(), self.text(), 1)?.pop())
    }

    pub fn first_column<T: DeserializeOwned>(&self, name: &str) -> Result<Column<T>> {
        let Results::Grid { columns, rows } = self else {
            let row: Option<std::collections::HashMap<String, Box<RawValue>>> = self.first()?;
            return match row.map(|mut row| row.remove(name)) {
                Some(Some(value)) => Ok(Column::Value(decode(value.get())?)),
                Some(None) => Ok(Column::Missing),
                None => Ok(Column::NoRow),
            };
        };
        let row: Option<Vec<Box<RawValue>>> = take(None, rows.get(), 1)?.pop();
        let Some(row) = row else { return Ok(Column::NoRow) };
        let at = columns.iter().rposition(|column| column.text == name);
        match at.and_then(|at| row.get(at)) {
            Some(value) => Ok(Column::Value(decode(value.get())?)),
            None => Ok(Column::Missing),
        }
    }

    /// Each row as its values.
    pub fn raw<T: DeserializeOwned>(&self) -> Result<Vec<Vec<T>>> {
        decode(self.text())
    }

    fn columns(&self) -> Option<&[Name]> {
        match self {
            Results::Grid { columns, .. } => Some(columns),
            Results::Objects(_) => None,
        }
    }
}

fn take<T: DeserializeOwned>(
    columns: Option<&[Name]>,
    rows: &str,
    count_max: usize,
) -> Result<Vec<T>> {
    let seed = RowsSeed { columns, count_max, row: PhantomData };
    seed.deserialize(&mut serde_json::Deserializer::from_str(rows)).map_err(undecodable)
}

/// Decodes up to `count_max` rows and skips the rest; without columns each as it stands.
struct RowsSeed<'c, T> {
    columns: Option<&'c [Name]>,
    count_max: usize,
    row: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for RowsSeed<'_, T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Vec<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for RowsSeed<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(
        self,
        mut elements: A,
    ) -> std::result::Result<Vec<T>, A::Error> {
        let mut rows = Vec::new();
        while rows.len() < self.count_max {
            let row = match self.columns {
                Some(columns) => elements.next_element_seed(RowSeed(columns, PhantomData))?,
                None => elements.next_element()?,
            };
            match row {
                Some(row) => rows.push(row),
                None => return Ok(rows),
            }
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(rows)
    }
}

struct RowSeed<'c, T>(&'c [Name], PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for RowSeed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<T, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for RowSeed<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> std::result::Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(NamedValues { columns: self.0, values }))
    }
}

/// A row's values under their columns' names.
struct NamedValues<'c, A> {
    columns: &'c [Name],
    values: A,
}

impl<'de, A: SeqAccess<'de>> MapAccess<'de> for NamedValues<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> std::result::Result<Option<K::Value>, A::Error> {
        while let Some((column, others)) = self.columns.split_first() {
            self.columns = others;
            if !column.shadowed {
                let name: StrDeserializer<'_, A::Error> = column.text.as_str().into_deserializer();
                return seed.deserialize(name).map(Some);
            }
            self.values.next_element::<IgnoredAny>()?;
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> std::result::Result<V::Value, A::Error> {
        let value = self.values.next_element_seed(seed)?;
        value.ok_or_else(|| A::Error::custom("a row is shorter than the list of columns"))
    }
}

#[cfg(test)]
mod tests;
