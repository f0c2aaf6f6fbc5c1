//! The rows of one table, found again by their key from one piece to the next.
//!
//! A key of several columns, each ascending or descending, is sought column by column from the last
//! one: first what follows with all but the last column alike, then with all but the last two, and so
//! on. Each of these is a range of the index, read in its order, so nothing is sorted or skipped.

use super::cursor::{DumpCursor, Key, KeyValue};
use super::literal::write_literal;
use super::output::Output;
use crate::database::Database;
use crate::error::Error;
use crate::statement::Statement;

/// Rows to be read, and the statement that holds them.
#[derive(Default)]
pub(super) struct Rows {
    /// Expressions of what is written.
    pub(super) columns: Vec<String>,
    pub(super) from: String,
    pub(super) filter: Option<String>,
    /// What the rows are ordered by. Where there is nothing to seek by, they are counted.
    pub(super) key: Vec<KeyColumn>,
    pub(super) form: Form,
}

pub(super) struct KeyColumn {
    pub(super) expression: String,
    pub(super) descending: bool,
}

impl KeyColumn {
    pub(super) fn ascending(expression: &str) -> KeyColumn {
        KeyColumn { expression: expression.to_owned(), descending: false }
    }
}

/// How a statement is written around its rows.
#[derive(Default)]
pub(super) struct Form {
    pub(super) open: String,
    pub(super) row: [&'static str; 2],
    pub(super) close: &'static str,
}

impl Form {
    pub(super) fn insert(into: &str) -> Form {
        Form { open: format!("INSERT INTO {into} VALUES"), row: ["(", ")"], close: ";\n" }
    }
}

impl Rows {
    /// Writes the rows behind the cursor's key until the piece is full; true if there are no more.
    /// The key becomes that of the last row.
    pub(super) fn write(
        &self,
        database: &Database,
        cursor: &mut DumpCursor,
        out: &mut Output,
    ) -> Result<bool, Error> {
        let after = cursor.key.take();
        let mut row_count = match after.as_deref() {
            Some([KeyValue::Integer(count)]) => *count,
            _ => 0,
        };
        let mut row_text = vec![];
        for (sql, key) in self.queries(after.as_ref()) {
            let values: Vec<_> = key.iter().map(KeyValue::cell).collect();
            database.each_row(&sql, &values, |row| {
                row_count = row_count.saturating_add(1);
                row_text.clear();
                self.write_row(row, &mut row_text);
                out.row(&self.form, &row_text, self.columns.len());
                if out.is_full() {
                    cursor.key = Some(self.key_of(row, row_count));
                }
                Ok(!out.is_full())
            })?;
            if out.is_full() {
                break;
            }
        }
        out.end_rows(&self.form);
        Ok(cursor.key.is_none())
    }

    fn write_row(&self, row: &Statement, out: &mut Vec<u8>) {
        out.extend_from_slice(self.form.row[0].as_bytes());
        for index in 0..self.columns.len() {
            if index > 0 {
                out.push(b',');
            }
            write_literal(&row.cell(index), out);
        }
        out.extend_from_slice(self.form.row[1].as_bytes());
    }

    fn key_of(&self, row: &Statement, count: i64) -> Key {
        if self.key.is_empty() {
            return vec![KeyValue::Integer(count)];
        }
        let first = self.columns.len();
        (first..first + self.key.len()).map(|index| KeyValue::of(row.cell(index))).collect()
    }

    /// The queries that give the rows behind a key one after another, each with its values.
    fn queries<'k>(&self, after: Option<&'k Key>) -> Vec<(String, &'k [KeyValue])> {
        let Some(after) = after else { return vec![(self.query(None), &[])] };
        if self.key.is_empty() {
            return vec![(self.query(None) + " LIMIT -1 OFFSET ?1", after)];
        }
        let last = self.key.len().min(after.len());
        (0..last).rev().map(|at| (self.query(Some(at)), &after[..=at])).collect()
    }

    #[cfg(test)]
    pub(super) fn all_queries(&self) -> Vec<String> {
        let resumed = (0..self.key.len()).map(Some);
        std::iter::once(None).chain(resumed).map(|at| self.query(at)).collect()
    }

    /// The rows that are alike in the key's first `at` columns, and behind in the next.
    fn query(&self, at: Option<usize>) -> String {
        let keys = self.key.iter().map(|key| key.expression.as_str());
        let selected: Vec<&str> =
            self.columns.iter().map(String::as_str).chain(keys.clone()).collect();
        let mut conditions: Vec<String> = self.filter.iter().cloned().collect();
        if let Some(at) = at {
            let alike = keys.take(at).enumerate();
            conditions.extend(alike.map(|(index, key)| format!("{key} = ?{}", index + 1)));
            let KeyColumn { expression, descending } = &self.key[at];
            let behind = if *descending { "<" } else { ">" };
            conditions.push(format!("{expression} {behind} ?{}", at + 1));
        }
        let ordered =
            self.key.iter().skip(at.unwrap_or(0)).map(|key| {
                format!("{}{}", key.expression, if key.descending { " DESC" } else { "" })
            });
        let ordered: Vec<String> = ordered.collect();
        let mut sql = format!("SELECT {} FROM {}", selected.join(", "), self.from);
        if !conditions.is_empty() {
            sql += &format!(" WHERE {}", conditions.join(" AND "));
        }
        if !ordered.is_empty() {
            sql += &format!(" ORDER BY {}", ordered.join(", "));
        }
        sql
    }
}
