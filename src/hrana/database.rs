//! Which database a request is for: what its path says, then its headers, then the host, and else the
//! default one.

use std::rc::Rc;

use isolite_protocol::directory::{DatabaseName, DatabaseRecord, Refusal, is_database_id};
use isolite_protocol::hrana::{HranaError, Named, Route, host_label};
use worker::{Env, Request};

use super::of_platform;
use crate::router::record_of;
use crate::settings_js::setting;

const DEFAULT_VARIABLE: &str = "ISOLITE_DEFAULT_DATABASE";
const DEFAULT: &str = "default";

pub(super) async fn find(
    env: &Env,
    request: &Request,
    route: &Route,
) -> Result<Rc<DatabaseRecord>, HranaError> {
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let (bin, namespace) = (header("x-namespace-bin"), header("x-namespace"));
    let named = Named { namespace_bin: bin.as_deref(), namespace: namespace.as_deref() };
    if let Some(name) = route.database.clone().or_else(|| named.by_header()) {
        return resolve(env, &name, false).await;
    }
    let host = header("host").unwrap_or_default();
    match host_label(&host) {
        Some((label, true)) => return resolve(env, label, false).await,
        // It may be the Worker's own.
        Some((label, false)) => match resolve(env, label, false).await {
            Err(HranaError::NoSuchDatabase(_)) => {}
            found => return found,
        },
        None => {}
    }
    let name = setting(env, DEFAULT_VARIABLE).unwrap_or_else(|| DEFAULT.to_owned());
    resolve(env, &name, true).await
}

async fn resolve(env: &Env, name: &str, create: bool) -> Result<Rc<DatabaseRecord>, HranaError> {
    let unknown = || HranaError::NoSuchDatabase(format!("There is no database {name}"));
    if is_database_id(name) {
        let found = crate::rest::databases::find(env, name).await;
        return found.map(Rc::new).map_err(|_| unknown());
    }
    // What cannot be a name was never created.
    let parsed = DatabaseName::parse(name).map_err(|_| unknown())?;
    match record_of(env, parsed, create).await.map_err(of_platform)? {
        Ok(record) => Ok(record),
        Err(Refusal::NotFound(_)) => Err(unknown()),
        Err(refusal) => Err(HranaError::Unavailable(refusal.message().to_owned())),
    }
}
