//! `GET /metrics`, for Prometheus: what the primaries of the databases tell, in one text.
//!
//! It asks as many as a scrape may have, a few at a time, and answers in time with what has come.

use std::cell::RefCell;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use isolite_protocol::DatabaseRecord;
use isolite_protocol::directory::ListPage;
use isolite_protocol::metrics::{
    CONTENT_TYPE, DatabaseMetrics, IsolateMetrics, Scrape, ScrapeQuery, Scraped, time_max_ms,
};
use isolite_protocol::rest::{Authorization, RestError, check_bearer_token};
use worker::{Env, Request, Response};

use super::databases::settle;
use super::{Reply, databases, records};
use crate::object::call_js::{Message, within};
use crate::router::ask_primary;
use crate::settings_js::setting;
use crate::{embedded_replicas, error};

/// It opens this path alone.
const TOKEN_VARIABLE: &str = "ISOLITE_METRICS_TOKEN";
/// Prometheus tells how long it waits.
const TIMEOUT_HEADER: &str = "x-prometheus-scrape-timeout-seconds";
/// Primaries that are asked at once; the platform lets six calls of a request go at a time.
const AT_ONCE: usize = 6;

/// Whether a request has the token that is for metrics alone.
pub(super) fn has_own_token(request: &Request, env: &Env) -> bool {
    let header = request.headers().get("authorization").ok().flatten();
    let token = setting(env, TOKEN_VARIABLE).filter(|token| !token.trim().is_empty());
    check_bearer_token(header.as_deref(), token.as_deref()) == Authorization::Granted
}

pub(super) async fn scrape(env: &Env, request: &Request, query: &str) -> Result<Reply, RestError> {
    let began_ms = js_sys::Date::now();
    let asked = ScrapeQuery::from_query(query);
    let header = request.headers().get(TIMEOUT_HEADER).ok().flatten();
    let time_max = Duration::from_millis(time_max_ms(header.as_deref()) as u64);
    let (databases, databases_total) = databases_of(env, &asked).await?;
    let listed = Duration::from_millis((js_sys::Date::now() - began_ms) as u64);
    let databases = ask_all(env, databases, time_max.saturating_sub(listed)).await;
    let (embedded_databases, embedded_bytes) = embedded_replicas::taken();
    let memory_bytes = isolite_sqlite::memory_bytes().max(0) as u64;
    let scrape = Scrape {
        version: env!("CARGO_PKG_VERSION"),
        databases,
        databases_total,
        isolate: IsolateMetrics { embedded_databases, embedded_bytes, memory_bytes },
        duration_ms: js_sys::Date::now() - began_ms,
    };
    let of_platform = |error| error::of_platform(&error);
    let response = Response::ok(scrape.text()).map_err(of_platform)?;
    response.headers().set("content-type", CONTENT_TYPE).map_err(of_platform)?;
    Ok(Reply::Whole(response))
}

/// A database that a scrape is of.
enum Wanted {
    Known(Box<DatabaseRecord>),
    /// There is none of that name.
    Missing(String),
}

/// Those to ask, and how many there are in all.
async fn databases_of(env: &Env, asked: &ScrapeQuery) -> Result<(Vec<Wanted>, u64), RestError> {
    if asked.databases.is_empty() {
        let (page, per_page) = (asked.page, asked.limit);
        let page = ListPage { name: None, page, per_page, deleted: false };
        let list = settle(records::list(env, &page).await, "")?;
        let known = list.databases.into_iter().map(|record| Wanted::Known(Box::new(record)));
        return Ok((known.collect(), u64::from(list.total_count)));
    }
    let total = asked.databases.len() as u64;
    let named = asked.databases.iter().take(asked.limit as usize);
    let mut wanted = Vec::new();
    for name in named {
        wanted.push(match databases::find(env, name).await {
            Ok(record) => Wanted::Known(Box::new(record)),
            Err(RestError::NoSuchDatabase(_)) => Wanted::Missing(name.clone()),
            Err(error) => return Err(error),
        });
    }
    Ok((wanted, total))
}

/// What each has told by the end of the time.
async fn ask_all(env: &Env, wanted: Vec<Wanted>, time_max: Duration) -> Vec<Scraped> {
    let scraped = wanted.iter().map(|wanted| match wanted {
        Wanted::Missing(name) => Scraped { database: name.clone(), ..Scraped::default() },
        Wanted::Known(record) => {
            let (database, database_id) = (record.name.clone(), record.uuid.clone());
            Scraped { database, database_id, metrics: None }
        }
    });
    let scraped: RefCell<Vec<Scraped>> = RefCell::new(scraped.collect());
    let known = wanted.iter().enumerate().filter_map(|(at, wanted)| match wanted {
        Wanted::Known(record) => Some((at, record)),
        Wanted::Missing(_) => None,
    });
    let asking = stream::iter(known).for_each_concurrent(AT_ONCE, |(at, record)| {
        let scraped = &scraped;
        async move {
            let told = ask(env, record).await;
            if let Some(one) = scraped.borrow_mut().get_mut(at) {
                one.metrics = told;
            }
        }
    });
    within(time_max, asking).await.unwrap_or_default();
    scraped.into_inner()
}

async fn ask(env: &Env, record: &DatabaseRecord) -> Option<DatabaseMetrics> {
    let message = Message { path: "/metrics", ..Message::default() };
    let answer = ask_primary(env, record, message).await.ok()?;
    let mut told: DatabaseMetrics = match answer.status {
        200 => serde_json::from_str(&String::from(answer.text)).ok()?,
        _ => return None,
    };
    let hint = record.primary_location_hint.map(|hint| hint.as_str().to_owned());
    let region = &mut told.standing.primary.region;
    *region = region.take().or(hint);
    Some(told)
}
