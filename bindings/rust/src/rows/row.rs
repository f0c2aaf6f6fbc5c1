//! A row as a map from column to value, made on the fly from the array it travels as.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::value::RawValue;

use super::cell::{Cell, CellSeed};

/// The names of the columns.
pub(super) struct Columns {
    names: Vec<String>,
    /// Where a name comes more than once: the place of each name, and the place of its value. The
    /// last of a name counts, but stands where the first does, as in an object of JavaScript.
    picked: Option<Vec<(usize, usize)>>,
}

impl Columns {
    pub fn new(names: Vec<String>) -> Self {
        let place_of = |(at, name): (usize, &String)| {
            let mut same = (0..names.len()).filter(|&each| names.get(each) == Some(name));
            let first = same.next().filter(|&first| first == at)?;
            Some((first, same.next_back().unwrap_or(first)))
        };
        let places: Vec<(usize, usize)> = names.iter().enumerate().filter_map(place_of).collect();
        let picked = (places.len() < names.len()).then_some(places);
        Self { names, picked }
    }

    /// The place of the value that a name stands for.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().rposition(|column| column == name)
    }
}

/// Decodes one row.
pub(super) struct RowSeed<'c, T>(pub &'c Columns, pub PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for RowSeed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for RowSeed<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<T, A::Error> {
        let Columns { names, picked } = self.0;
        let Some(picked) = picked else {
            return T::deserialize(MapAccessDeserializer::new(Named { names, values }));
        };
        let mut texts: Vec<&'de RawValue> = Vec::with_capacity(names.len());
        while let Some(text) = values.next_element()? {
            texts.push(text);
        }
        let row = Picked { names, picked, texts, value: None };
        T::deserialize(MapAccessDeserializer::new(row)).map_err(A::Error::custom)
    }
}

/// A row's values under their columns' names.
struct Named<'c, A> {
    names: &'c [String],
    values: A,
}

impl<'de, A: SeqAccess<'de>> MapAccess<'de> for Named<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some((name, others)) = self.names.split_first() else { return Ok(None) };
        self.names = others;
        let name: StrDeserializer<'_, A::Error> = name.as_str().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        let value = self.values.next_element_seed(CellSeed(seed))?;
        value.ok_or_else(too_short)
    }
}

/// The same where a name comes more than once.
struct Picked<'c, 'de> {
    names: &'c [String],
    picked: &'c [(usize, usize)],
    texts: Vec<&'de RawValue>,
    value: Option<&'de RawValue>,
}

impl<'de> MapAccess<'de> for Picked<'_, 'de> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Self::Error> {
        let Some((&(first, last), others)) = self.picked.split_first() else { return Ok(None) };
        self.picked = others;
        self.value = self.texts.get(last).copied();
        let name = self.names.get(first).map_or("", String::as_str);
        let name: StrDeserializer<'_, Self::Error> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Self::Error> {
        let text = self.value.take().ok_or_else(too_short::<Self::Error>)?;
        seed.deserialize(Cell(&mut serde_json::Deserializer::from_str(text.get())))
    }
}

fn too_short<E: Error>() -> E {
    E::custom("a row is shorter than the list of columns")
}
