//! Migrations for the databases whose names begin alike, a page at a time.
//!
//! Nothing is remembered between two pages: each database knows what it has, and whoever asks knows
//! where the next page begins. So a run that was cut short is begun again.

use futures_util::stream::{self, StreamExt};
use isolite_protocol::Answer as D1Answer;
use isolite_protocol::directory::{DatabaseName, DatabaseRecord, GroupPage};
use isolite_protocol::rest::{
    Envelope, FailedDatabase, MigrateGroup, Migrated, MigratedDatabase, MigratedPage, RestError,
};
use worker::Env;

use super::databases::settle;
use super::{Answer, internal, records};
use crate::object::call_js::{Message, Text};
use crate::router::ask_primary;

/// Databases that are asked at once; the platform lets six calls of a request go at a time.
const AT_ONCE: usize = 6;

pub(super) async fn migrate(env: &Env, prefix: &str, body: &str) -> Answer {
    // What cannot begin a name begins none.
    DatabaseName::parse(prefix).map_err(|error| RestError::Malformed(error.to_string()))?;
    let MigrateGroup { migrations, after, limit } = MigrateGroup::decode(body)?;
    let page = GroupPage { prefix: prefix.to_owned(), after, limit };
    let group = settle(records::group(env, &page).await, prefix)?;
    let body = Text::from(serde_json::to_string(&migrations).map_err(internal)?);
    let count = u32::try_from(group.databases.len()).unwrap_or(u32::MAX);
    let outcomes: Vec<_> = stream::iter(group.databases)
        .map(|record| async {
            let migrated = migrate_one(env, &record, &body).await;
            (record, migrated)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut told = MigratedPage {
        count,
        remaining: group.remaining,
        next: group.next,
        ..MigratedPage::default()
    };
    for (record, outcome) in outcomes {
        tell(&mut told, record, outcome);
    }
    Ok(Envelope::success(&serde_json::to_string(&told).map_err(internal)?, None))
}

async fn migrate_one(env: &Env, record: &DatabaseRecord, body: &Text) -> Result<Migrated, String> {
    let message = Message { path: "/migrate", body: Some(body), ..Message::default() };
    let answer = ask_primary(env, record, message).await;
    let answer = answer.map_err(|error| error.to_string())?;
    let text = String::from(answer.text);
    match answer.status {
        200 => serde_json::from_str(&text).map_err(|error| error.to_string()),
        _ => {
            let failure = D1Answer::decode(&text).ok().and_then(Result::err);
            Err(failure.map_or(text, |failure| failure.error))
        }
    }
}

fn tell(told: &mut MigratedPage, record: DatabaseRecord, outcome: Result<Migrated, String>) {
    let DatabaseRecord { uuid, name, .. } = record;
    let (applied, failed) = match outcome {
        Ok(Migrated { applied, failed }) => (applied, failed.map(|it| (Some(it.name), it.error))),
        Err(error) => (Vec::new(), Some((None, error))),
    };
    if let Some((migration, error)) = failed {
        let (uuid, name) = (uuid.clone(), name.clone());
        told.failures.push(FailedDatabase { uuid, name, migration, error });
    }
    if !applied.is_empty() {
        told.migrated.push(MigratedDatabase { uuid, name, applied });
    }
}
