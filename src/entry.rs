//! The Worker's `fetch` handler: REST and `/health`. A Worker that embeds Isolite has its own, and
//! leaves the feature `entry` off.

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    if let Some(cf) = request.cf() {
        crate::region::came_in_at(&cf.colo(), &cf.continent().unwrap_or_default());
    }
    crate::rest::answer(request, &env).await
}
