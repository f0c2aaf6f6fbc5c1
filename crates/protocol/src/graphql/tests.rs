use serde_json::{Value as Json, json};

use super::*;
use crate::insights::{Report, Sums};

fn body(query: &str, filter: Json) -> String {
    let variables = json!({"accountTag": "an-account", "filter": filter});
    json!({"query": query, "operationName": "any", "variables": variables}).to_string()
}

fn sums(read_queries: u64, rows_read: u64) -> Sums {
    Sums { read_queries, rows_read, duration_ms: 1.5, ..Sums::default() }
}

fn reports() -> Vec<(String, Report)> {
    let report = |rows: u64| Report {
        hours: vec![(24, sums(1, rows)), (25, sums(3, 2 * rows)), (48, sums(1, rows))],
        statements: vec![("SELECT 1".into(), sums(4, rows)), ("SELECT 2".into(), sums(1, 1))],
    };
    vec![("id-a".to_owned(), report(10)), ("id-b".to_owned(), report(100))]
}

fn groups(query: &str, filter: Json) -> Json {
    let plans = decode(&body(query, filter)).unwrap();
    plans[0].groups(&reports())
}

/// The query of `wrangler d1 info`, spaces and unbalanced indents as they are.
const INFO: &str = "query getD1MetricsOverviewQuery($accountTag: string, $filter: ZoneWorkersRequestsFilter_InputObject) {
    viewer {
        accounts(filter: {accountTag: $accountTag}) {
            d1AnalyticsAdaptiveGroups(limit: 10000, filter: $filter) {
                sum {
                    readQueries
                    writeQueries
                    rowsRead
                    rowsWritten
            }
            dimensions {
                    datetimeHour
            }
        }
    }
}
}";

fn insights(limit: usize, order: &str) -> String {
    format!(
        "query getD1QueriesOverviewQuery($accountTag: string, $filter: T) {{ viewer {{
            accounts(filter: {{accountTag: $accountTag}}) {{
                d1QueriesAdaptiveGroups(limit: {limit}, filter: $filter, orderBy: [{order}]) {{
                    sum {{ queryDurationMs rowsRead rowsWritten rowsReturned }}
                    avg {{ queryDurationMs rowsRead rowsWritten rowsReturned }}
                    count dimensions {{ query databaseId }}
        }} }} }} }}"
    )
}

#[test]
fn wranglers_info() {
    let filter = json!({"AND": [{"datetimeHour_geq": "1970-01-02T00:10:00.000Z",
        "datetimeHour_leq": "1970-01-03T00:10:00.000Z", "databaseId": "id-a"}]});
    let plans = decode(&body(INFO, filter)).unwrap();
    assert_eq!(plans[0].databases(), &Databases::These(vec!["id-a".to_owned()]));
    let question = plans[0].question();
    assert_eq!((question.from, question.to, question.order), (24, 48, None));
    let groups = plans[0].groups(&reports()[..1]);
    let expected = json!({"sum": {"readQueries": 1, "writeQueries": 0, "rowsRead": 10,
        "rowsWritten": 0}, "dimensions": {"datetimeHour": "1970-01-02T00:00:00Z"}});
    assert_eq!(groups[0], expected);
    assert_eq!(groups.as_array().unwrap().len(), 3);
    let answer: Json = serde_json::from_str(&success(vec![(&plans[0], groups)])).unwrap();
    assert_eq!(
        answer["data"]["viewer"]["accounts"][0]["d1AnalyticsAdaptiveGroups"][2]["sum"]["rowsRead"],
        10
    );
}

#[test]
fn wranglers_insights() {
    let plans = decode(&body(&insights(3, "avg_rowsRead_DESC"), json!({"AND": [{}]}))).unwrap();
    assert_eq!(plans[0].databases(), &Databases::All);
    assert_eq!(
        plans[0].question().to_query(),
        format!("from=0&to={}&order=avg_rowsRead_DESC&limit=3", u64::MAX)
    );
    let groups = plans[0].groups(&reports());
    let averages = groups.as_array().unwrap().iter().map(|group| &group["avg"]["rowsRead"]);
    assert_eq!(averages.collect::<Vec<_>>(), [&json!(25), &json!(2.5), &json!(1)]);
    assert_eq!(
        groups[0],
        json!({
            "sum": {"queryDurationMs": 1.5, "rowsRead": 100, "rowsWritten": 0, "rowsReturned": 0},
            "avg": {"queryDurationMs": 0.375, "rowsRead": 25, "rowsWritten": 0, "rowsReturned": 0},
            "count": 4,
            "dimensions": {"query": "SELECT 1", "databaseId": "id-b"},
        })
    );
    let fewest = groups_of(&insights(1, "count_ASC"));
    assert_eq!(fewest[0]["dimensions"]["query"], "SELECT 2");
}

fn groups_of(query: &str) -> Json {
    groups(query, json!({}))
}

#[test]
fn groups_are_what_the_dimensions_tell_apart() {
    let query = |fields: &str, arguments: &str| {
        format!("{{viewer{{accounts{{d1AnalyticsAdaptiveGroups{arguments}{{{fields}}}}}}}}}")
    };
    let all = groups_of(&query("count", ""));
    assert_eq!(all, json!([{"count": 10}]));
    let days = groups_of(&query("count dimensions{date}", "(orderBy: date_DESC, limit: 5)"));
    assert_eq!(
        days,
        json!([
            {"count": 2, "dimensions": {"date": "1970-01-03"}},
            {"count": 8, "dimensions": {"date": "1970-01-02"}},
        ])
    );
    let both =
        groups_of(&query("sum{rowsRead} dimensions{databaseId}", "(orderBy: [sum_rowsRead_DESC])"));
    assert_eq!(both[0]["dimensions"]["databaseId"], "id-b");
}

#[test]
fn what_is_not_there_is_named() {
    let query = |text: &str| decode(&body(text, json!({}))).unwrap_err().to_string();
    let inside = |text: &str| query(&format!("{{viewer{{accounts{{{text}}}}}}}"));
    assert!(decode("").is_err());
    assert!(query("{zones{a}}").contains("d1QueriesAdaptiveGroups"));
    assert!(inside("r2StorageAdaptiveGroups{count}").contains("d1AnalyticsAdaptiveGroups"));
    assert!(inside("d1QueriesAdaptiveGroups{quantiles{x}}").contains("sum, avg"));
    assert!(inside("d1QueriesAdaptiveGroups{sum{x}}").contains("rowsReturned"));
    assert!(inside("d1QueriesAdaptiveGroups{dimensions{date}}").contains("query, databaseId"));
    assert!(inside("d1QueriesAdaptiveGroups(limit: 0){count}").contains("from 1"));
    assert!(inside("d1QueriesAdaptiveGroups(orderBy: [up]){count}").contains("sum_rowsRead_DESC"));
    assert!(inside("d1QueriesAdaptiveGroups(after: 1){count}").contains("after"));
    assert!(inside("d1QueriesAdaptiveGroups").contains("nothing"));
    let failure: Json = serde_json::from_str(&failure(&GraphqlError("no".into()))).unwrap();
    assert_eq!(failure["errors"][0]["message"], "no");
}
