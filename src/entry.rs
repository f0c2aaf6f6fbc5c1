//! The Worker's `fetch` handler: REST, Hrana and `/health`. A Worker that embeds Isolite has its own, and
//! leaves the feature `entry` off.

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    crate::router::came_in(&request);
    match crate::hrana::asked(&request) {
        Some(asked) => crate::hrana::answer(request, &env, &asked).await,
        None => crate::rest::answer(request, &env).await,
    }
}
