//! The Worker's `fetch` handler: REST, Hrana, the console and `/health`. A Worker that embeds Isolite has its own, and
//! leaves the feature `entry` off.

use worker::{Context, Env, Request, Response, Result, event};

use crate::request_log::RequestLog;

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    crate::router::came_in(&request);
    let hrana = crate::hrana::asked(&request);
    if hrana.is_none()
        && let Some(asked) = crate::console::asked(&request, &env)
    {
        return crate::console::answer(request, &env, asked).await;
    }
    let log = RequestLog::begin(&request, &env);
    let answered = match hrana {
        Some(asked) => crate::hrana::answer(request, &env, &asked, &log).await,
        None => crate::rest::answer(request, &env, &log).await,
    };
    if let Err(error) = &answered {
        log.failed(&error.to_string());
    }
    log.end(answered.as_ref().map_or(500, Response::status_code));
    answered
}
