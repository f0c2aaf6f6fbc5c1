//! Texts that a client has stored, to name them by number afterwards.

use std::collections::HashMap;
use std::sync::Arc;

use super::{HranaError, proto};

const TEXTS_MAX_OF_STREAM: usize = 50;
const TEXTS_MAX_OF_SOCKET: usize = 150;
const TEXT_BYTES_MAX: usize = 5_000;

/// The texts of one stream, or of one WebSocket.
#[derive(Clone, Debug)]
pub struct StoredSql {
    texts: HashMap<i32, Arc<str>>,
    texts_max: usize,
}

impl Default for StoredSql {
    fn default() -> Self {
        StoredSql { texts: HashMap::new(), texts_max: TEXTS_MAX_OF_STREAM }
    }
}

impl StoredSql {
    /// Those of a WebSocket.
    pub fn of_socket() -> Self {
        StoredSql { texts: HashMap::new(), texts_max: TEXTS_MAX_OF_SOCKET }
    }

    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (i32, &str)> {
        self.texts.iter().map(|(sql_id, sql)| (*sql_id, &**sql))
    }

    /// Stores a text, in the place of one that had its number.
    pub fn store(&mut self, sql_id: i32, sql: &str) -> Result<(), proto::Error> {
        let refuse =
            |code: &str, message: String| Err(proto::Error { message, code: code.to_owned() });
        let texts_max = self.texts_max;
        if self.texts.len() >= texts_max && !self.texts.contains_key(&sql_id) {
            let message = format!("{texts_max} SQL texts are stored already: close some of them");
            return refuse("SQL_STORE_TOO_MANY", message);
        }
        if sql.len() > TEXT_BYTES_MAX {
            let message = format!(
                "The text has {} bytes, and {TEXT_BYTES_MAX} can be stored: send it with each request",
                sql.len()
            );
            return refuse("SQL_STORE_TOO_LARGE", message);
        }
        self.texts.insert(sql_id, sql.into());
        Ok(())
    }

    /// Forgets a text, if there is one.
    pub fn close(&mut self, sql_id: i32) {
        self.texts.remove(&sql_id);
    }

    /// The text that a request gives, or has stored before.
    pub fn text(&self, sql: Option<&str>, sql_id: Option<i32>) -> Result<Arc<str>, HranaError> {
        match (sql, sql_id) {
            (Some(sql), None) => Ok(sql.into()),
            (None, Some(sql_id)) => {
                self.texts.get(&sql_id).cloned().ok_or(HranaError::SqlNotStored { sql_id })
            }
            _ => Err(HranaError::SqlOrId),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_by_number() {
        let mut stored = StoredSql::default();
        stored.store(1, "SELECT 1").unwrap();
        stored.store(1, "SELECT 2").unwrap();
        assert_eq!(&*stored.text(None, Some(1)).unwrap(), "SELECT 2");
        assert_eq!(&*stored.text(Some("x"), None).unwrap(), "x");
        assert_eq!(stored.text(Some("x"), Some(1)), Err(HranaError::SqlOrId));
        assert_eq!(stored.text(None, None), Err(HranaError::SqlOrId));
        stored.close(1);
        assert_eq!(stored.text(None, Some(1)), Err(HranaError::SqlNotStored { sql_id: 1 }));
    }

    #[test]
    fn bounds() {
        let mut stored = StoredSql::default();
        for sql_id in 0..50 {
            stored.store(sql_id, "").unwrap();
        }
        assert_eq!(stored.store(50, "").unwrap_err().code, "SQL_STORE_TOO_MANY");
        stored.store(49, &"x".repeat(5_000)).unwrap();
        let error = stored.store(49, &"x".repeat(5_001)).unwrap_err();
        assert_eq!(error.code, "SQL_STORE_TOO_LARGE");
    }
}
