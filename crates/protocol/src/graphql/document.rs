//! A GraphQL document as a tree of fields, with the variables put in.
//!
//! One query without fragments, directives or aliases: what a program that asks for figures writes.

use serde_json::{Map, Value as Json};

use super::GraphqlError;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub name: String,
    pub arguments: Map<String, Json>,
    pub fields: Vec<Field>,
}

/// How deep fields and values may be nested: each level is a call on the stack.
const DEPTH_MAX: usize = 16;

pub(super) fn parse(text: &str, variables: &Map<String, Json>) -> Result<Vec<Field>, GraphqlError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, variables };
    if parser.takes("query") {
        // Its name and its variables' types are for people to read.
        while !matches!(parser.peek(), "{" | "") {
            parser.at += 1;
        }
    }
    let fields = parser.fields()?;
    match parser.peek() {
        "" => Ok(fields),
        other => Err(unexpected(other)),
    }
}

/// Names, numbers, strings with their quotes, and punctuation.
fn tokens(text: &str) -> Result<Vec<&str>, GraphqlError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' => string_len(rest).ok_or_else(|| GraphqlError("A string has no end".into()))?,
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(len);
        if first != '#' {
            tokens.push(token);
        }
        rest = after.trim_start_matches(is_blank);
    }
    Ok(tokens)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == ',' || c == '\u{feff}'
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// Of a string in quotes, both quotes included.
fn string_len(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

struct Parser<'a> {
    tokens: Vec<&'a str>,
    at: usize,
    depth: usize,
    variables: &'a Map<String, Json>,
}

impl<'a> Parser<'a> {
    /// The next token, empty at the end.
    fn peek(&self) -> &'a str {
        self.tokens.get(self.at).copied().unwrap_or("")
    }

    fn next(&mut self) -> &'a str {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn takes(&mut self, token: &str) -> bool {
        let found = self.peek() == token;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), GraphqlError> {
        if self.takes(token) { Ok(()) } else { Err(unexpected(self.peek())) }
    }

    fn name(&mut self) -> Result<String, GraphqlError> {
        match self.next() {
            name if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => {
                Ok(name.to_owned())
            }
            other => Err(unexpected(other)),
        }
    }

    fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, GraphqlError>,
    ) -> Result<T, GraphqlError> {
        if self.depth == DEPTH_MAX {
            return Err(GraphqlError(format!("Nested deeper than {DEPTH_MAX}")));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn fields(&mut self) -> Result<Vec<Field>, GraphqlError> {
        self.expect("{")?;
        let mut fields = Vec::new();
        while !self.takes("}") {
            fields.push(self.nested(Self::field)?);
        }
        Ok(fields)
    }

    fn field(&mut self) -> Result<Field, GraphqlError> {
        let name = self.name()?;
        let arguments = match self.takes("(") {
            true => self.pairs(")")?,
            false => Map::new(),
        };
        let fields = if self.peek() == "{" { self.fields()? } else { Vec::new() };
        Ok(Field { name, arguments, fields })
    }

    fn pairs(&mut self, end: &str) -> Result<Map<String, Json>, GraphqlError> {
        let mut pairs = Map::new();
        while !self.takes(end) {
            let name = self.name()?;
            self.expect(":")?;
            pairs.insert(name, self.nested(Self::value)?);
        }
        Ok(pairs)
    }

    /// A value; the name of an enum's is a string here.
    fn value(&mut self) -> Result<Json, GraphqlError> {
        let token = self.next();
        match token {
            "$" => {
                let name = self.name()?;
                return Ok(self.variables.get(&name).cloned().unwrap_or_default());
            }
            "{" => return self.pairs("}").map(Json::Object),
            "[" => {
                let mut values = Vec::new();
                while !self.takes("]") {
                    values.push(self.nested(Self::value)?);
                }
                return Ok(Json::Array(values));
            }
            _ => {}
        }
        match serde_json::from_str(token) {
            Ok(value) => Ok(value),
            Err(_) if token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => {
                Ok(Json::String(token.to_owned()))
            }
            Err(_) => Err(unexpected(token)),
        }
    }
}

fn unexpected(token: &str) -> GraphqlError {
    GraphqlError(match token {
        "" => "The query has no end".to_owned(),
        _ => format!(
            "'{token}' is not understood: the query is one `query {{ … }}`, without fragments, \
             directives and aliases"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(text: &str) -> Result<Vec<Field>, String> {
        let Json::Object(variables) = json!({"f": {"a": 1}}) else { unreachable!() };
        parse(text, &variables).map_err(|error| error.to_string())
    }

    #[test]
    fn fields_and_arguments() {
        let text = r#"query Q($f: T!, $g: [T] = [1]) { # a comment }
            a(n: 5, e: [x_DESC], s: "q\"}", o: {v: $f, w: $none}) { b, c } d }"#;
        let fields = parsed(text).unwrap();
        assert_eq!(fields.iter().map(|field| &*field.name).collect::<Vec<_>>(), ["a", "d"]);
        let expected = json!({
            "n": 5, "e": ["x_DESC"], "s": "q\"}", "o": {"v": {"a": 1}, "w": null},
        });
        assert_eq!(Json::Object(fields[0].arguments.clone()), expected);
        assert_eq!(fields[0].fields.len(), 2);
    }

    #[test]
    fn what_is_not_understood() {
        for text in [
            "",
            "{",
            "{a",
            "{a}}",
            "{a(}",
            "{a(b}",
            "{a(b:)}",
            "{a:b}",
            "{...a}",
            "{a @skip}",
            "mutation {a}",
            "{a(b:\"}",
            "{a(b:$)}",
            "{é}",
            "{a} {b}",
            "query",
            "{1}",
            "{a(b:-)}",
        ] {
            assert!(parsed(text).is_err(), "{text}");
        }
        let deep = format!("{}a{}", "{a".repeat(10_000), "}".repeat(10_000));
        assert!(parsed(&deep).is_err());
        assert!(parsed(&format!("{{a(b:{}", "[".repeat(10_000))).is_err());
    }
}
