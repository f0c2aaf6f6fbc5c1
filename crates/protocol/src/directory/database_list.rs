//! A page of the directory, and which page is asked for.

use serde::{Deserialize, Serialize};

use super::DatabaseRecord;
use crate::query_string;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseList {
    pub databases: Vec<DatabaseRecord>,
    /// Databases on this page.
    pub count: u32,
    pub page: u32,
    pub per_page: u32,
    /// Databases on all pages.
    pub total_count: u32,
}

/// `name` filters by a part of the name, as D1 does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPage {
    pub name: Option<String>,
    pub page: u32,
    pub per_page: u32,
    /// Those that are deleted and can still be restored, instead of those that are there.
    pub deleted: bool,
}

const PER_PAGE_DEFAULT: u32 = 1_000;
const PER_PAGE_MAX: u32 = 10_000;
/// Keeps `page * per_page` far inside what the directory's SQL can count with.
const PAGE_MAX: u32 = 1_000_000;

impl ListPage {
    /// What is missing or no number takes its default, what is out of bounds the bound.
    pub fn from_query(query: &str) -> Self {
        let number = |name| query_string::raw(query, name).and_then(|text| text.parse().ok());
        Self {
            name: query_string::value(query, "name").filter(|name| !name.is_empty()),
            page: number("page").unwrap_or(1).clamp(1, PAGE_MAX),
            per_page: number("per_page").unwrap_or(PER_PAGE_DEFAULT).clamp(1, PER_PAGE_MAX),
            deleted: query_string::raw(query, "deleted") == Some("true"),
        }
    }

    pub fn to_query(&self) -> String {
        let name = self.name.as_deref().map(query_string::encode).unwrap_or_default();
        let deleted = if self.deleted { "&deleted=true" } else { "" };
        format!("name={name}&page={}&per_page={}{deleted}", self.page, self.per_page)
    }

    /// Databases on the pages before this one.
    pub fn offset(&self) -> u64 {
        u64::from(self.page - 1) * u64::from(self.per_page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(name: Option<&str>, page: u32, per_page: u32) -> ListPage {
        ListPage { name: name.map(str::to_owned), page, per_page, deleted: false }
    }

    #[test]
    fn from_queries() {
        assert_eq!(ListPage::from_query(""), page(None, 1, 1_000));
        assert_eq!(ListPage::from_query("per_page=10&page=3"), page(None, 3, 10));
        assert_eq!(ListPage::from_query("name=a%2Db&page=0"), page(Some("a-b"), 1, 1_000));
        assert_eq!(ListPage::from_query("name=&page=-1&per_page=x"), page(None, 1, 1_000));
        assert_eq!(
            ListPage::from_query("page=4294967295&per_page=9999999").offset(),
            9_999_990_000
        );
    }

    #[test]
    fn to_a_query_and_back() {
        let asked = ListPage { deleted: true, ..page(Some("a b&c"), 2, 20) };
        assert_eq!(ListPage::from_query(&asked.to_query()), asked);
    }
}
