//! The answer: `{data, errors}`, without the envelope of REST.

use serde_json::{Map, Value as Json, json};

use super::{GraphqlError, Plan};

/// Each plan with the groups that it came to.
pub fn success(answers: Vec<(&Plan, Json)>) -> String {
    let mut account = Map::new();
    for (plan, groups) in answers {
        account.insert(plan.name().to_owned(), groups);
    }
    json!({"data": {"viewer": {"accounts": [account]}}, "errors": null}).to_string()
}

pub fn failure(error: &GraphqlError) -> String {
    json!({"data": null, "errors": [{"message": error.to_string(), "path": null}]}).to_string()
}
