//! The schema of a database as statements, for another one that begins with it.
//!
//! What SQLite makes by itself is left out: its own tables, indexes of constraints, and the tables
//! that virtual ones keep their content in.

use super::Database;
use crate::error::Error;
use crate::statement::Cell;

/// In the order in which they were made, which is one in which they can be made.
const SCHEMA: &str = "SELECT json_group_array(json_object('sql', sql)) FROM (\
    SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL \
    AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT IN \
    (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow') \
    ORDER BY rowid)";

/// By which migrations know where the database stands.
const MIGRATIONS: &str = "SELECT json_group_array(json_object(\
    'sql', 'INSERT INTO d1_migrations (id, name, applied_at) VALUES (?, ?, ?)', \
    'params', json_array(id, name, applied_at))) \
    FROM (SELECT id, name, applied_at FROM d1_migrations ORDER BY id)";

impl Database {
    /// The statements that make an empty database like this one, but for its rows, as the body of a
    /// batch of D1's protocol. Only the rows of `d1_migrations` are among them.
    pub fn schema(&mut self) -> Result<String, Error> {
        let mut statements = self.text(SCHEMA)?;
        if self.has_migrations_table()? {
            let rows = self.text(MIGRATIONS)?;
            if rows != "[]" {
                // The table itself is among the first, so neither is empty.
                statements.pop();
                statements = format!("{statements},{}", rows.trim_start_matches('['));
            }
        }
        Ok(statements)
    }

    pub(super) fn has_migrations_table(&mut self) -> Result<bool, Error> {
        let tables =
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'd1_migrations'";
        Ok(self.number(tables)? > 0)
    }

    pub(super) fn text(&mut self, sql: &str) -> Result<String, Error> {
        self.ask(sql, |cell| match cell {
            Cell::Text(text) => String::from_utf8_lossy(text).into_owned(),
            _ => "[]".to_owned(),
        })
    }
}
