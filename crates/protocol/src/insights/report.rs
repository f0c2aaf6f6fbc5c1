//! What a primary answers: the totals of each hour, and the statements asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::order::first;
use super::{Hour, Question, Sums};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// In order of time; hours in which nothing ran are missing.
    pub hours: Vec<(u64, Sums)>,
    pub statements: Vec<(Arc<str>, Sums)>,
}

/// Puts a report together, hour by hour in order of time.
pub struct Reporter<'a> {
    question: &'a Question,
    hours: Vec<(u64, Sums)>,
    /// In order of their texts, so that equal ones come in one order each time.
    statements: BTreeMap<Arc<str>, Sums>,
}

impl Report {
    pub fn begin(question: &Question) -> Reporter<'_> {
        Reporter { question, hours: Vec::new(), statements: BTreeMap::new() }
    }
}

impl Reporter<'_> {
    /// Takes in an hour; one that is not asked for is left out.
    pub fn add(&mut self, hour: &Hour) {
        if !(self.question.from..=self.question.to).contains(&hour.hour()) {
            return;
        }
        self.hours.push((hour.hour(), hour.totals()));
        if self.question.order.is_some() {
            for (text, sums) in hour.statements() {
                self.statements.entry(Arc::clone(text)).or_default().add(sums);
            }
        }
    }

    pub fn end(self) -> Report {
        let Self { question, hours, statements } = self;
        let statements: Vec<_> = statements.into_iter().collect();
        let orders = question.order.as_slice();
        let places = first(statements.len(), question.limit, orders, |key, place| {
            key.of(&statements[place].1, 0)
        });
        let statements = places.into_iter().map(|place| statements[place].clone()).collect();
        Report { hours, statements }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Order;
    use super::*;

    fn hour(number: u64, statements: &[(&str, u64)]) -> Hour {
        let mut hour = Hour::new(number);
        for (text, rows_read) in statements {
            hour.add(text, &Sums { read_queries: 1, rows_read: *rows_read, ..Sums::default() });
        }
        hour
    }

    fn ask(order: &str, limit: usize) -> Report {
        let question = Question { from: 2, to: 3, order: Order::parse(order), limit };
        let mut reporter = Report::begin(&question);
        reporter.add(&hour(1, &[("a", 100)]));
        reporter.add(&hour(2, &[("a", 1), ("c", 3), ("a", 2)]));
        reporter.add(&hour(3, &[("a", 1), ("b", 5)]));
        reporter.add(&hour(4, &[("a", 100)]));
        reporter.end()
    }

    #[test]
    fn hours_and_statements() {
        let report = ask("sum_rowsRead_DESC", 2);
        let hours = report.hours.iter().map(|(hour, sums)| (*hour, sums.rows_read));
        assert_eq!(hours.collect::<Vec<_>>(), [(2, 6), (3, 6)]);
        let texts = |report: &Report| {
            report
                .statements
                .iter()
                .map(|(text, sums)| format!("{text}{}", sums.rows_read))
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(&report), ["b5", "a4"]);
        assert_eq!(texts(&ask("count_ASC", 9)), ["b5", "c3", "a4"]);
        assert_eq!(texts(&ask("", 9)), Vec::<String>::new());
    }

    #[test]
    fn to_json_and_back() {
        let report = ask("count_ASC", 9);
        let text = serde_json::to_string(&report).unwrap();
        assert!(text.starts_with(r#"{"hours":[[2,[3,0,0.0,6,0,0]]"#), "{text}");
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }
}
