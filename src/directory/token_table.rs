//! The directory's table of tokens. Only the hash of each is kept, by which it is found.

use isolite_protocol::directory::{HashedToken, Right, Scope, TokenRecord};
use serde::Deserialize;
use worker::{Result, Storage};

use super::platform_js::{Parameter, Sql};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS token (
        hash TEXT PRIMARY KEY, -- SHA-256, as hex
        id TEXT NOT NULL UNIQUE,
        name TEXT,
        last_four TEXT NOT NULL,
        database TEXT, -- an id; NULL for all
        access TEXT NOT NULL,
        created_at TEXT NOT NULL,
        expires_at TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS token_database ON token (database) WHERE database IS NOT NULL;
";

const COLUMNS: &str = "id, name, last_four, database, access, created_at, expires_at";

/// What an administrator can look through.
const LISTED_MAX: u32 = 10_000;

pub(super) struct TokenTable {
    sql: Sql,
}

#[derive(Deserialize)]
struct TokenRow {
    id: String,
    name: Option<String>,
    last_four: String,
    database: Option<String>,
    access: Right,
    created_at: String,
    expires_at: Option<String>,
}

impl TokenTable {
    pub fn set_up(storage: &Storage) -> Result<()> {
        Sql::of(storage).exec(SCHEMA, &[])
    }

    pub fn of(storage: &Storage) -> Self {
        Self { sql: Sql::of(storage) }
    }

    pub fn insert(&self, new: &HashedToken) -> Result<()> {
        let TokenRecord { id, name, last_four, scope, created_at, expires_at } = &new.token;
        let access = match scope.access {
            Right::Read => "read",
            Right::Write => "write",
        };
        let parameters = [
            Parameter::Text(&new.hash),
            Parameter::Text(id),
            Parameter::of(name.as_deref()),
            Parameter::Text(last_four),
            Parameter::of(scope.database.as_deref()),
            Parameter::Text(access),
            Parameter::Text(created_at),
            Parameter::of(expires_at.as_deref()),
        ];
        self.sql.exec(
            "INSERT INTO token (hash, id, name, last_four, database, access, created_at, expires_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            &parameters,
        )
    }

    /// The token that has not expired by then.
    pub fn by_hash(&self, hash: &str, now: &str) -> Result<Option<TokenRecord>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM token
             WHERE hash = ? AND (expires_at IS NULL OR expires_at > ?)"
        );
        Ok(self.records(&sql, &[hash, now].map(Parameter::Text))?.pop())
    }

    pub fn list(&self) -> Result<Vec<TokenRecord>> {
        let sql = format!("SELECT {COLUMNS} FROM token ORDER BY created_at, id LIMIT {LISTED_MAX}");
        self.records(&sql, &[])
    }

    /// Whether there was one.
    pub fn revoke(&self, id: &str) -> Result<bool> {
        let sql = format!("DELETE FROM token WHERE id = ? RETURNING {COLUMNS}");
        Ok(!self.records(&sql, &[Parameter::Text(id)])?.is_empty())
    }

    /// Those for one database, which is gone for good.
    pub fn revoke_all(&self, database: &str) -> Result<()> {
        self.sql.exec("DELETE FROM token WHERE database = ?", &[Parameter::Text(database)])
    }

    fn records(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<TokenRecord>> {
        let rows: Vec<TokenRow> = self.sql.query(sql, parameters)?;
        Ok(rows.into_iter().map(TokenRow::into_record).collect())
    }
}

impl TokenRow {
    fn into_record(self) -> TokenRecord {
        let TokenRow { id, name, last_four, database, access, created_at, expires_at } = self;
        let scope = Scope { database, access };
        TokenRecord { id, name, last_four, scope, created_at, expires_at }
    }
}
