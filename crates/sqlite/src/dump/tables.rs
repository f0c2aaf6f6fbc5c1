//! How the rows of each kind of table are read, and into what they are written.
//!
//! A rowid that no column stands for is written too. Nobody sees it, but a full text index over the
//! table, or whatever an application keeps, refers to rows by it.

use super::cursor::DumpCursor;
use super::full_text::{Content, Module};
use super::output::Output;
use super::plan::{Kind, Object, Plan, Step};
use super::rows::{Form, KeyColumn, Rows};
use super::{DumpOptions, text};
use crate::database::Database;
use crate::error::Error;
use crate::statement::Cell;
use crate::tokens::quoted;

/// The rows of a table, which may be virtual.
pub(super) fn rows(database: &Database, object: &Object) -> Result<Rows, Error> {
    let columns = Columns::of(database, &object.name)?;
    let name = quoted(&object.name);
    match object.kind {
        Kind::Table { has_rowid: true } => rowid_rows(database, &object.name, columns),
        Kind::Table { has_rowid: false } => key_rows(database, &object.name, columns),
        Kind::Virtual(Module::RTree) => Ok(rtree_rows(&object.name, &columns)),
        // The rows of a full text index, which are in order by themselves.
        _ => Ok(with_rowid("rowid", name.clone(), &name, columns.written)),
    }
}

/// The columns of a table, as its rows are written.
struct Columns {
    /// In quotes, without those that SQLite computes or that a module has for itself.
    written: Vec<String>,
    /// All, as they are called.
    names: Vec<String>,
    /// The one column of the primary key if it is an INTEGER.
    integer_key: Option<String>,
}

impl Columns {
    fn of(database: &Database, table: &str) -> Result<Columns, Error> {
        let mut columns = Columns { written: vec![], names: vec![], integer_key: None };
        let mut key_columns = 0;
        let list = "SELECT name, type, pk, hidden FROM pragma_table_xinfo(?1)";
        database.each_row(list, &[Cell::Text(table.as_bytes())], |row| {
            let name = text(row, 0)?;
            if matches!(row.cell(3), Cell::Integer(0)) {
                columns.written.push(quoted(&name));
            }
            if !matches!(row.cell(2), Cell::Integer(0)) {
                key_columns += 1;
                let integer = text(row, 1)?.eq_ignore_ascii_case("integer");
                columns.integer_key = (integer && key_columns == 1).then(|| name.clone());
            }
            columns.names.push(name);
            Ok(true)
        })?;
        Ok(columns)
    }

    /// What the rowid can be called. A column of the same name hides it.
    fn rowid(&self) -> Option<&'static str> {
        let hides = |word: &str| self.names.iter().any(|name| name.eq_ignore_ascii_case(word));
        ["rowid", "_rowid_", "oid"].into_iter().find(|word| !hides(word))
    }
}

/// How far the rowids of a table are apart, at both ends of which SQLite looks at once. None where
/// they have no name.
pub(super) fn rowid_span(database: &Database, table: &str) -> Result<Option<f64>, Error> {
    let columns = Columns::of(database, table)?;
    let Some(rowid) = columns.rowid() else { return Ok(None) };
    let (name, mut span) = (quoted(table), None);
    let ends = format!(
        "SELECT (SELECT max({rowid}) FROM {name}) - 0.0 - (SELECT min({rowid}) FROM {name})"
    );
    database.each_row(&ends, &[], |row| {
        if let Cell::Real(apart) = row.cell(0) {
            span = Some(apart);
        }
        Ok(true)
    })?;
    Ok(span)
}

fn rowid_rows(database: &Database, table: &str, columns: Columns) -> Result<Rows, Error> {
    let name = quoted(table);
    // No index may be read instead, with rows in another order.
    let from = format!("{name} NOT INDEXED");
    // The key is the rowid if it has no index of its own; `INTEGER PRIMARY KEY DESC` has one.
    if let Some(column) = &columns.integer_key
        && key_index(database, table)?.is_none()
    {
        let key = vec![KeyColumn::ascending(&quoted(column))];
        let form = insert(&name, &columns.written);
        return Ok(Rows { columns: columns.written, from, key, form, filter: None });
    }
    Ok(match columns.rowid() {
        Some(rowid) => with_rowid(rowid, from, &name, columns.written),
        None => {
            let form = insert(&name, &columns.written);
            Rows { columns: columns.written, from, form, ..Rows::default() }
        }
    })
}

/// Rows that are read and written with the rowid, by which they are sought.
fn with_rowid(rowid: &str, from: String, name: &str, mut columns: Vec<String>) -> Rows {
    columns.insert(0, rowid.to_owned());
    let form = insert(name, &columns);
    Rows { columns, from, key: vec![KeyColumn::ascending(rowid)], form, filter: None }
}

/// The rows of a table without rowids, by its primary key.
fn key_rows(database: &Database, table: &str, columns: Columns) -> Result<Rows, Error> {
    let name = quoted(table);
    let Some(index) = key_index(database, table)? else {
        let why = "its primary key was not found";
        return Err(Error::NotDumpable { name: table.to_owned(), why });
    };
    let mut key = vec![];
    let list = "SELECT name, coll, \"desc\" FROM pragma_index_xinfo(?1) WHERE key ORDER BY seqno";
    database.each_row(list, &[Cell::Text(index.as_bytes())], |row| {
        // Of the key, which may compare otherwise than the column.
        let expression = format!("{} COLLATE {}", quoted(&text(row, 0)?), quoted(&text(row, 1)?));
        key.push(KeyColumn { expression, descending: matches!(row.cell(2), Cell::Integer(1)) });
        Ok(true)
    })?;
    let from = format!("{name} INDEXED BY {}", quoted(&index));
    let form = insert(&name, &columns.written);
    Ok(Rows { columns: columns.written, from, key, form, filter: None })
}

/// The index of the primary key, if it has one.
fn key_index(database: &Database, table: &str) -> Result<Option<String>, Error> {
    let mut index = None;
    let list = "SELECT name FROM pragma_index_list(?1) WHERE origin = 'pk'";
    database.each_row(list, &[Cell::Text(table.as_bytes())], |row| {
        index = Some(text(row, 0)?);
        Ok(false)
    })?;
    Ok(index)
}

/// The module finds a box by its id, but not those behind an id: these come from its table of ids.
fn rtree_rows(table: &str, columns: &Columns) -> Rows {
    let name = quoted(table);
    let id = columns.written.first().cloned().unwrap_or_default();
    let ids = quoted(&format!("{table}_rowid"));
    Rows {
        columns: columns.written.iter().map(|column| format!("box.{column}")).collect(),
        from: format!("{ids} AS ids CROSS JOIN {name} AS box ON box.{id} = ids.rowid"),
        key: vec![KeyColumn::ascending("ids.rowid")],
        form: insert(&name, &columns.written),
        filter: None,
    }
}

/// What a full text index was told about itself, as how it ranks. Its version is its own.
pub(super) fn settings(object: &Object) -> Rows {
    let name = quoted(&object.name);
    Rows {
        columns: vec!["k".to_owned(), "v".to_owned()],
        from: quoted(&format!("{}_config", object.name)),
        filter: Some("k <> 'version'".to_owned()),
        key: vec![KeyColumn::ascending("k")],
        form: insert(&name, &[name.clone(), "rank".to_owned()]),
    }
}

/// Fills a full text index from the rows that it refers to. Where it has not all of them, those that
/// it has are named, since a search must not find more than before.
pub(super) fn refill(
    database: &Database,
    object: &Object,
    cursor: &DumpCursor,
    out: &mut Output,
) -> Result<Option<Rows>, Error> {
    let Kind::Virtual(Module::FullText(Content::Other { table, rowid })) = &object.kind else {
        return Ok(None);
    };
    let (name, content) = (quoted(&object.name), format!("{} AS content", quoted(table)));
    let documents = format!("{}_docsize", object.name);
    let id = format!("content.{}", quoted(rowid));
    let filter = format!("id IN (SELECT {id} FROM {content})");
    if cursor.key.is_none() {
        if !exists(database, table)? {
            out.comment(&format!("{name} is left empty: it was over {table}, which is gone"));
            return Ok(None);
        }
        // It may have been told not to keep which rows it has.
        let counts = match exists(database, &documents)? {
            true => Some(count_documents(database, &quoted(&documents), &content, &filter)?),
            false => None,
        };
        if let Some([indexed, _, kept]) = counts
            && kept < indexed
        {
            let lost = indexed - kept;
            out.comment(&format!("{name} had {lost} rows more, which are gone from {table}"));
        }
        if counts.is_none_or(|[_, present, kept]| kept == present) {
            out.statement(&format!("INSERT INTO {name}({name}) VALUES('rebuild');"));
            return Ok(None);
        }
    }
    let columns = Columns::of(database, &object.name)?.written;
    let texts: Vec<String> = columns.iter().map(|column| format!("content.{column}")).collect();
    let open = format!(
        "INSERT INTO {name}(rowid,{}) SELECT {id},{} FROM {content} WHERE {id} IN (",
        columns.join(","),
        texts.join(",")
    );
    Ok(Some(Rows {
        columns: vec!["id".to_owned()],
        from: quoted(&documents),
        filter: Some(filter),
        key: vec![KeyColumn::ascending("id")],
        form: Form { open, row: ["", ""], close: ");\n" },
    }))
}

/// How many rows a full text index has, how many there are, and how many of these it has.
fn count_documents(
    database: &Database,
    documents: &str,
    content: &str,
    filter: &str,
) -> Result<[i64; 3], Error> {
    let mut counts = [0; 3];
    let sql = format!(
        "SELECT (SELECT count(*) FROM {documents}), (SELECT count(*) FROM {content}), \
         (SELECT count(*) FROM {documents} WHERE {filter})"
    );
    database.each_row(&sql, &[], |row| {
        counts = [0, 1, 2].map(|index| match row.cell(index) {
            Cell::Integer(count) => count,
            _ => 0,
        });
        Ok(true)
    })?;
    Ok(counts)
}

pub(super) fn exists(database: &Database, table: &str) -> Result<bool, Error> {
    let mut found = false;
    let sql =
        "SELECT 1 FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE";
    database.each_row(sql, &[Cell::Text(table.as_bytes())], |_| {
        found = true;
        Ok(false)
    })?;
    Ok(found)
}

/// Empties a table of SQLite's own, before its rows are written: of a part of the database only what
/// belongs to that.
pub(super) fn clear(plan: &Plan, step: Step, options: &DumpOptions, out: &mut Output) {
    let (table, of) = match step {
        Step::ClearSequences => ("sqlite_sequence", sequence_filter(plan, options)),
        _ => {
            // It is made by this, of nothing.
            out.statement("ANALYZE sqlite_schema;");
            ("sqlite_stat1", statistics_filter(plan, options))
        }
    };
    let condition = of.map(|of| format!(" WHERE {of}")).unwrap_or_default();
    out.statement(&format!("DELETE FROM {table}{condition};"));
}

pub(super) fn sequences(plan: &Plan, options: &DumpOptions) -> Rows {
    own_rows("sqlite_sequence", &["name", "seq"], sequence_filter(plan, options))
}

pub(super) fn statistics(plan: &Plan, options: &DumpOptions) -> Rows {
    own_rows("sqlite_stat1", &["tbl", "idx", "stat"], statistics_filter(plan, options))
}

fn own_rows(table: &str, columns: &[&str], filter: Option<String>) -> Rows {
    let columns: Vec<String> = columns.iter().map(|column| column.to_string()).collect();
    let form = insert(table, &columns);
    let key = vec![KeyColumn::ascending("rowid")];
    Rows { columns, from: table.to_owned(), filter, key, form }
}

fn sequence_filter(plan: &Plan, options: &DumpOptions) -> Option<String> {
    let names = plan.with_sequences().map(|object| object.name.as_str());
    is_part(options).then(|| one_of("name", names))
}

fn statistics_filter(plan: &Plan, options: &DumpOptions) -> Option<String> {
    is_part(options).then(|| one_of("tbl", plan.table_names()))
}

/// Whether there may be other tables where this is loaded.
fn is_part(options: &DumpOptions) -> bool {
    !options.schema || !options.tables.is_empty()
}

fn one_of<'a>(column: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
    format!("{column} IN ({})", names.join(","))
}

fn insert(table: &str, columns: &[String]) -> Form {
    Form::insert(&format!("{table}({})", columns.join(",")))
}
