//! The pragmas that SQL may use, and with which arguments: D1's list.
//!
//! Others would reach the journal, the page size or the schema table. What is allowed reads, or has
//! no effect beyond the request.

/// What a pragma may have after its name.
#[derive(Clone, Copy)]
enum Argument {
    None,
    /// Nothing, or what begins like one of SQLite's words for true and false.
    Boolean,
    Name,
    OptionalName,
    OptionalNumber,
    OptionalNumberOrName,
    Any,
}

/// Pragmas that set a flag of the connection; the flag is put back after the request.
pub(crate) const FLAGS: [&str; 5] = [
    "case_sensitive_like",
    "ignore_check_constraints",
    "legacy_alter_table",
    "recursive_triggers",
    "reverse_unordered_selects",
];

const PRAGMAS: [(&str, Argument); 19] = [
    ("case_sensitive_like", Argument::Boolean),
    ("data_version", Argument::None),
    ("defer_foreign_keys", Argument::Boolean),
    ("foreign_key_check", Argument::OptionalName),
    ("foreign_key_list", Argument::Name),
    ("foreign_keys", Argument::Boolean),
    ("ignore_check_constraints", Argument::Boolean),
    ("index_info", Argument::Name),
    ("index_list", Argument::Name),
    ("index_xinfo", Argument::Name),
    ("legacy_alter_table", Argument::Boolean),
    ("optimize", Argument::OptionalNumber),
    ("page_size", Argument::None),
    ("quick_check", Argument::OptionalNumberOrName),
    ("recursive_triggers", Argument::Boolean),
    ("reverse_unordered_selects", Argument::Boolean),
    ("table_info", Argument::Name),
    ("table_list", Argument::Any),
    ("table_xinfo", Argument::Name),
];

/// Whether a pragma may run with this argument. `is_reserved` tells names that are closed to SQL.
pub(super) fn is_allowed(
    name: &str,
    value: Option<&str>,
    is_reserved: impl Fn(&str) -> bool,
) -> bool {
    let known = PRAGMAS.iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
    let Some((_, argument)) = known else { return false };
    match (argument, value) {
        (Argument::Any, _) => true,
        (Argument::None | Argument::Boolean | Argument::OptionalName, None) => true,
        (Argument::OptionalNumber | Argument::OptionalNumberOrName, None) => true,
        (Argument::Name, None) | (Argument::None, Some(_)) => false,
        (Argument::Boolean, Some(value)) => boolean(value).is_some(),
        (Argument::Name | Argument::OptionalName, Some(value)) => !is_reserved(value),
        (Argument::OptionalNumber, Some(value)) => is_number(value),
        (Argument::OptionalNumberOrName, Some(value)) => is_number(value) || !is_reserved(value),
    }
}

/// What SQLite takes a pragma's argument for, if D1 lets it through.
pub(super) fn boolean(value: &str) -> Option<bool> {
    const WORDS: [(&str, bool); 8] = [
        ("true", true),
        ("false", false),
        ("yes", true),
        ("no", false),
        ("on", true),
        ("off", false),
        ("1", true),
        ("0", false),
    ];
    let bare = value.strip_prefix(['\'', '"']).and_then(|rest| rest.strip_suffix(['\'', '"']));
    let bare = bare.unwrap_or(value);
    let starts = |word: &str| bare.get(..word.len()).is_some_and(|b| b.eq_ignore_ascii_case(word));
    WORDS.iter().find(|(word, _)| starts(word)).map(|(_, truth)| *truth)
}

fn is_number(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(hex) => i64::from_str_radix(hex, 16).is_ok(),
        None => value.parse::<i32>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(name: &str, value: Option<&str>) -> bool {
        is_allowed(name, value, |name| name.starts_with("_cf_"))
    }

    #[test]
    fn arguments() {
        for (name, value) in [
            ("foreign_keys", None),
            ("foreign_keys", Some("OFF")),
            ("Foreign_Keys", Some("'none'")),
            ("defer_foreign_keys", Some("10")),
            ("table_info", Some("t")),
            ("table_list", None),
            ("foreign_key_check", None),
            ("quick_check", Some("5")),
            ("quick_check", Some("t")),
            ("optimize", Some("0x10002")),
            ("page_size", None),
        ] {
            assert!(allowed(name, value), "{name} {value:?}");
        }
        for (name, value) in [
            ("foreign_keys", Some("2")),
            ("foreign_keys", Some("")),
            ("table_info", None),
            ("table_info", Some("_cf_KV")),
            ("index_list", None),
            ("foreign_key_check", Some("_cf_KV")),
            ("optimize", Some("t")),
            ("page_size", Some("1024")),
            ("page_count", None),
            ("journal_mode", None),
            ("writable_schema", Some("ON")),
        ] {
            assert!(!allowed(name, value), "{name} {value:?}");
        }
    }
}
