//! The name of a database: 1 to 128 ASCII letters, digits, `_`, `-` and `.`, the first of them a
//! letter, a digit or `_`, and not in the form of a database's id.
//!
//! D1 allows a part of this (lower case, no dots). The wider rule lets a tenant's domain or key
//! be a name, and still needs no escaping in a URL, a shell or a file name. An id's form is
//! refused because REST takes a name where it takes an id, and the two must not be confused.
//! Names that differ in case are different names.

use std::fmt;

use super::is_database_id;

pub const LENGTH_MAX: usize = 128;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DatabaseName(String);

/// The name cannot be used; nothing was looked up or created. The caller chooses another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    Empty,
    TooLong,
    FirstCharacter,
    Character(char),
    LooksLikeId,
}

impl DatabaseName {
    pub fn parse(name: &str) -> Result<Self, NameError> {
        let first = name.chars().next().ok_or(NameError::Empty)?;
        if let Some(other) =
            name.chars().find(|c| !c.is_ascii_alphanumeric() && !"_-.".contains(*c))
        {
            return Err(NameError::Character(other));
        }
        if name.len() > LENGTH_MAX {
            return Err(NameError::TooLong);
        }
        if !first.is_ascii_alphanumeric() && first != '_' {
            return Err(NameError::FirstCharacter);
        }
        if is_database_id(name) {
            return Err(NameError::LooksLikeId);
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Invalid database name: ")?;
        match self {
            NameError::Empty => f.write_str("it must not be empty"),
            NameError::TooLong => write!(f, "it must not have more than {LENGTH_MAX} characters"),
            NameError::FirstCharacter => {
                f.write_str("it must begin with a letter, a digit or an underscore")
            }
            NameError::Character(character) => write!(
                f,
                "it may have letters, digits, underscores, dashes and dots, not {character:?}"
            ),
            NameError::LooksLikeId => f.write_str("it must not have the form of a database id"),
        }
    }
}

impl std::error::Error for NameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_allowed_kind() {
        let longest = "x".repeat(LENGTH_MAX);
        for name in ["demo", "my-db", "Tenant_42", "shop.example.com", "_", "7", longest.as_str()] {
            assert_eq!(DatabaseName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn refusals() {
        let parse = |name: &str| DatabaseName::parse(name).unwrap_err();
        assert_eq!(parse(""), NameError::Empty);
        assert_eq!(parse(&"x".repeat(LENGTH_MAX + 1)), NameError::TooLong);
        assert_eq!(parse("-x"), NameError::FirstCharacter);
        assert_eq!(parse(".."), NameError::FirstCharacter);
        assert_eq!(parse("a b"), NameError::Character(' '));
        assert_eq!(parse("a/b"), NameError::Character('/'));
        assert_eq!(parse("é"), NameError::Character('é'));
        assert_eq!(parse("a\0"), NameError::Character('\0'));
        assert_eq!(parse("8d4c3b2a-0000-4000-8000-00000000abcd"), NameError::LooksLikeId);
    }
}
