//! A visitor's session: `POST` writes one row more, and each answer counts them.

use isolite::{VisitorSession, database};
use worker::{Env, Method, Request, Response, Result};

pub async fn answer(request: &Request, env: &Env) -> Result<Response> {
    let visitor = VisitorSession::of(request, &database(env, "visitor"))?;
    let session = visitor.session();
    if request.method() == Method::Post {
        let table = "CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY)";
        let insert = "INSERT INTO t DEFAULT VALUES";
        session.batch(vec![session.prepare(table), session.prepare(insert)]).await?;
    }
    let count: Option<i64> =
        session.prepare("SELECT count(*) AS n FROM t").first(Some("n")).await?;
    visitor.carry(Response::from_json(&count)?)
}
