//! A small JSON API with its database inside the Worker: cities to look up, notes to write.

mod cities;
mod notes;

use isolite::D1Failure;
use worker::{Context, Env, Request, Response, Result, Router, event};

// Exports the classes that wrangler.toml binds.
pub use isolite::{IsoliteDirectory, IsolitePrimary, IsoliteReplica};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    let answer = Router::new()
        .post_async("/setup", |_, context| async move { set_up(&context.env).await })
        .get_async("/cities", |request, context| async move {
            cities::list(&isolite::database(&context.env, "demo"), &request).await
        })
        .get_async("/notes", |request, context| async move {
            notes::list(&isolite::database(&context.env, "demo"), &request).await
        })
        .post_async("/notes", |request, context| async move {
            notes::create(&isolite::database(&context.env, "demo"), request).await
        })
        .run(request, env)
        .await;
    match answer {
        // The database's own words, as `no such table: notes` before the first setup.
        Err(error) => match D1Failure::of(&error) {
            Some(failure) => Response::error(failure.cause(), 400),
            None => Err(error),
        },
        answered => answered,
    }
}

/// Creates the tables, and fills the first one. Harmless when repeated.
async fn set_up(env: &Env) -> Result<Response> {
    let db = isolite::database(env, "demo");
    let mut statements = cities::set_up(&db)?;
    statements.extend(notes::set_up(&db));
    db.batch(statements).await?;
    Response::ok("ready\n")
}
