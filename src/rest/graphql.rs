//! GraphQL, as wrangler asks for statistics: the primaries of the databases in question report what
//! they know, and `isolite_protocol::graphql` makes the answer.

use futures_util::future::try_join_all;
use isolite_protocol::directory::{DatabaseRecord, ListPage};
use isolite_protocol::graphql::{self, Databases, GraphqlError, Plan};
use isolite_protocol::insights::{Question, Report};
use isolite_protocol::rest::RestError;
use worker::Env;

use super::databases::settle;
use super::{Answer, internal, primary, records};
use crate::directory::client;

/// Each is a call to an object, which wakes it.
const DATABASES_MAX: u32 = 40;

pub(super) async fn answer(env: &Env, body: &str) -> Answer {
    let plans = match graphql::decode(body) {
        Ok(plans) => plans,
        Err(error) => return Ok(graphql::failure(&error)),
    };
    let mut answers = Vec::new();
    for plan in &plans {
        let records = match records_of(env, plan).await? {
            Ok(records) => records,
            Err(error) => return Ok(graphql::failure(&error)),
        };
        let question = plan.question();
        let reports = try_join_all(records.iter().map(|record| ask(env, record, &question)));
        let reports: Vec<_> = reports.await?.into_iter().flatten().collect();
        answers.push((plan, plan.groups(&reports)));
    }
    Ok(graphql::success(answers))
}

async fn records_of(
    env: &Env,
    plan: &Plan,
) -> Result<Result<Vec<DatabaseRecord>, GraphqlError>, RestError> {
    let page = ListPage { name: None, page: 1, per_page: DATABASES_MAX, deleted: false };
    let (records, count) = match plan.databases() {
        Databases::All => {
            let list = settle(records::list(env, &page).await, "")?;
            (list.databases, list.total_count)
        }
        Databases::These(ids) => {
            let mut records = Vec::new();
            for id in ids.iter().take(DATABASES_MAX as usize) {
                match settle(client::get(env, id).await, id) {
                    Ok(record) => records.push(record),
                    // Of what is not there nothing is known.
                    Err(RestError::NoSuchDatabase(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            (records, ids.len() as u32)
        }
    };
    if count > DATABASES_MAX {
        return Ok(Err(GraphqlError::too_many_databases(count, DATABASES_MAX)));
    }
    Ok(Ok(records))
}

/// The report of a database, or none if it was deleted meanwhile.
async fn ask(
    env: &Env,
    record: &DatabaseRecord,
    question: &Question,
) -> Result<Option<(String, Report)>, RestError> {
    let path = format!("/insights?{}", question.to_query());
    match primary::ask(env, record, &path, None).await {
        Ok(told) => {
            let report = serde_json::from_str(&told.text).map_err(internal)?;
            Ok(Some((record.uuid.clone(), report)))
        }
        Err(RestError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
