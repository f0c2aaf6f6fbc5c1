//! What a dump writes, and in which order.
//!
//! All tables come first, so that a foreign key finds the table that it refers to; then the rows,
//! those of parents before those of children; then what would slow down their loading, as indexes do,
//! or disturb it, as triggers do. Some indexes come before the rows: those that foreign keys refer to,
//! and those of large tables, as SQLite would sort them in memory, of which an isolate has too little.
//! The plan is made anew for each piece, and is the same each time.

use std::collections::{HashMap, HashSet};

use super::full_text::{Content, Module, module_of};
use super::{DumpOptions, tables, text};
use crate::database::Database;
use crate::error::Error;
use crate::statement::Cell;
use crate::tokens::{Tokens, has_word};

/// Size of a database, in pages, up to which none of its tables is large.
const SMALL_PAGES_MAX: u32 = 4096;

/// How far the rowids of a table may be apart that is not large.
const SMALL_ROWIDS_MAX: f64 = 100_000.0;

/// What there is in the schema, and the steps of a dump over it.
pub(super) struct Plan {
    pub(super) objects: Vec<Object>,
    pub(super) steps: Vec<Step>,
}

pub(super) struct Object {
    pub(super) name: String,
    /// The table that an index or a trigger belongs to.
    table: String,
    pub(super) kind: Kind,
    pub(super) sql: String,
}

#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    Table { has_rowid: bool },
    Virtual(Module),
    Index,
    View,
    Trigger,
}

/// One step; the number is that of the object.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Foreign keys are looked at when all is loaded.
    Defer,
    Create(usize),
    Rows(usize),
    /// The settings that a full text index keeps.
    Settings(usize),
    /// A full text index over another table's rows.
    Refill(usize),
    /// The highest ids that AUTOINCREMENT has given.
    ClearSequences,
    Sequences,
    /// What ANALYZE has found.
    ClearStatistics,
    Statistics,
}

/// The tables that a table refers to.
type References = HashMap<usize, Vec<usize>>;

impl Plan {
    pub(super) fn of(database: &Database, options: &DumpOptions) -> Result<Plan, Error> {
        let mut objects = read_objects(database)?;
        select(&mut objects, &options.tables)?;
        let mut plan = Plan { objects, steps: vec![Step::Defer] };
        let references = plan.references(database)?;
        let tables = plan.parents_first(&references);
        let virtuals = plan.numbers(|kind| matches!(kind, Kind::Virtual(_)));
        if options.schema {
            plan.steps.extend(tables.iter().copied().map(Step::Create));
        }
        let mut indexes = plan.numbers(|kind| *kind == Kind::Index && options.schema);
        if options.data {
            plan.push_rows(database, tables, &references, &mut indexes)?;
        }
        for number in virtuals.iter().copied() {
            if options.schema {
                plan.steps.push(Step::Create(number));
            }
            if options.data {
                plan.push_virtual_rows(number);
            }
        }
        plan.steps.extend(indexes.into_iter().map(Step::Create));
        if options.schema {
            plan.push_all(|kind| *kind == Kind::View, Step::Create);
        }
        if options.data {
            // The content may be a view.
            plan.push_all(has_content_elsewhere, Step::Refill);
        }
        if options.schema {
            plan.push_all(|kind| *kind == Kind::Trigger, Step::Create);
        }
        if options.data && tables::exists(database, "sqlite_stat1")? {
            plan.steps.extend([Step::ClearStatistics, Step::Statistics]);
        }
        Ok(plan)
    }

    /// The rows of all ordinary tables, with those of the `indexes` that must be there by then. What is
    /// left of these comes later.
    fn push_rows(
        &mut self,
        database: &Database,
        tables: Vec<usize>,
        references: &References,
        indexes: &mut Vec<usize>,
    ) -> Result<(), Error> {
        // The key that rows of another table refer to may be an index.
        let parents: HashSet<&str> = references
            .values()
            .flatten()
            .map(|parent| self.objects[*parent].name.as_str())
            .collect();
        let is_key = |index: &usize| {
            let Object { table, sql, .. } = &self.objects[*index];
            let unique = Tokens(sql).nth(1).is_some_and(|word| word.eq_ignore_ascii_case("unique"));
            unique && parents.contains(table.as_str())
        };
        let keys: Vec<usize> = indexes.extract_if(.., |index| is_key(index)).collect();
        self.steps.extend(keys.into_iter().map(Step::Create));
        for table in tables {
            if self.is_large(database, table, indexes)? {
                let name = &self.objects[table].name;
                let of_table = |index: &mut usize| self.objects[*index].table == *name;
                let first: Vec<usize> = indexes.extract_if(.., of_table).collect();
                self.steps.extend(first.into_iter().map(Step::Create));
            }
            self.steps.push(Step::Rows(table));
        }
        if self.has_sequences() {
            self.steps.extend([Step::ClearSequences, Step::Sequences]);
        }
        Ok(())
    }

    /// Whether a table with some of the `indexes` may have too many rows for sorting.
    fn is_large(
        &self,
        database: &Database,
        table: usize,
        indexes: &[usize],
    ) -> Result<bool, Error> {
        let Object { name, kind, .. } = &self.objects[table];
        let has_index = indexes.iter().any(|index| self.objects[*index].table == *name);
        if !has_index || database.size_pages() <= SMALL_PAGES_MAX {
            return Ok(false);
        }
        match kind {
            Kind::Table { has_rowid: true } => {
                Ok(tables::rowid_span(database, name)?.is_some_and(|span| span > SMALL_ROWIDS_MAX))
            }
            _ => Ok(true),
        }
    }

    fn push_virtual_rows(&mut self, number: usize) {
        let Kind::Virtual(module) = &self.objects[number].kind else { return };
        match module {
            Module::FullText(Content::Own) => {
                self.steps.extend([Step::Settings(number), Step::Rows(number)]);
            }
            Module::FullText(_) => self.steps.push(Step::Settings(number)),
            Module::RTree => self.steps.push(Step::Rows(number)),
            Module::Vocabulary | Module::Unknown => {}
        }
    }

    fn push_all(&mut self, wanted: impl Fn(&Kind) -> bool, step: fn(usize) -> Step) {
        let numbers = self.numbers(wanted);
        self.steps.extend(numbers.into_iter().map(step));
    }

    fn numbers(&self, wanted: impl Fn(&Kind) -> bool) -> Vec<usize> {
        (0..self.objects.len()).filter(|number| wanted(&self.objects[*number].kind)).collect()
    }

    /// The tables whose ids AUTOINCREMENT gives: without one, there is no table of sequences.
    pub(super) fn with_sequences(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(|object| {
            matches!(object.kind, Kind::Table { .. }) && has_word(&object.sql, "autoincrement")
        })
    }

    fn has_sequences(&self) -> bool {
        self.with_sequences().next().is_some()
    }

    /// The names of all tables, for what is kept by them.
    pub(super) fn table_names(&self) -> impl Iterator<Item = &str> {
        let tables =
            |object: &&Object| matches!(object.kind, Kind::Table { .. } | Kind::Virtual(_));
        self.objects.iter().filter(tables).map(|object| object.name.as_str())
    }

    /// What refers to what, by foreign keys.
    fn references(&self, database: &Database) -> Result<References, Error> {
        let tables = self.numbers(|kind| matches!(kind, Kind::Table { .. }));
        let number = |number: usize| (self.objects[number].name.to_ascii_lowercase(), number);
        let numbers: HashMap<String, usize> = tables.into_iter().map(number).collect();
        let mut references = References::new();
        let list = "SELECT m.name, f.\"table\" FROM sqlite_schema AS m, \
            pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' ORDER BY m.rowid, f.id, f.seq";
        database.each_row(list, &[], |row| {
            let names = (text(row, 0)?.to_ascii_lowercase(), text(row, 1)?.to_ascii_lowercase());
            if let (Some(child), Some(parent)) = (numbers.get(&names.0), numbers.get(&names.1)) {
                references.entry(*child).or_default().push(*parent);
            }
            Ok(true)
        })?;
        Ok(references)
    }

    /// The ordinary tables, in the order in which they were made but for those that others refer to:
    /// they come before them, unless they refer to each other in a circle.
    fn parents_first(&self, references: &References) -> Vec<usize> {
        let (mut ordered, mut seen) = (vec![], HashSet::new());
        for table in self.numbers(|kind| matches!(kind, Kind::Table { .. })) {
            // With a stack of its own: there may be more tables in a row than the program's bears.
            let mut stack = vec![(table, false)];
            while let Some((number, parents_done)) = stack.pop() {
                if parents_done {
                    ordered.push(number);
                } else if seen.insert(number) {
                    stack.push((number, true));
                    let parents = references.get(&number).into_iter().flatten().rev();
                    stack.extend(parents.map(|parent| (*parent, false)));
                }
            }
        }
        ordered
    }
}

fn has_content_elsewhere(kind: &Kind) -> bool {
    matches!(kind, Kind::Virtual(Module::FullText(Content::Other { .. })))
}

/// All that a dump may write, in the order in which it was made. Tables that a virtual table made for
/// itself go with it, and those that D1 or SQLite keep for themselves are left out.
fn read_objects(database: &Database) -> Result<Vec<Object>, Error> {
    let mut tables: HashMap<String, (String, bool)> = HashMap::new();
    let list = "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'";
    database.each_row(list, &[], |row| {
        let without_rowid = matches!(row.cell(2), Cell::Integer(1));
        tables.insert(text(row, 0)?, (text(row, 1)?, without_rowid));
        Ok(true)
    })?;
    let mut objects = vec![];
    let schema = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL \
        AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT LIKE '\\_cf\\_%' ESCAPE '\\' \
        ORDER BY rowid";
    database.each_row(schema, &[], |row| {
        let (kind, name, sql) = (text(row, 0)?, text(row, 1)?, text(row, 3)?);
        let table = tables.get(&name).map(|(kind, without_rowid)| (kind.as_str(), *without_rowid));
        let kind = match (kind.as_str(), table) {
            ("table", Some(("shadow", _))) => return Ok(true),
            ("table", Some(("virtual", _))) => Kind::Virtual(module_of(&sql)),
            ("table", Some((_, without_rowid))) => Kind::Table { has_rowid: !without_rowid },
            ("index", _) => Kind::Index,
            ("view", _) => Kind::View,
            ("trigger", _) => Kind::Trigger,
            _ => return Err(Error::NotDumpable { name, why: "the schema has no such thing" }),
        };
        if kind == Kind::Virtual(Module::Unknown) {
            return Err(Error::NotDumpable { name, why: "it has a module that is not known" });
        }
        objects.push(Object { name, table: text(row, 2)?, kind, sql });
        Ok(true)
    })?;
    Ok(objects)
}

/// Leaves those that were asked for, with the indexes and triggers of tables; all if none was.
fn select(objects: &mut Vec<Object>, names: &[String]) -> Result<(), Error> {
    let has_rows = |object: &Object| !matches!(object.kind, Kind::Index | Kind::Trigger);
    for name in names {
        let named = |object: &Object| has_rows(object) && object.name.eq_ignore_ascii_case(name);
        if !objects.iter().any(named) {
            return Err(Error::NoSuchTable { name: name.clone() });
        }
    }
    let wanted = |table: &str| names.iter().any(|name| name.eq_ignore_ascii_case(table));
    if !names.is_empty() {
        objects.retain(|object| wanted(&object.table));
    }
    Ok(())
}
