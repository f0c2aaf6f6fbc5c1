//! What to sort by, as D1's analytics name it: `sum_rowsRead_DESC`.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Sums;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    pub key: Key,
    pub descending: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Count,
    Sum(Metric),
    Avg(Metric),
    Hour,
    Date,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    QueryDurationMs,
    RowsRead,
    RowsWritten,
    RowsReturned,
    ReadQueries,
    WriteQueries,
}

impl Order {
    pub fn parse(text: &str) -> Option<Self> {
        let (key, direction) = text.rsplit_once('_')?;
        let descending = match direction {
            "ASC" => false,
            "DESC" => true,
            _ => return None,
        };
        Some(Self { key: Key::parse(key)?, descending })
    }

    pub fn encode(self) -> String {
        let key = match self.key {
            Key::Count => "count".to_owned(),
            Key::Sum(metric) => format!("sum_{}", metric.as_str()),
            Key::Avg(metric) => format!("avg_{}", metric.as_str()),
            Key::Hour => "datetimeHour".to_owned(),
            Key::Date => "date".to_owned(),
        };
        format!("{key}_{}", if self.descending { "DESC" } else { "ASC" })
    }
}

impl Key {
    fn parse(text: &str) -> Option<Self> {
        Some(match (text, text.split_once('_')) {
            ("count", _) => Key::Count,
            ("datetimeHour", _) => Key::Hour,
            ("date", _) => Key::Date,
            (_, Some(("sum", metric))) => Key::Sum(Metric::parse(metric)?),
            (_, Some(("avg", metric))) => Key::Avg(Metric::parse(metric)?),
            _ => return None,
        })
    }

    /// What it sorts by: of the sums, or the hour that they begin with.
    pub fn of(self, sums: &Sums, hour: u64) -> f64 {
        match self {
            Key::Count => sums.count() as f64,
            Key::Sum(metric) => metric.of(sums),
            Key::Avg(metric) => metric.average_of(sums),
            Key::Hour | Key::Date => hour as f64,
        }
    }
}

impl Metric {
    pub const ALL: [Metric; 6] = [
        Metric::QueryDurationMs,
        Metric::RowsRead,
        Metric::RowsWritten,
        Metric::RowsReturned,
        Metric::ReadQueries,
        Metric::WriteQueries,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Metric::QueryDurationMs => "queryDurationMs",
            Metric::RowsRead => "rowsRead",
            Metric::RowsWritten => "rowsWritten",
            Metric::RowsReturned => "rowsReturned",
            Metric::ReadQueries => "readQueries",
            Metric::WriteQueries => "writeQueries",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.as_str() == text)
    }

    pub fn of(self, sums: &Sums) -> f64 {
        match self {
            Metric::QueryDurationMs => sums.duration_ms,
            Metric::RowsRead => sums.rows_read as f64,
            Metric::RowsWritten => sums.rows_written as f64,
            Metric::RowsReturned => sums.rows_returned as f64,
            Metric::ReadQueries => sums.read_queries as f64,
            Metric::WriteQueries => sums.write_queries as f64,
        }
    }

    /// Over the runs; 0 if there was none.
    pub fn average_of(self, sums: &Sums) -> f64 {
        match sums.count() {
            0 => 0.0,
            count => self.of(sums) / count as f64,
        }
    }
}

/// The places of the first `limit` items, by the orders, of what `key` tells of each; equal ones stay
/// as they are.
///
/// A heap, because the sort of the standard library is ten times the code for each type.
pub(crate) fn first(
    count: usize,
    limit: usize,
    orders: &[Order],
    key: impl Fn(Key, usize) -> f64,
) -> Vec<usize> {
    let signed = |order: &Order, place| {
        let key = key(order.key, place);
        if order.descending { key } else { -key }
    };
    let ranked = |place| Ranked(orders.iter().map(|order| signed(order, place)).collect(), place);
    let mut heap: BinaryHeap<Ranked> = (0..count).map(ranked).collect();
    std::iter::from_fn(|| heap.pop()).take(limit).map(|Ranked(_, place)| place).collect()
}

/// Keys of which the greatest come first, and the place.
struct Ranked(Vec<f64>, usize);

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        let keys = self.0.iter().zip(&other.0).map(|(a, b)| a.total_cmp(b));
        let first = keys.into_iter().find(|ordering| ordering.is_ne());
        first.unwrap_or_else(|| other.1.cmp(&self.1))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_a_text_and_back() {
        for text in ["count_ASC", "sum_rowsRead_DESC", "avg_queryDurationMs_ASC", "date_DESC"] {
            assert_eq!(Order::parse(text).unwrap().encode(), text);
        }
        for text in ["", "count", "count_UP", "max_rowsRead_ASC", "sum_rows_DESC", "sum_DESC"] {
            assert_eq!(Order::parse(text), None, "{text}");
        }
    }

    #[test]
    fn averages() {
        let sums = Sums { read_queries: 3, write_queries: 1, rows_read: 10, ..Sums::default() };
        assert_eq!(Key::Avg(Metric::RowsRead).of(&sums, 0), 2.5);
        assert_eq!(Key::Avg(Metric::RowsRead).of(&Sums::default(), 0), 0.0);
    }

    #[test]
    fn the_first_by_several_orders() {
        let orders = ["count_DESC", "date_ASC"].map(|text| Order::parse(text).unwrap());
        let items = [(1.0, 5.0), (3.0, 2.0), (3.0, 1.0), (1.0, 5.0)];
        let key = |key, place: usize| match key {
            Key::Count => items[place].0,
            _ => items[place].1,
        };
        assert_eq!(first(4, 9, &orders, key), [2, 1, 0, 3]);
        assert_eq!(first(4, 3, &orders, key), [2, 1, 0]);
        assert_eq!(first(4, 3, &[], key), [0, 1, 2]);
    }
}
