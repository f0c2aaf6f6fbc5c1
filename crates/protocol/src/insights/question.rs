//! What a primary is asked: `/insights?from=489000&to=489024&order=sum_rowsRead_DESC&limit=5`.

use super::Order;
use crate::query_string;

/// More statements than this nobody is told of.
const LIMIT_MAX: usize = 1_000;

/// The hours in question, both included; and which of their statements, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub from: u64,
    pub to: u64,
    /// Without one there are no statements in the answer.
    pub order: Option<Order>,
    pub limit: usize,
}

impl Question {
    pub fn from_query(query: &str) -> Self {
        let number = |name| query_string::raw(query, name).and_then(|text| text.parse().ok());
        Self {
            from: number("from").unwrap_or(0),
            to: number("to").unwrap_or(u64::MAX),
            order: query_string::raw(query, "order").and_then(Order::parse),
            limit: (number("limit").unwrap_or(0) as usize).min(LIMIT_MAX),
        }
    }

    pub fn to_query(&self) -> String {
        let Self { from, to, order, limit } = self;
        let order = order.map(Order::encode).unwrap_or_default();
        format!("from={from}&to={to}&order={order}&limit={limit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_a_query_and_back() {
        let order = Order::parse("avg_rowsRead_ASC");
        for asked in [
            Question { from: 1, to: 2, order, limit: 5 },
            Question { from: 0, to: u64::MAX, order: None, limit: 0 },
        ] {
            assert_eq!(Question::from_query(&asked.to_query()), asked);
        }
        assert_eq!(Question::from_query("limit=999999").limit, LIMIT_MAX);
    }
}
