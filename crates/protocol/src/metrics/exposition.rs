//! The text format of Prometheus, version 0.0.4: families of samples, each with its help and its kind.

use std::fmt::Write;

pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// The text, as it grows. All samples of a family follow its beginning.
#[derive(Debug, Default)]
pub struct Exposition {
    text: String,
}

impl Exposition {
    pub fn begin(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let help = escape(help, false);
        self.text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.text.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            self.text.push(if at == 0 { '{' } else { ',' });
            self.text.push_str(label);
            self.text.push_str("=\"");
            self.text.push_str(&escape(text, true));
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        self.text.push(' ');
        self.number(value);
        self.text.push('\n');
    }

    fn number(&mut self, value: f64) {
        match value {
            f64::INFINITY => self.text.push_str("+Inf"),
            f64::NEG_INFINITY => self.text.push_str("-Inf"),
            // Into a string nothing can fail.
            value => write!(self.text, "{value}").unwrap_or_default(),
        }
    }

    pub fn finish(self) -> String {
        self.text
    }
}

/// A help text escapes the backslash and the end of a line, a label's value the quotation mark too.
fn escape(text: &str, quotes: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '"' if quotes => escaped.push_str("\\\""),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family() {
        let mut text = Exposition::default();
        text.begin("a_total", Kind::Counter, "A \"help\" with \\ and\nan end.");
        text.sample("a_total", &[], 3.0);
        text.sample("a_total", &[("x", "plain"), ("y", "a\\b \"c\"\nd, e}")], 0.25);
        assert_eq!(
            text.finish(),
            "# HELP a_total A \"help\" with \\\\ and\\nan end.\n# TYPE a_total counter\na_total 3\n\
             a_total{x=\"plain\",y=\"a\\\\b \\\"c\\\"\\nd, e}\"} 0.25\n"
        );
    }

    #[test]
    fn numbers() {
        for (value, text) in [
            (0.0, "0"),
            (1e15, "1000000000000000"),
            (0.001, "0.001"),
            (-1.5, "-1.5"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            let mut exposition = Exposition::default();
            exposition.sample("a", &[], value);
            assert_eq!(exposition.finish(), format!("a {text}\n"));
        }
    }
}
