//! Migrations as wrangler applies them: each file once, in order, and noted in D1's own table in the
//! transaction that runs it.
//!
//! So the database itself knows where it stands, and whoever repeats the whole of it goes on where it
//! stopped.

use isolite_protocol::rest::{FailedMigration, Migrated, Migration};
use isolite_protocol::{Query, Request, Value};

use super::{Database, Run};
use crate::error::Error;

/// To the letter as wrangler makes it.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS d1_migrations(\n\
    \t\tid         INTEGER PRIMARY KEY AUTOINCREMENT,\n\
    \t\tname       TEXT UNIQUE,\n\
    \t\tapplied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL\n\
    );";
const NOTE: &str = "INSERT INTO d1_migrations (name) VALUES (?)";

impl Database {
    /// Applies those that the database has not got, up to the first that fails. An error means that
    /// the database itself failed; what is noted was applied.
    pub fn migrate(
        &mut self,
        migrations: &[Migration],
        clock: &dyn Fn() -> f64,
    ) -> Result<Migrated, Error> {
        let known = self.applied()?;
        let mut migrated = Migrated::default();
        for migration in migrations.iter().filter(|it| !known.contains(&it.name)) {
            match self.apply(migration, clock) {
                Ok(()) => migrated.applied.push(migration.name.clone()),
                Err(error @ (Error::Open(_) | Error::Pages(isolite_core::Error::Storage(_)))) => {
                    return Err(error);
                }
                Err(error) => {
                    let (name, error) = (migration.name.clone(), error.to_string());
                    migrated.failed = Some(FailedMigration { name, error });
                    break;
                }
            }
        }
        Ok(migrated)
    }

    fn applied(&mut self) -> Result<Vec<String>, Error> {
        if !self.has_migrations_table()? {
            return Ok(Vec::new());
        }
        let names = self.text("SELECT json_group_array(name) FROM d1_migrations")?;
        // A name may be NULL, which is that of no file.
        let names: Vec<Option<String>> = serde_json::from_str(&names).unwrap_or_default();
        Ok(names.into_iter().flatten().collect())
    }

    fn apply(&mut self, migration: &Migration, clock: &dyn Fn() -> f64) -> Result<(), Error> {
        let [table, note] = [
            Query::new(TABLE, Vec::new()),
            Query::new(NOTE, vec![Value::Text(migration.name.clone())]),
        ];
        let script = Query::new(migration.sql.as_str(), Vec::new());
        let whole = Request::Batch(vec![table.clone(), script, note.clone()]);
        match self.run(&Run::of(&whole, "resultsFormat=NONE", clock, "")) {
            // A file of comments, as some tools begin one.
            Err(Error::NotAStatement) => {
                let noted = Request::Batch(vec![table, note]);
                self.run(&Run::of(&noted, "resultsFormat=NONE", clock, ""))?;
            }
            ran => drop(ran?),
        }
        Ok(())
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

    fn migration(name: &str, sql: &str) -> Migration {
        Migration { name: name.to_owned(), sql: sql.to_owned() }
    }

    fn batch(database: &mut Database, body: &str) {
        let request = Request::decode(body).unwrap();
        let query = "resultsFormat=NONE&numbers=exact";
        database.run(&Run::of(&request, query, &|| 0.0, "")).unwrap();
    }

    #[test]
    fn each_once_and_none_behind_one_that_fails() {
        let mut database = open();
        let files = [
            migration("1.sql", "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)"),
            migration("2.sql", "-- nothing yet"),
            migration("3.sql", "INSERT INTO t VALUES (2); INSERT INTO t VALUES (1)"),
            migration("4.sql", "CREATE TABLE u (a)"),
        ];
        let first = database.migrate(&files, &|| 0.0).unwrap();
        assert_eq!(first.applied, ["1.sql", "2.sql"]);
        let failed = first.failed.unwrap();
        assert_eq!(failed.name, "3.sql");
        assert!(failed.error.starts_with("UNIQUE constraint failed: t.a"), "{}", failed.error);
        assert_eq!(database.number("SELECT count(*) FROM t").unwrap(), 1);

        let mended = [files[0].clone(), migration("3.sql", "INSERT INTO t VALUES (2)")];
        let second = database.migrate(&[&mended[..], &files[3..]].concat(), &|| 0.0).unwrap();
        assert_eq!(second.applied, ["3.sql", "4.sql"]);
        assert_eq!(second.failed, None);
        assert_eq!(database.migrate(&files[3..], &|| 0.0).unwrap(), Migrated::default());
    }

    #[test]
    fn a_schema_makes_another_database_that_knows_its_migrations() {
        let mut template = open();
        let files = [
            migration("1.sql", "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a UNIQUE)"),
            migration(
                "2.sql",
                "CREATE VIRTUAL TABLE f USING fts5(a); CREATE INDEX i ON t (a, id); \
                 CREATE VIEW v AS SELECT a FROM t; CREATE TRIGGER g AFTER INSERT ON t BEGIN \
                 INSERT INTO f VALUES (NEW.a); END; INSERT INTO t (a) VALUES ('x'); ANALYZE",
            ),
        ];
        assert_eq!(template.migrate(&files, &|| 0.0).unwrap().failed, None);
        let schema = template.schema().unwrap();
        let mut made = open();
        batch(&mut made, &schema);
        assert_eq!(made.number("SELECT count(*) FROM t").unwrap(), 0);
        assert_eq!(made.migrate(&files, &|| 0.0).unwrap(), Migrated::default());
        batch(&mut made, r#"[{"sql":"INSERT INTO t (a) VALUES ('y')"}]"#);
        assert_eq!(made.number("SELECT count(*) FROM f WHERE f MATCH 'y'").unwrap(), 1);
        assert_eq!(made.schema().unwrap(), schema);
        assert_eq!(open().schema().unwrap(), "[]");
    }

    #[test]
    fn who_may_only_read_writes_nothing() {
        let mut database = open();
        batch(&mut database, r#"[{"sql":"CREATE TABLE t (a)"}]"#);
        let mut run = |sql: &str| {
            let request = Request::Batch(vec![Query::new(sql, Vec::new())]);
            let run = Run::of(&request, "", &|| 0.0, "").as_read_only();
            database.run(&run).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(run("SELECT * FROM t; PRAGMA table_info(t)"), Ok(()));
        for sql in [
            "INSERT INTO t VALUES (1)",
            "SELECT 1; DELETE FROM t",
            "CREATE TABLE u (a)",
            "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x RETURNING a",
            "INSERT INTO t VALUES (1)",
        ] {
            assert!(run(sql).unwrap_err().starts_with("not authorized to write"), "{sql}");
        }
        assert_eq!(database.number("SELECT count(*) FROM t").unwrap(), 0);
    }
}
