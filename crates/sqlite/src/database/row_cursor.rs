//! The rows of a statement that only reads, some at a time, however many there are.
//!
//! It has a database of its own, open over a position that does not move: others go on meanwhile.

use isolite_protocol::hrana::proto::{Col, NamedArg, Row, Value};

use super::Database;
use super::stream::{StreamStatement, bind, bytes_of, cols_of, row_of};
use crate::error::Error;
use crate::statement::Statement;

/// A statement under way.
pub struct RowCursor {
    // In this order they are dropped: the statement refers to the values, and is the connection's.
    prepared: Statement,
    _args: Vec<Value>,
    _named_args: Vec<NamedArg>,
    database: Database,
    cols: Vec<Col>,
    /// The statement stands at a row that was not taken.
    row: bool,
}

impl RowCursor {
    /// Begins the one statement of a text.
    pub fn open(
        mut database: Database,
        sql: &str,
        args: &[Value],
        named_args: &[NamedArg],
    ) -> Result<RowCursor, Error> {
        let (args, named_args) = (args.to_vec(), named_args.to_vec());
        let mut prepared = database.prepare_alone(sql)?.statement;
        if !prepared.is_read_only() {
            return Err(Error::ReadOnly);
        }
        // The texts and blobs themselves stay where they are while the lists move.
        let statement =
            StreamStatement { sql, args: &args, named_args: &named_args, want_rows: true };
        bind(&mut prepared, &statement)?;
        let row = prepared.step().map_err(|error| database.explain(error))?;
        let cols = cols_of(&prepared);
        Ok(RowCursor { prepared, _args: args, _named_args: named_args, database, cols, row })
    }

    pub fn cols(&self) -> &[Col] {
        &self.cols
    }

    /// Rows of about so many bytes, one at least if there is one; none behind the last.
    pub fn next(&mut self, bytes: usize) -> Result<Vec<Row>, Error> {
        self.database.shared.error.take();
        self.database.policy.begin(self.database.limits.steps_max);
        let (mut rows, mut taken) = (Vec::new(), 0);
        while self.row && taken < bytes {
            let row = row_of(&self.prepared, self.cols.len());
            taken += bytes_of(&row);
            rows.push(row);
            let step = self.prepared.step();
            self.row = step.map_err(|error| self.database.explain(error))?;
        }
        Ok(rows)
    }

    /// Whether there are more rows.
    pub fn has_more(&self) -> bool {
        self.row
    }
}

#[cfg(test)]
mod tests {
    use isolite_core::Store;
    use isolite_core::memory_storage::MemoryStorage;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::limits::Limits;

    fn open() -> Database {
        let store = Store::open(Box::new(MemoryStorage::default()), 256).unwrap();
        Database::open(store, Limits::default()).unwrap()
    }

    const COUNT: &str = "WITH RECURSIVE t (a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM t LIMIT ?) \
        SELECT a, ? AS text FROM t";

    #[test]
    fn rows_come_in_parts() {
        let text = || Value::Text { value: "x".repeat(100).into() };
        let args = vec![Value::Integer { value: 1_000 }, text()];
        let mut cursor = RowCursor::open(open(), COUNT, &args, &[]).unwrap();
        drop(args);
        assert_eq!(cursor.cols().len(), 2);
        let (mut count, mut parts) = (0, 0);
        while cursor.has_more() {
            let rows = cursor.next(10_000).unwrap();
            assert!(!rows.is_empty() && rows.len() < 100);
            for row in rows {
                count += 1;
                let expected = vec![Value::Integer { value: count }, text()];
                assert_eq!(format!("{:?}", row.values), format!("{expected:?}"));
            }
            parts += 1;
        }
        assert!(count == 1_000 && parts > 10);
        assert!(cursor.next(10_000).unwrap().is_empty());
    }

    #[test]
    fn it_only_reads() {
        for (sql, code) in [
            ("CREATE TABLE t (a)", "BLOCKED"),
            ("nonsense", "SQL_PARSE_ERROR"),
            ("SELECT ?", "ARGS_INVALID"),
            ("SELECT 1; SELECT 2", "SQL_MANY_STATEMENTS"),
        ] {
            let refused = RowCursor::open(open(), sql, &[], &[]).map(|_| ()).unwrap_err();
            assert_eq!(refused.to_hrana().code, code, "{sql}");
        }
    }
}
