//! How long a read takes where this Worker runs.

use isolite_protocol::rest::Envelope;
use worker::Env;

use super::{Answer, databases, internal};
use crate::router;

pub(super) async fn here(env: &Env, database: &str) -> Answer {
    let record = databases::find(env, database).await?;
    let measured = router::measure(env, &record).await;
    Ok(Envelope::success(&serde_json::to_string(&measured).map_err(internal)?, None))
}
