//! Many databases of one kind, as one for each tenant: picked by name at run time.

use std::sync::Arc;
use std::time::Duration;

use worker::{Env, Result};

use crate::channel::Channel;
use crate::database::D1Database;
use crate::error::{D1_ERROR, d1_error};

/// The databases of this Worker, all of them unless a prefix says which. Cheap: call it in every
/// request.
///
/// ```no_run
/// # fn example(env: &worker::Env, tenant: u32) -> worker::Result<()> {
/// let tenants = isolite::databases(env)
///     .with_prefix("tenant-")
///     .with_template("tenant-template")
///     .create_if_missing();
/// let db = tenants.get(&format!("tenant-{tenant}"))?;
/// # Ok(())
/// # }
/// ```
pub fn databases(env: &Env) -> D1Databases {
    D1Databases {
        env: env.clone(),
        prefix: String::new(),
        template: None,
        create: false,
        max_staleness: None,
    }
}

#[derive(Clone, Debug)]
pub struct D1Databases {
    env: Env,
    prefix: String,
    template: Option<Arc<str>>,
    create: bool,
    max_staleness: Option<Duration>,
}

impl D1Databases {
    /// Only databases whose names begin so.
    pub fn with_prefix(self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self }
    }

    /// A database that is created begins with the schema of this one.
    pub fn with_template(self, template: &str) -> Self {
        Self { template: Some(Arc::from(template)), ..self }
    }

    /// The first query creates a database that is missing. Unless told, it fails.
    pub fn create_if_missing(self) -> Self {
        Self { create: true, ..self }
    }

    /// As [`D1Database::with_max_staleness`], for each of them.
    pub fn with_max_staleness(self, max: Duration) -> Self {
        Self { max_staleness: Some(max), ..self }
    }

    /// The database of this name, prefix included. The error says that it is none of these.
    pub fn get(&self, name: &str) -> Result<D1Database> {
        if !name.starts_with(&self.prefix) {
            let prefix = &self.prefix;
            let message = format!("{name} is none of these databases: names begin with {prefix}");
            return Err(d1_error(D1_ERROR, &message, &message));
        }
        let channel = Channel::new(self.env.clone(), name, self.create);
        let database = D1Database::new(channel.with_template(self.template.clone()));
        Ok(match self.max_staleness {
            Some(max) => database.with_max_staleness(max),
            None => database,
        })
    }
}
