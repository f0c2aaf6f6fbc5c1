//! What each route needs of whoever asks, and what a token grants.
//!
//! The match over routes has no other arm, so that a new route does not compile before it says what it
//! needs.

use super::{RestError, Route};
use crate::directory::{DatabaseSettings, Right, Scope};

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access<'a> {
    /// Nothing: anybody may ask.
    Open,
    /// No token, but a URL that was signed for whoever had one.
    Signed,
    /// A token, whatever it is for; the answer is for what it is for.
    Known,
    /// One database, by id or by name.
    Database { database: &'a str, right: Right },
    /// All databases.
    All(Right),
    /// The token of the Worker's configuration.
    Admin,
}

/// What the token of a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// That of the Worker's configuration.
    Admin,
    Scoped(Scope),
}

impl Route {
    pub fn needs(&self) -> Access<'_> {
        let of = |database, right| Access::Database { database, right };
        match self {
            Route::Health => Access::Open,
            Route::ListAccounts | Route::ListMemberships | Route::ListDatabases => Access::Known,
            Route::Download(_) | Route::Upload { .. } => Access::Signed,
            Route::Graphql => Access::All(Right::Read),
            Route::GetBackup | Route::Metrics => Access::All(Right::Read),
            // A fork is a new database, and a backup may be that of any.
            Route::CreateDatabase
            | Route::MigrateGroup(_)
            | Route::Fork(_)
            | Route::RestoreBackup => Access::All(Right::Write),
            // Those of the statements are looked at as they run.
            Route::GetDatabase(database)
            | Route::Query(database)
            | Route::Raw(database)
            | Route::Export(database)
            | Route::ExportNow(database)
            | Route::BookmarkAt(database)
            | Route::Backup(database)
            | Route::GetPromotion(database)
            | Route::PromotionSources(database)
            | Route::Replicas(database)
            | Route::Measure(database)
            | Route::NewestJob(database) => of(database, Right::Read),
            Route::PutDatabase(database)
            | Route::PatchDatabase(database)
            | Route::DeleteDatabase(database)
            | Route::UndeleteDatabase(database)
            | Route::Import(database)
            | Route::Promote(database)
            | Route::GiveUpPromotion(database)
            | Route::Restore(database) => of(database, Right::Write),
            Route::ListTokens | Route::CreateToken | Route::RevokeToken(_) => Access::Admin,
        }
    }
}

impl Route {
    /// The database of a route that needs one.
    pub fn database_mut(&mut self) -> Option<&mut String> {
        match self {
            Route::GetDatabase(database)
            | Route::PutDatabase(database)
            | Route::PatchDatabase(database)
            | Route::DeleteDatabase(database)
            | Route::UndeleteDatabase(database)
            | Route::Query(database)
            | Route::Raw(database)
            | Route::Export(database)
            | Route::ExportNow(database)
            | Route::Download(database)
            | Route::Import(database)
            | Route::Upload { database, .. }
            | Route::BookmarkAt(database)
            | Route::Restore(database)
            | Route::Fork(database)
            | Route::Backup(database)
            | Route::Promote(database)
            | Route::GetPromotion(database)
            | Route::PromotionSources(database)
            | Route::GiveUpPromotion(database)
            | Route::Replicas(database)
            | Route::Measure(database)
            | Route::NewestJob(database) => Some(database),
            Route::Health
            | Route::Metrics
            | Route::ListAccounts
            | Route::ListMemberships
            | Route::Graphql
            | Route::ListDatabases
            | Route::CreateDatabase
            | Route::ListTokens
            | Route::CreateToken
            | Route::RevokeToken(_)
            | Route::GetBackup
            | Route::RestoreBackup
            | Route::MigrateGroup(_) => None,
        }
    }
}

impl Grant {
    pub fn right(&self) -> Right {
        match self {
            Grant::Admin => Right::Write,
            Grant::Scoped(scope) => scope.access,
        }
    }

    /// The one database that it is for, if it is not for all.
    pub fn database(&self) -> Option<&str> {
        match self {
            Grant::Admin => None,
            Grant::Scoped(scope) => scope.database.as_deref(),
        }
    }

    /// Whether it is enough, as far as that can be told without knowing which database has a name:
    /// whoever does looks at [`Grant::database`].
    pub fn allows(&self, access: Access<'_>) -> Result<(), RestError> {
        let right = match access {
            Access::Open | Access::Signed | Access::Known => return Ok(()),
            Access::Admin if *self == Grant::Admin => return Ok(()),
            Access::Admin => return Err(forbidden("this needs the token of the configuration")),
            Access::All(_) if self.database().is_some() => {
                return Err(forbidden("it is for one database only"));
            }
            Access::All(right) | Access::Database { right, .. } => right,
        };
        match self.right() >= right {
            true => Ok(()),
            false => Err(forbidden("it may only read")),
        }
    }

    /// Whether it may change settings so. Whoever sets a key lets others in, as whoever makes tokens, and
    /// for longer than a token that may be revoked.
    pub fn allows_settings(
        &self,
        before: &DatabaseSettings,
        after: &DatabaseSettings,
    ) -> Result<(), RestError> {
        if before.jwt_key == after.jwt_key { Ok(()) } else { self.allows(Access::Admin) }
    }

    /// Whether it reaches the database with this id.
    pub fn allows_database(&self, id: &str) -> Result<(), RestError> {
        match self {
            Grant::Scoped(scope) if !scope.reaches(id) => {
                Err(forbidden("it is for another database"))
            }
            _ => Ok(()),
        }
    }
}

fn forbidden(why: &str) -> RestError {
    RestError::Forbidden(format!("This token is not allowed to do that: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scoped(database: Option<&str>, access: Right) -> Grant {
        Grant::Scoped(Scope { database: database.map(str::to_owned), access })
    }

    #[test]
    fn what_each_token_may() {
        let reader = scoped(Some("a"), Right::Read);
        let writer = scoped(Some("a"), Right::Write);
        let all = scoped(None, Right::Write);
        let query = Route::Query("a".into());
        let delete = Route::DeleteDatabase("a".into());
        let told = |grant: &Grant, route: &Route| {
            grant.allows(route.needs()).err().map(|error| error.to_string())
        };
        for grant in [&reader, &writer, &all, &Grant::Admin] {
            assert_eq!(told(grant, &query), None);
            assert_eq!(told(grant, &Route::ListDatabases), None);
        }
        assert!(told(&reader, &delete).unwrap().ends_with("it may only read"));
        assert_eq!(told(&writer, &delete), None);
        assert!(told(&writer, &Route::CreateDatabase).unwrap().ends_with("for one database only"));
        assert_eq!(told(&all, &Route::CreateDatabase), None);
        assert!(told(&all, &Route::ListTokens).unwrap().contains("the configuration"));
        assert_eq!(told(&Grant::Admin, &Route::ListTokens), None);
        let keyless = DatabaseSettings::default();
        let keyed = DatabaseSettings { jwt_key: Some("k".into()), ..keyless.clone() };
        let other = DatabaseSettings { retention_days: Some(1), ..keyed.clone() };
        for (grant, may) in [(&writer, false), (&all, false), (&Grant::Admin, true)] {
            assert_eq!(grant.allows_settings(&keyless, &keyed).is_ok(), may);
            assert_eq!(grant.allows_settings(&keyed, &keyless).is_ok(), may);
            assert!(grant.allows_settings(&keyed, &other).is_ok());
        }
        assert!(writer.allows_database("a").is_ok() && writer.allows_database("b").is_err());
        assert!(all.allows_database("b").is_ok());
    }
}
