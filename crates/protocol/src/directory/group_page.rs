//! Databases whose names begin alike, in the order of their names, page by page: each page says where
//! it begins, so that databases made or deleted meanwhile neither repeat nor hide others.

use serde::{Deserialize, Serialize};

use super::DatabaseRecord;
use crate::query_string;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPage {
    pub prefix: String,
    /// The name after which it begins.
    pub after: Option<String>,
    pub limit: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub databases: Vec<DatabaseRecord>,
    /// How many there are from this page on.
    pub remaining: u32,
    /// The name after which the next page begins; none behind the last.
    pub next: Option<String>,
}

impl GroupPage {
    pub const LIMIT_MAX: u32 = 500;

    pub fn from_query(query: &str) -> Self {
        let limit = query_string::raw(query, "limit").and_then(|text| text.parse().ok());
        Self {
            prefix: query_string::value(query, "prefix").unwrap_or_default(),
            after: query_string::value(query, "after"),
            limit: limit.unwrap_or(1).clamp(1, Self::LIMIT_MAX),
        }
    }

    pub fn to_query(&self) -> String {
        let after = self.after.as_deref().map(query_string::encode);
        let after = after.map_or(String::new(), |after| format!("&after={after}"));
        format!("prefix={}{after}&limit={}", query_string::encode(&self.prefix), self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_a_query_and_back() {
        for after in [None, Some("tenant-7".to_owned())] {
            let page = GroupPage { prefix: "tenant-".to_owned(), after, limit: 20 };
            assert_eq!(GroupPage::from_query(&page.to_query()), page);
        }
        assert_eq!(GroupPage::from_query("limit=9999").limit, GroupPage::LIMIT_MAX);
    }
}
