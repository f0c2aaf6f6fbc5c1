//! What one request, one transaction and one database may take.
//!
//! A limit ends a statement with an error before the isolate ends it with a crash. Each is a
//! setting, bounded by what the isolate can bear; `docs/limits.md` lists them beside D1's.

use rusqlite::limits::Limit;

/// Bounds of a database, its transactions and its statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the database, in pages.
    pub database_pages_max: u32,
    /// Pages that one transaction may change; they stay in memory until it commits.
    pub transaction_pages_max: usize,
    /// Text of one statement, in bytes.
    pub sql_bytes_max: i32,
    /// One string, blob or row, in bytes.
    pub value_bytes_max: i32,
    /// Parameters of one statement.
    pub params_max: i32,
    /// Columns of a table, an index or a result.
    pub columns_max: i32,
    /// SELECTs joined by UNION and the like.
    pub compound_terms_max: i32,
    /// Pattern of LIKE and GLOB, in bytes. One of more than 2,500 has 2,500 wildcards at most,
    /// whatever is set here (`scripts/sqlite/pattern_depth.patch`).
    pub pattern_bytes_max: i32,
    /// How deep the expressions of a statement may be nested.
    pub expression_depth_max: i32,
    /// How deep triggers may call each other.
    pub trigger_depth_max: i32,
    /// Bytes of the answer to one request.
    pub result_bytes_max: usize,
    /// Steps of SQLite's virtual machine for one request.
    pub steps_max: u64,
    /// Memory that SQLite may hold, in bytes, over all databases of the isolate. What needs more
    /// ends with "out of memory".
    pub heap_bytes_max: i64,
    /// The same, from where on caches of pages no longer grow.
    pub cache_bytes_max: i64,
    /// Prepared statements kept for the next request with the same text.
    pub statements_kept: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            database_pages_max: 2_621_440,
            transaction_pages_max: 6144,
            sql_bytes_max: 1_000_000,
            value_bytes_max: 2_000_000,
            params_max: 32_766,
            columns_max: 2_000,
            compound_terms_max: 500,
            pattern_bytes_max: 50_000,
            expression_depth_max: 100,
            trigger_depth_max: 100,
            result_bytes_max: 24 << 20,
            steps_max: 250_000_000,
            heap_bytes_max: 48 << 20,
            cache_bytes_max: 24 << 20,
            statements_kept: 128,
        }
    }
}

impl Limits {
    /// The defaults, with those in their place that `setting` has for a name. The error is what to
    /// tell whoever made the settings.
    pub fn from_settings(setting: impl Fn(&str) -> Option<String>) -> Result<Limits, String> {
        let mut limits = Limits::default();
        let Limits {
            database_pages_max,
            transaction_pages_max,
            sql_bytes_max,
            value_bytes_max,
            params_max,
            columns_max,
            compound_terms_max,
            pattern_bytes_max,
            expression_depth_max,
            trigger_depth_max,
            result_bytes_max,
            steps_max,
            heap_bytes_max,
            cache_bytes_max,
            statements_kept,
        } = &mut limits;
        let read = |name, from, to| read(&setting, name, from, to);
        set(database_pages_max, read("DATABASE_PAGES_MAX", 16, 2_621_440)?)?;
        set(transaction_pages_max, read("TRANSACTION_PAGES_MAX", 16, 8192)?)?;
        set(sql_bytes_max, read("SQL_BYTES_MAX", 10_000, 4_000_000)?)?;
        set(value_bytes_max, read("VALUE_BYTES_MAX", 100_000, 16_000_000)?)?;
        set(params_max, read("PARAMS_MAX", 1, 32_766)?)?;
        set(columns_max, read("COLUMNS_MAX", 100, 2_000)?)?;
        set(compound_terms_max, read("COMPOUND_TERMS_MAX", 1, 500)?)?;
        set(pattern_bytes_max, read("PATTERN_BYTES_MAX", 50, 50_000)?)?;
        set(expression_depth_max, read("EXPRESSION_DEPTH_MAX", 10, 100)?)?;
        set(trigger_depth_max, read("TRIGGER_DEPTH_MAX", 1, 100)?)?;
        set(result_bytes_max, read("RESULT_BYTES_MAX", 1000, 32 << 20)?)?;
        set(steps_max, read("STEPS_MAX", 1000, 1_000_000_000_000)?)?;
        set(heap_bytes_max, read("HEAP_BYTES_MAX", 4 << 20, 80 << 20)?)?;
        set(cache_bytes_max, read("CACHE_BYTES_MAX", 1 << 20, 64 << 20)?)?;
        set(statements_kept, read("STATEMENTS_KEPT", 1, 10_000)?)?;
        Ok(limits)
    }

    /// Text of one statement of an import, in bytes. A dump has a row in one statement, with two digits
    /// for a byte of a blob at worst.
    pub fn import_sql_bytes_max(&self) -> i32 {
        const BESIDE_VALUES: i32 = 1_000_000;
        self.sql_bytes_max.max(2 * self.value_bytes_max + BESIDE_VALUES)
    }

    /// SQLite's own limits. Those of depth bound recursion: the stack of wasm is 1 MiB, and running
    /// out of it would end the isolate.
    pub(crate) fn of_sqlite(&self) -> [(Limit, i32); 9] {
        [
            (Limit::SQLITE_LIMIT_LENGTH, self.value_bytes_max),
            (Limit::SQLITE_LIMIT_SQL_LENGTH, self.sql_bytes_max),
            (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, self.params_max),
            (Limit::SQLITE_LIMIT_COLUMN, self.columns_max),
            (Limit::SQLITE_LIMIT_COMPOUND_SELECT, self.compound_terms_max),
            (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, self.pattern_bytes_max),
            (Limit::SQLITE_LIMIT_EXPR_DEPTH, self.expression_depth_max),
            (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, self.trigger_depth_max),
            (Limit::SQLITE_LIMIT_ATTACHED, 0),
        ]
    }
}

/// What all names of settings begin with.
const PREFIX: &str = "ISOLITE_";

/// The number that is set under a name, if one is.
fn read(
    setting: impl Fn(&str) -> Option<String>,
    name: &str,
    from: u64,
    to: u64,
) -> Result<Option<u64>, String> {
    let name = format!("{PREFIX}{name}");
    let Some(text) = setting(&name) else { return Ok(None) };
    match text.trim().replace('_', "").parse() {
        Ok(number) if (from..=to).contains(&number) => Ok(Some(number)),
        _ => Err(format!("{name} is '{text}': set it to a whole number from {from} to {to}")),
    }
}

fn set<T: TryFrom<u64>>(limit: &mut T, number: Option<u64>) -> Result<(), String> {
    if let Some(number) = number {
        *limit = T::try_from(number).map_err(|_| format!("{number} is too large"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn what_is_not_set_has_its_default() {
        assert_eq!(Limits::from_settings(|_| None), Ok(Limits::default()));
        let limits = Limits::from_settings(|name| match name {
            "ISOLITE_PARAMS_MAX" => Some("100".to_owned()),
            "ISOLITE_STEPS_MAX" => Some(" 1_000_000 ".to_owned()),
            _ => None,
        });
        let expected = Limits { params_max: 100, steps_max: 1_000_000, ..Limits::default() };
        assert_eq!(limits, Ok(expected));
    }

    #[test]
    fn what_is_set_wrongly_is_told() {
        for text in ["", "x", "-1", "0", "1.5", "32767", "99999999999999999999999"] {
            let setting = |name: &str| (name == "ISOLITE_PARAMS_MAX").then(|| text.to_owned());
            assert_eq!(
                Limits::from_settings(setting),
                Err(format!(
                    "ISOLITE_PARAMS_MAX is '{text}': set it to a whole number from 1 to 32766"
                ))
            );
        }
    }
}
