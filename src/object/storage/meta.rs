//! What is kept of a database besides its pages: one row each of `meta`.

use isolite_core::{StorageError, Tag};

use crate::object::sql_js::{Bound, Storage as ObjectSql};

pub(super) const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BLOB NOT NULL)";

impl ObjectSql {
    /// The tag of the database that is kept here, if it has one yet.
    pub(crate) fn tag(&self) -> Result<Option<Tag>, StorageError> {
        let bytes = self.value("tag")?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(|it| Tag(u64::from_be_bytes(it))))
    }

    pub(crate) fn set_tag(&self, tag: Tag) -> Result<(), StorageError> {
        self.set_value("tag", &tag.0.to_be_bytes())
    }

    /// What the directory has told of the database's settings, as JSON.
    pub(crate) fn settings(&self) -> Result<Option<Vec<u8>>, StorageError> {
        // It may be asked for before the database was opened.
        self.run(TABLE, &[])?;
        self.value("settings")
    }

    pub(crate) fn set_settings(&self, settings: &[u8]) -> Result<(), StorageError> {
        self.set_value("settings", settings)
    }

    /// Whether the database is closed, since it was deleted but can still be restored.
    pub(crate) fn is_closed(&self) -> Result<bool, StorageError> {
        Ok(self.value("closed")?.is_some())
    }

    pub(crate) fn set_closed(&self, closed: bool) -> Result<(), StorageError> {
        match closed {
            true => self.set_value("closed", &[1]),
            false => {
                self.run(TABLE, &[])?;
                self.run("DELETE FROM meta WHERE key = 'closed'", &[])
            }
        }
    }

    /// Of which epoch it is the primary; None of an object that was not promoted.
    pub(crate) fn epoch(&self) -> Result<Option<u32>, StorageError> {
        let bytes = self.value("epoch")?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes))
    }

    pub(crate) fn set_epoch(&self, epoch: u32) -> Result<(), StorageError> {
        self.set_value("epoch", &epoch.to_be_bytes())
    }

    /// What it was told that is to be the primary, as JSON, until it is.
    pub(crate) fn promotion(&self) -> Result<Option<Vec<u8>>, StorageError> {
        self.value("promotion")
    }

    pub(crate) fn set_promotion(&self, new: Option<&[u8]>) -> Result<(), StorageError> {
        match new {
            Some(new) => self.set_value("promotion", new),
            None => self.run("DELETE FROM meta WHERE key = 'promotion'", &[]),
        }
    }

    /// The number of its first interval, if that is not 1.
    pub(crate) fn first_interval(&self) -> Result<Option<u32>, StorageError> {
        let bytes = self.value("first_interval")?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes))
    }

    pub(crate) fn set_first_interval(&self, number: u32) -> Result<(), StorageError> {
        self.set_value("first_interval", &number.to_be_bytes())
    }

    /// The primary before this one, as JSON.
    pub(crate) fn before(&self) -> Result<Option<Vec<u8>>, StorageError> {
        self.value("before")
    }

    pub(crate) fn set_before(&self, before: &[u8]) -> Result<(), StorageError> {
        self.set_value("before", before)
    }

    /// For whom it has made way as the primary, as JSON.
    pub(crate) fn fence(&self) -> Result<Option<Vec<u8>>, StorageError> {
        self.value("fence")
    }

    pub(crate) fn set_fence(&self, fence: &[u8]) -> Result<(), StorageError> {
        self.set_value("fence", fence)
    }

    /// Whether anything was ever kept here, without leaving a trace where there was not.
    pub(crate) fn is_blank(&self) -> Result<bool, StorageError> {
        let mut blank = true;
        self.query("SELECT 1 FROM sqlite_schema WHERE name = 'meta'", &[], |_| {
            blank = false;
            Ok::<(), StorageError>(())
        })?;
        Ok(blank)
    }

    /// What batons of its streams are signed with, if there were any yet.
    #[cfg(feature = "entry")]
    pub(crate) fn baton_secret(&self) -> Result<Option<Vec<u8>>, StorageError> {
        self.value("baton_secret")
    }

    #[cfg(feature = "entry")]
    pub(crate) fn set_baton_secret(&self, secret: &[u8]) -> Result<(), StorageError> {
        self.set_value("baton_secret", secret)
    }

    /// The newest job, as JSON.
    pub(crate) fn job(&self) -> Result<Option<Vec<u8>>, StorageError> {
        // It may be asked for before the database was opened.
        self.run(TABLE, &[])?;
        self.value("job")
    }

    pub(crate) fn set_job(&self, job: &[u8]) -> Result<(), StorageError> {
        self.set_value("job", job)
    }

    /// How far the backup is, as JSON.
    pub(crate) fn backup(&self) -> Result<Option<Vec<u8>>, StorageError> {
        self.value("backup")
    }

    pub(crate) fn set_backup(&self, kept: &[u8]) -> Result<(), StorageError> {
        self.set_value("backup", kept)
    }

    fn value(&self, key: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let mut value = None;
        // A key is one of the few above: text is not bound.
        let select = format!("SELECT value FROM meta WHERE key = '{key}'");
        self.query(&select, &[], |row| {
            value = Some(row.bytes(0));
            Ok::<(), StorageError>(())
        })?;
        Ok(value)
    }

    fn set_value(&self, key: &str, value: &[u8]) -> Result<(), StorageError> {
        self.run(TABLE, &[])?;
        let sql = format!("INSERT OR REPLACE INTO meta VALUES ('{key}', ?)");
        self.run(&sql, &[Bound::Bytes(value)])
    }
}
