//! What of a database is exported, and in which form: from the body of `POST …/export`, in the query
//! part of the URL that it gives out, and in the body that the primary is sent.

use serde::{Deserialize, Serialize};

use super::RestError;
use crate::query_string;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileFormat {
    /// Statements that make the database anew.
    #[default]
    Sql,
    /// SQLite's own file.
    Sqlite,
}

/// Everything, unless told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportOptions {
    pub format: FileFormat,
    pub no_schema: bool,
    pub no_data: bool,
    /// None of them stands for all.
    pub tables: Vec<String>,
}

/// `POST …/export`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportBody {
    pub options: ExportOptions,
    /// The position of an export that was begun before.
    pub at: Option<String>,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    current_bookmark: Option<String>,
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    dump_options: Option<DumpOptions>,
}

#[derive(Default, Deserialize)]
struct DumpOptions {
    #[serde(default)]
    no_schema: Option<bool>,
    #[serde(default)]
    no_data: Option<bool>,
    #[serde(default)]
    tables: Option<Vec<String>>,
}

/// As the primary reads it.
#[derive(Serialize)]
struct Asked<'a> {
    schema: bool,
    data: bool,
    tables: &'a [String],
    #[serde(flatten)]
    piece: Option<Piece<'a>>,
}

#[derive(Serialize)]
struct Piece<'a> {
    cursor: Option<&'a str>,
    bytes_max: usize,
}

impl FileFormat {
    pub fn parse(text: &str) -> Result<Self, RestError> {
        match text {
            "" | "sql" => Ok(FileFormat::Sql),
            "sqlite" => Ok(FileFormat::Sqlite),
            _ => Err(RestError::Malformed(format!("The format {text:?} is none: sql or sqlite"))),
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            FileFormat::Sql => "sql",
            FileFormat::Sqlite => "sqlite",
        }
    }

    /// Of a file, by what it begins with.
    pub fn of_content(first: &[u8]) -> Self {
        if first.starts_with(b"SQLite format 3\0") { FileFormat::Sqlite } else { FileFormat::Sql }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            FileFormat::Sql => "application/sql",
            FileFormat::Sqlite => "application/vnd.sqlite3",
        }
    }
}

impl ExportBody {
    pub fn decode(body: &str) -> Result<Self, RestError> {
        let fields: Fields = serde_json::from_str(body).map_err(|error| {
            let form = r#"{"output_format": "polling"}"#;
            RestError::Malformed(format!("The body must be {form}: {error}"))
        })?;
        let dump = fields.dump_options.unwrap_or_default();
        let options = ExportOptions {
            format: FileFormat::parse(fields.format.as_deref().unwrap_or_default())?,
            no_schema: dump.no_schema.unwrap_or(false),
            no_data: dump.no_data.unwrap_or(false),
            tables: dump.tables.unwrap_or_default(),
        };
        let at = fields.current_bookmark.filter(|at| !at.is_empty());
        Ok(ExportBody { options: options.checked()?, at })
    }
}

impl ExportOptions {
    pub fn from_query(query: &str) -> Result<Self, RestError> {
        let options = ExportOptions {
            format: FileFormat::parse(&query_string::value(query, "format").unwrap_or_default())?,
            no_schema: is_set(query, "no_schema"),
            no_data: is_set(query, "no_data"),
            tables: query_string::values(query, "table").collect(),
        };
        options.checked()
    }

    pub fn to_query(&self) -> String {
        let mut query = format!("format={}", self.format.as_str());
        for (set, name) in [(self.no_schema, "no_schema"), (self.no_data, "no_data")] {
            if set {
                query.push_str(&format!("&{name}=true"));
            }
        }
        for table in &self.tables {
            query.push_str(&format!("&table={}", query_string::encode(table)));
        }
        query
    }

    /// The body that begins an export at the primary.
    pub fn to_body(&self) -> String {
        self.encode(None)
    }

    /// The body that asks the primary for a piece of a dump.
    pub fn to_piece_body(&self, cursor: Option<&str>, bytes_max: usize) -> String {
        self.encode(Some(Piece { cursor, bytes_max }))
    }

    fn encode(&self, piece: Option<Piece<'_>>) -> String {
        let (schema, data) = (!self.no_schema, !self.no_data);
        let asked = Asked { schema, data, tables: &self.tables, piece };
        serde_json::to_string(&asked).unwrap_or_default()
    }

    fn checked(self) -> Result<Self, RestError> {
        let refused = |text: &str| Err(RestError::Malformed(text.to_owned()));
        let is_part = self.no_schema || self.no_data || !self.tables.is_empty();
        match self {
            ExportOptions { format: FileFormat::Sqlite, .. } if is_part => refused(
                "A SQLite file is the whole database: leave out no_schema, no_data and tables",
            ),
            ExportOptions { no_schema: true, no_data: true, .. } => {
                refused("With both no_schema and no_data nothing is left to export")
            }
            whole => Ok(whole),
        }
    }
}

fn is_set(query: &str, name: &str) -> bool {
    query_string::raw(query, name).is_some_and(|value| !matches!(value, "0" | "false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrangler_sends() {
        let first = r#"{"output_format":"polling","dump_options":{"no_schema":false,"no_data":false,"tables":[]}}"#;
        let body = ExportBody::decode(first).unwrap();
        assert_eq!(body, ExportBody { options: ExportOptions::default(), at: None });
        let next = r#"{"output_format":"polling","dump_options":{"no_schema":true,"no_data":false,"tables":["a b","c"],"compatibility":"d1"},"current_bookmark":"x"}"#;
        let ExportBody { options, at } = ExportBody::decode(next).unwrap();
        assert_eq!(at.as_deref(), Some("x"));
        assert_eq!(options.tables, ["a b", "c"]);
        assert_eq!(options.to_query(), "format=sql&no_schema=true&table=a%20b&table=c");
        assert_eq!(options.to_body(), r#"{"schema":false,"data":true,"tables":["a b","c"]}"#);
        assert_eq!(
            options.to_piece_body(None, 4),
            r#"{"schema":false,"data":true,"tables":["a b","c"],"cursor":null,"bytes_max":4}"#
        );
    }

    #[test]
    fn the_query_part_comes_back() {
        for options in [
            ExportOptions::default(),
            ExportOptions { format: FileFormat::Sqlite, ..ExportOptions::default() },
            ExportOptions {
                no_data: true,
                tables: vec!["a,b&c=d".into(), "\"ü\"".into()],
                ..ExportOptions::default()
            },
        ] {
            assert_eq!(ExportOptions::from_query(&options.to_query()), Ok(options));
        }
        assert_eq!(ExportOptions::from_query("no_data=0"), Ok(ExportOptions::default()));
    }

    #[test]
    fn refusals() {
        for body in [
            "",
            r#"{"format":"csv"}"#,
            r#"{"format":"sqlite","dump_options":{"tables":["a"]}}"#,
            r#"{"dump_options":{"no_data":true,"no_schema":true}}"#,
            r#"{"dump_options":{"tables":"a"}}"#,
        ] {
            assert!(matches!(ExportBody::decode(body), Err(RestError::Malformed(_))), "{body}");
        }
    }

    #[test]
    fn formats_by_content() {
        assert_eq!(FileFormat::of_content(b"SQLite format 3\0\x10\0"), FileFormat::Sqlite);
        for first in [&b""[..], b"SQLite format 3", b"-- SQLite format 3\0"] {
            assert_eq!(FileFormat::of_content(first), FileFormat::Sql);
        }
    }
}
