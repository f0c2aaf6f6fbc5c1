//! The directory's table of databases, in the object's own SQLite.
//!
//! A row is live, or deleted and can still be restored, or it is being wiped. Only live ones hold
//! their names, which the partial index makes unique. What the primary has yet to be told of a row is
//! marked as `pending`, so that the alarm tells it.

use isolite_core::promotion::Register;
use isolite_protocol::directory::{
    DatabaseList, DatabaseRecord, DatabaseSettings, Group, GroupPage, Jurisdiction, ListPage,
    LocationHint, SettingsRevision, TakesOver,
};
use serde::Deserialize;
use worker::{Result, Storage};

use super::platform_js::{Parameter, Sql};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS database (
        uuid TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        created_at TEXT NOT NULL, -- ISO 8601 with milliseconds, as all times
        version TEXT NOT NULL,
        primary_location_hint TEXT,
        jurisdiction TEXT,
        deleting INTEGER NOT NULL DEFAULT 0 -- 0 live, 1 being wiped, 2 deleted
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX IF NOT EXISTS database_name ON database (name) WHERE deleting = 0;
    CREATE INDEX IF NOT EXISTS database_deleting ON database (uuid) WHERE deleting = 1;
";

/// What came later: existing tables get it when they next open.
const ADDED: &str = "
    ALTER TABLE database ADD COLUMN settings TEXT; -- JSON
    ALTER TABLE database ADD COLUMN settings_revision INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE database ADD COLUMN deleted_at TEXT;
    ALTER TABLE database ADD COLUMN purge_at TEXT;
    ALTER TABLE database ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX database_created ON database (created_at, uuid) WHERE deleting = 0;
    CREATE INDEX database_deleted ON database (purge_at) WHERE deleting = 2;
    CREATE INDEX database_pending ON database (uuid) WHERE pending = 1;
";

/// What came after that.
const ADDED_FOR_PROMOTIONS: &str = "
    ALTER TABLE database ADD COLUMN promotions TEXT; -- JSON of a register
    ALTER TABLE database ADD COLUMN takes_over TEXT; -- JSON
    ALTER TABLE database ADD COLUMN former_due TEXT;
    CREATE INDEX database_former_due ON database (former_due) WHERE former_due IS NOT NULL;
";

const COLUMNS: &str = "uuid, name, created_at, version, primary_location_hint, jurisdiction, \
    settings, settings_revision, deleted_at, purge_at, promotions";

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Live = 0,
    /// Its primary and its replicas are being wiped, after which the row goes. A database that is
    /// being made from a template begins so, and ends so if that fails.
    BeingWiped = 1,
    /// Closed, and can be restored.
    Deleted = 2,
}

pub(super) struct DatabaseTable {
    sql: Sql,
}

/// As the columns have it.
#[derive(Deserialize)]
struct DatabaseRow {
    uuid: String,
    name: String,
    created_at: String,
    version: String,
    primary_location_hint: Option<LocationHint>,
    jurisdiction: Option<Jurisdiction>,
    settings: Option<String>,
    settings_revision: f64,
    deleted_at: Option<String>,
    purge_at: Option<String>,
    promotions: Option<String>,
}

#[derive(Deserialize)]
struct Promotions {
    promotions: Option<String>,
    takes_over: Option<String>,
}

#[derive(Deserialize)]
struct Count {
    count: u32,
}

#[derive(Deserialize)]
struct Time {
    at: Option<String>,
}

impl DatabaseTable {
    /// Creates the table if this object has never had one, and adds what it lacks. Once a start.
    pub fn set_up(storage: &Storage) -> Result<()> {
        let sql = Sql::of(storage);
        sql.exec(SCHEMA, &[])?;
        for (column, added) in [("purge_at", ADDED), ("promotions", ADDED_FOR_PROMOTIONS)] {
            let has = format!(
                "SELECT count(*) AS count FROM sqlite_schema
                 WHERE name = 'database' AND sql LIKE '%{column}%'"
            );
            let found: Vec<Count> = sql.query(&has, &[])?;
            if found.first().is_none_or(|found| found.count == 0) {
                sql.exec(added, &[])?;
            }
        }
        Ok(())
    }

    pub fn of(storage: &Storage) -> Self {
        Self { sql: Sql::of(storage) }
    }

    pub fn insert(&self, record: &DatabaseRecord, standing: Standing, pending: bool) -> Result<()> {
        let hint = record.primary_location_hint.map(|hint| hint.as_str());
        let jurisdiction = record.jurisdiction.map(|jurisdiction| jurisdiction.as_str());
        let settings = settings_text(&record.settings)?;
        let parameters = [
            Parameter::Text(&record.uuid),
            Parameter::Text(&record.name),
            Parameter::Text(&record.created_at),
            Parameter::Text(&record.version),
            Parameter::of(hint),
            Parameter::of(jurisdiction),
            Parameter::of(settings.as_deref()),
        ];
        let sql = format!(
            "INSERT INTO database (uuid, name, created_at, version, primary_location_hint,
                jurisdiction, settings, settings_revision, deleting, pending)
             VALUES (?, ?, ?, ?, ?, ?, ?, {}, {}, {})",
            record.settings_revision,
            standing as u8,
            u8::from(pending),
        );
        self.sql.exec(&sql, &parameters)
    }

    pub fn by_name(&self, name: &str) -> Result<Option<DatabaseRecord>> {
        self.one("name = ? AND deleting = 0", name)
    }

    pub fn by_id(&self, id: &str) -> Result<Option<DatabaseRecord>> {
        self.one("uuid = ? AND deleting = 0", id)
    }

    /// With what it is.
    pub fn any_by_id(&self, id: &str) -> Result<Option<(DatabaseRecord, Standing)>> {
        for standing in [Standing::Live, Standing::Deleted, Standing::BeingWiped] {
            let condition = format!("uuid = ? AND deleting = {}", standing as u8);
            if let Some(record) = self.one(&condition, id)? {
                return Ok(Some((record, standing)));
            }
        }
        Ok(None)
    }

    /// Oldest first, so that a database created meanwhile shifts no page.
    pub fn list(&self, page: &ListPage) -> Result<DatabaseList> {
        let standing = if page.deleted { Standing::Deleted } else { Standing::Live } as u8;
        let mut filter = format!("deleting = {standing}");
        let part = page.name.as_deref().map(Parameter::Text);
        if part.is_some() {
            filter += " AND instr(name, ?) > 0";
        }
        let part = part.as_slice();
        let sql = format!(
            "SELECT {COLUMNS} FROM database WHERE {filter}
             ORDER BY created_at, uuid LIMIT {} OFFSET {}",
            page.per_page,
            page.offset()
        );
        let databases = self.records(&sql, part)?;
        let sql = format!("SELECT count(*) AS count FROM database WHERE {filter}");
        Ok(DatabaseList {
            count: u32::try_from(databases.len()).unwrap_or(u32::MAX),
            databases,
            page: page.page,
            per_page: page.per_page,
            total_count: self.count(&sql, part)?,
        })
    }

    /// By the index of names alone.
    pub fn group(&self, page: &GroupPage) -> Result<Group> {
        let GroupPage { prefix, after, limit } = page;
        // Names are ASCII, so this is behind every name with the prefix.
        let end = format!("{prefix}\u{7f}");
        let parameters = [
            Parameter::Text(prefix),
            Parameter::Text(&end),
            Parameter::Text(after.as_deref().unwrap_or_default()),
        ];
        let filter = "deleting = 0 AND name >= ? AND name < ? AND name > ?";
        let sql =
            format!("SELECT {COLUMNS} FROM database WHERE {filter} ORDER BY name LIMIT {limit}");
        let databases = self.records(&sql, &parameters)?;
        let sql = format!("SELECT count(*) AS count FROM database WHERE {filter}");
        let remaining = self.count(&sql, &parameters)?;
        let more = remaining as usize > databases.len();
        let next = databases.last().filter(|_| more).map(|record| record.name.clone());
        Ok(Group { databases, remaining, next })
    }

    /// Marks a row; what it is told of its deletion goes.
    pub fn stand(&self, id: &str, standing: Standing) -> Result<()> {
        let sql = format!(
            "UPDATE database SET deleting = {}, deleted_at = NULL, purge_at = NULL, pending = 0
             WHERE uuid = ?",
            standing as u8
        );
        self.sql.exec(&sql, &[Parameter::Text(id)])
    }

    /// Deletes a row that can be restored until then; its primary is yet to be closed.
    pub fn delete(&self, id: &str, deleted_at: &str, purge_at: &str) -> Result<()> {
        let sql = "UPDATE database SET deleting = 2, deleted_at = ?, purge_at = ?, pending = 1
            WHERE uuid = ?";
        let parameters = [deleted_at, purge_at, id].map(Parameter::Text);
        self.sql.exec(sql, &parameters)
    }

    pub fn rename(&self, id: &str, name: &str) -> Result<()> {
        let sql = "UPDATE database SET name = ? WHERE uuid = ?";
        self.sql.exec(sql, &[name, id].map(Parameter::Text))
    }

    /// Sets settings, of which the primary is yet to be told.
    pub fn set(&self, id: &str, to: &SettingsRevision) -> Result<()> {
        let text = settings_text(&to.settings)?;
        let sql = format!(
            "UPDATE database SET settings = ?, settings_revision = {}, pending = 1 WHERE uuid = ?",
            to.revision
        );
        let settings = Parameter::of(text.as_deref());
        self.sql.exec(&sql, &[settings, Parameter::Text(id)])
    }

    /// Who is its primary, and who is to be.
    pub fn register(&self, id: &str) -> Result<Register> {
        let text = self.promotions(id)?.and_then(|found| found.promotions);
        Ok(text.map_or(Ok(Register::default()), |text| serde_json::from_str(&text))?)
    }

    /// What a candidate takes over from, if the primary is out of reach.
    pub fn takes_over(&self, id: &str) -> Result<Option<TakesOver>> {
        let text = self.promotions(id)?.and_then(|found| found.takes_over);
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    fn promotions(&self, id: &str) -> Result<Option<Promotions>> {
        let sql = "SELECT promotions, takes_over FROM database WHERE uuid = ?";
        Ok(self.sql.query(sql, &[Parameter::Text(id)])?.pop())
    }

    pub fn set_register(&self, id: &str, register: &Register) -> Result<()> {
        let sql = "UPDATE database SET promotions = ? WHERE uuid = ?";
        let text = serde_json::to_string(register)?;
        self.sql.exec(sql, &[&text, id].map(Parameter::Text))
    }

    pub fn set_takes_over(&self, id: &str, from: Option<&TakesOver>) -> Result<()> {
        let sql = "UPDATE database SET takes_over = ? WHERE uuid = ?";
        let text = from.map(serde_json::to_string).transpose()?;
        self.sql.exec(sql, &[Parameter::of(text.as_deref()), Parameter::Text(id)])
    }

    /// The primary is in that region from now on, and there is something left to do. The old one is kept
    /// until then, and looked after as the one before if there is one still.
    pub fn promote(
        &self,
        id: &str,
        register: &Register,
        region: Option<&str>,
        former_due: &str,
    ) -> Result<()> {
        let sql = "UPDATE database SET promotions = ?, primary_location_hint = ?,
            former_due = coalesce(former_due, ?), pending = 1 WHERE uuid = ?";
        let text = serde_json::to_string(register)?;
        let parameters = [
            Parameter::Text(&text),
            Parameter::of(region),
            Parameter::Text(former_due),
            Parameter::Text(id),
        ];
        self.sql.exec(sql, &parameters)
    }

    /// When old primaries are to be looked after next.
    pub fn set_former_due(&self, id: &str, at: Option<&str>) -> Result<()> {
        let sql = "UPDATE database SET former_due = ? WHERE uuid = ?";
        self.sql.exec(sql, &[Parameter::of(at), Parameter::Text(id)])
    }

    /// Some of those whose old primaries are to go.
    pub fn former_due(&self, now: &str, count_max: u32) -> Result<Vec<DatabaseRecord>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM database WHERE former_due <= ? AND deleting <> 1
             ORDER BY former_due LIMIT {count_max}"
        );
        self.records(&sql, &[Parameter::Text(now)])
    }

    /// Marks that the primary has, or has not, yet to be told.
    pub fn set_pending(&self, id: &str, pending: bool) -> Result<()> {
        let sql = format!("UPDATE database SET pending = {} WHERE uuid = ?", u8::from(pending));
        self.sql.exec(&sql, &[Parameter::Text(id)])
    }

    pub fn is_pending(&self, id: &str) -> Result<bool> {
        let sql = "SELECT count(*) AS count FROM database WHERE uuid = ? AND pending = 1";
        Ok(self.count(sql, &[Parameter::Text(id)])? > 0)
    }

    /// Some of those for the alarm, any, so that none is kept from its turn: that are being wiped, or of which the primary has to be told.
    pub fn unfinished(&self, count_max: u32) -> Result<Vec<DatabaseRecord>> {
        let sql = format!(
            "SELECT * FROM (SELECT {COLUMNS} FROM database WHERE deleting = 1
             UNION ALL SELECT {COLUMNS} FROM database WHERE pending = 1)
             ORDER BY random() LIMIT {count_max}"
        );
        self.records(&sql, &[])
    }

    pub fn has_unfinished(&self) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM database WHERE deleting = 1)
            OR EXISTS (SELECT 1 FROM database WHERE pending = 1) AS count";
        Ok(self.count(sql, &[])? > 0)
    }

    /// Some of those that can no longer be restored.
    pub fn due(&self, now: &str, count_max: u32) -> Result<Vec<DatabaseRecord>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM database WHERE deleting = 2 AND purge_at <= ?
             ORDER BY purge_at LIMIT {count_max}"
        );
        self.records(&sql, &[Parameter::Text(now)])
    }

    /// When the next can no longer, or old primaries are to go.
    pub fn next_due(&self) -> Result<Option<String>> {
        let sql = "SELECT min(at) AS at FROM (
            SELECT min(purge_at) AS at FROM database WHERE deleting = 2
            UNION ALL SELECT min(former_due) FROM database WHERE former_due IS NOT NULL)";
        let found: Vec<Time> = self.sql.query(sql, &[])?;
        Ok(found.into_iter().next().and_then(|time| time.at))
    }

    /// Removes a row that was being wiped, for good.
    pub fn remove(&self, id: &str) -> Result<()> {
        let sql = "DELETE FROM database WHERE uuid = ? AND deleting = 1";
        self.sql.exec(sql, &[Parameter::Text(id)])
    }

    fn one(&self, condition: &str, value: &str) -> Result<Option<DatabaseRecord>> {
        let sql = format!("SELECT {COLUMNS} FROM database WHERE {condition}");
        Ok(self.records(&sql, &[Parameter::Text(value)])?.pop())
    }

    fn records(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<DatabaseRecord>> {
        let rows: Vec<DatabaseRow> = self.sql.query(sql, parameters)?;
        rows.into_iter().map(DatabaseRow::into_record).collect()
    }

    fn count(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u32> {
        let found: Vec<Count> = self.sql.query(sql, parameters)?;
        Ok(found.first().map_or(0, |found| found.count))
    }
}

impl DatabaseRow {
    fn into_record(self) -> Result<DatabaseRecord> {
        let settings = self.settings.as_deref().map(serde_json::from_str).transpose()?;
        let register = self.promotions.as_deref().map(serde_json::from_str).transpose()?;
        let epoch = register.map_or(1, |register: Register| register.epoch());
        let hint = self.primary_location_hint;
        let record = DatabaseRecord {
            uuid: self.uuid,
            name: self.name,
            created_at: self.created_at,
            version: self.version,
            primary_location_hint: self.primary_location_hint,
            jurisdiction: self.jurisdiction,
            settings: settings.unwrap_or_default(),
            settings_revision: self.settings_revision as u64,
            deleted_at: self.deleted_at,
            purge_at: self.purge_at,
            ..DatabaseRecord::default()
        };
        Ok(record.promoted(epoch, hint))
    }
}

fn settings_text(settings: &DatabaseSettings) -> Result<Option<String>> {
    if settings.is_default() {
        return Ok(None);
    }
    Ok(Some(serde_json::to_string(settings)?))
}
