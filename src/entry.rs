//! The Worker's `fetch` handler: REST, Hrana, the console and `/health`. A Worker that embeds Isolite has its own, and
//! leaves the feature `entry` off.

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    crate::router::came_in(&request);
    if let Some(asked) = crate::hrana::asked(&request) {
        return crate::hrana::answer(request, &env, &asked).await;
    }
    match crate::console::asked(&request, &env) {
        Some(asked) => crate::console::answer(request, &env, asked).await,
        None => crate::rest::answer(request, &env).await,
    }
}
