//! The directory's table of databases, in the object's own SQLite.
//!
//! A database that is being deleted keeps its row, marked, until its primary is wiped; only the
//! others hold their names, which the partial index makes unique.

use isolite_protocol::directory::{DatabaseList, DatabaseRecord, ListPage};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use worker::{Result, Storage};

use super::platform_js::{Parameter, Sql};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS database (
        uuid TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        created_at TEXT NOT NULL, -- ISO 8601 with milliseconds
        version TEXT NOT NULL,
        primary_location_hint TEXT,
        jurisdiction TEXT,
        deleting INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX IF NOT EXISTS database_name ON database (name) WHERE deleting = 0;
    CREATE INDEX IF NOT EXISTS database_deleting ON database (uuid) WHERE deleting = 1;
";

const COLUMNS: &str = "uuid, name, created_at, version, primary_location_hint, jurisdiction";

pub(super) struct DatabaseTable {
    sql: Sql,
}

#[derive(Deserialize)]
struct Count {
    count: u32,
}

impl DatabaseTable {
    /// Creates the table if this object has never had one.
    pub fn open(storage: &Storage) -> Result<Self> {
        let table = Self { sql: Sql::of(storage) };
        table.sql.exec(SCHEMA, &[])?;
        Ok(table)
    }

    pub fn insert(&self, record: &DatabaseRecord) -> Result<()> {
        let hint = record.primary_location_hint.map(|hint| hint.as_str());
        let jurisdiction = record.jurisdiction.map(|jurisdiction| jurisdiction.as_str());
        let parameters = [
            Parameter::Text(&record.uuid),
            Parameter::Text(&record.name),
            Parameter::Text(&record.created_at),
            Parameter::Text(&record.version),
            hint.map_or(Parameter::Null, Parameter::Text),
            jurisdiction.map_or(Parameter::Null, Parameter::Text),
        ];
        let sql = format!("INSERT INTO database ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)");
        self.sql.exec(&sql, &parameters)
    }

    pub fn by_name(&self, name: &str) -> Result<Option<DatabaseRecord>> {
        self.one("name = ? AND deleting = 0", name)
    }

    pub fn by_id(&self, id: &str) -> Result<Option<DatabaseRecord>> {
        self.one("uuid = ? AND deleting = 0", id)
    }

    /// Oldest first, so that a database created meanwhile shifts no page.
    pub fn list(&self, page: &ListPage) -> Result<DatabaseList> {
        let part = Parameter::Text(page.name.as_deref().unwrap_or_default());
        let filter = "deleting = 0 AND instr(name, ?) > 0";
        let sql = format!(
            "SELECT {COLUMNS} FROM database WHERE {filter}
             ORDER BY created_at, uuid LIMIT {} OFFSET {}",
            page.per_page,
            page.offset()
        );
        let databases: Vec<DatabaseRecord> = self.sql.query(&sql, &[part])?;
        let sql = format!("SELECT count(*) AS count FROM database WHERE {filter}");
        let total: Vec<Count> = self.sql.query(&sql, &[part])?;
        Ok(DatabaseList {
            count: u32::try_from(databases.len()).unwrap_or(u32::MAX),
            databases,
            page: page.page,
            per_page: page.per_page,
            total_count: total.first().map_or(0, |total| total.count),
        })
    }

    pub fn mark_deleting(&self, id: &str) -> Result<()> {
        self.sql.exec("UPDATE database SET deleting = 1 WHERE uuid = ?", &[Parameter::Text(id)])
    }

    /// Some of those that are marked.
    pub fn deleting(&self, count_max: u32) -> Result<Vec<DatabaseRecord>> {
        let sql = format!("SELECT {COLUMNS} FROM database WHERE deleting = 1 LIMIT {count_max}");
        self.sql.query(&sql, &[])
    }

    /// Removes a marked row for good.
    pub fn remove(&self, id: &str) -> Result<()> {
        let sql = "DELETE FROM database WHERE uuid = ? AND deleting = 1";
        self.sql.exec(sql, &[Parameter::Text(id)])
    }

    fn one<T: DeserializeOwned>(&self, condition: &str, value: &str) -> Result<Option<T>> {
        let sql = format!("SELECT {COLUMNS} FROM database WHERE {condition}");
        Ok(self.sql.query(&sql, &[Parameter::Text(value)])?.pop())
    }
}
