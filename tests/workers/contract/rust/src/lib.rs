//! The third way to `env.DB`: a Rust Worker.
//!
//! Its path names the database: `/rust` is Isolite's, by the crate `isolite`; `/rust_d1` is D1's, by
//! `worker::d1`. The calls are the same source, compiled once over each: that it compiles over both
//! shows that the types agree, and what comes of it that the behaviour does. `/own` shows what only
//! Isolite's crate has, `/local` its reads in memory,
//! `/transactions` transactions of several requests, and `/visitor` a session that a cookie carries.

mod exotic;
mod local;
mod outcome;
mod over_d1;
mod over_isolite;
mod own;
mod row;
mod transactions;
mod visitor;

use js_sys::JSON;
use worker::{Context, Env, Request, Response, Result, event};

pub use isolite::{IsoliteDirectory, IsolitePrimary, IsoliteReplica};

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _context: Context) -> Result<Response> {
    let path = request.path();
    if path == "/visitor" {
        return visitor::answer(&request, &env).await;
    }
    // By JavaScript's parser: a text may hold half a character, which Rust's refuses.
    let body = JSON::parse(&request.text().await?)?;
    let answer = match path.as_str() {
        // The one line that differs between the two.
        "/rust" => over_isolite::answer(&body, &isolite::database(&env, "contract")).await,
        "/rust_d1" => over_d1::answer(&body, &env.d1("DB")?).await,
        "/own" => own::answer(&env, &isolite::database(&env, "contract")).await,
        "/transactions" => transactions::answer(&env).await,
        "/local" => local::answer(&env).await,
        _ => return Response::error("No such database", 404),
    };
    Ok(Response::ok(answer?)?.with_headers(json()?))
}

fn json() -> Result<worker::Headers> {
    let headers = worker::Headers::new();
    headers.set("content-type", "application/json")?;
    Ok(headers)
}
