//! What the text of a virtual table says of its module, and of the content of a full text index.

use crate::tokens::{Tokens, unquoted};

/// A virtual table's module, as far as a dump knows it.
#[derive(Debug, PartialEq)]
pub(super) enum Module {
    FullText(Content),
    RTree,
    /// It shows the terms of a full text index, and has nothing of its own.
    Vocabulary,
    Unknown,
}

/// Where a full text index has its texts.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    /// In a table of its own.
    Own,
    /// Nowhere: only the terms are kept.
    Nowhere,
    /// In another table or a view, whose rows have their numbers in the column `rowid`.
    Other { table: String, rowid: String },
}

/// FTS5's options that matter here, in the order in which it looks for the one that an abbreviation
/// is meant to be.
const OPTIONS: [&str; 6] = [
    "prefix",
    "tokenize",
    "content",
    "contentless_delete",
    "contentless_unindexed",
    "content_rowid",
];

/// The module of a CREATE VIRTUAL TABLE.
pub(super) fn module_of(sql: &str) -> Module {
    let mut tokens = Tokens(sql).skip_while(|token| !token.eq_ignore_ascii_case("using")).skip(1);
    match tokens.next().map(|name| unquoted(name).to_ascii_lowercase()).as_deref() {
        Some("fts5") => Module::FullText(content_of(tokens.skip(1))),
        Some("fts5vocab") => Module::Vocabulary,
        Some("rtree" | "rtree_i32") => Module::RTree,
        _ => Module::Unknown,
    }
}

fn content_of<'a>(arguments: impl Iterator<Item = &'a str>) -> Content {
    let tokens: Vec<&str> = arguments.collect();
    let (mut content, mut rowid) = (None, "rowid".to_owned());
    for argument in tokens.split(|token| *token == "," || *token == ")") {
        let (Some(key), Some(&"=")) = (argument.first(), argument.get(1)) else { continue };
        let key = key.to_ascii_lowercase();
        let value = argument.get(2).map(|value| unquoted(value)).unwrap_or_default();
        match OPTIONS.iter().find(|option| option.starts_with(&key)) {
            Some(&"content") => content = Some(value),
            Some(&"content_rowid") => rowid = value,
            _ => {}
        }
    }
    match content {
        None => Content::Own,
        Some(table) if table.is_empty() => Content::Nowhere,
        Some(table) => Content::Other { table, rowid },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules() {
        let full_text = |options: &str| {
            let sql =
                format!("CREATE VIRTUAL TABLE \"using\" USING FTS5(a, \"b\" UNINDEXED{options})");
            module_of(&sql.replace("\"using\"", "f"))
        };
        let other = |table: &str, rowid: &str| {
            Module::FullText(Content::Other { table: table.into(), rowid: rowid.into() })
        };
        assert_eq!(full_text(""), Module::FullText(Content::Own));
        assert_eq!(
            full_text(", prefix='2 3', tokenize = \"porter\""),
            Module::FullText(Content::Own)
        );
        assert_eq!(full_text(", content=''"), Module::FullText(Content::Nowhere));
        assert_eq!(
            full_text(", contentless_delete=1, Content ="),
            Module::FullText(Content::Nowhere)
        );
        assert_eq!(full_text(", content=docs, content_rowid='id'"), other("docs", "id"));
        assert_eq!(full_text(", content=\"a \"\"b\""), other("a \"b", "rowid"));
        let sql = "CREATE VIRTUAL TABLE [x USING y] using/**/[rtree_i32](id,a,b)";
        assert_eq!(module_of(sql), Module::RTree);
        assert_eq!(module_of("CREATE VIRTUAL TABLE v USING fts5vocab(f, row)"), Module::Vocabulary);
        assert_eq!(module_of("CREATE VIRTUAL TABLE v USING geopoly"), Module::Unknown);
    }
}
