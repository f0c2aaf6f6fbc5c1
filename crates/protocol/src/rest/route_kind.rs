//! What a request is called in the log.

use super::Route;

impl Route {
    pub fn kind(&self) -> &'static str {
        match self {
            Route::Health => "health",
            Route::Metrics => "metrics",
            Route::ListAccounts => "accounts",
            Route::ListMemberships => "memberships",
            Route::Graphql => "graphql",
            Route::CreateDatabase => "create",
            Route::ListDatabases => "list",
            Route::GetDatabase(_) => "get",
            Route::PutDatabase(_) | Route::PatchDatabase(_) => "settings",
            Route::DeleteDatabase(_) => "delete",
            Route::UndeleteDatabase(_) => "undelete",
            Route::Query(_) => "query",
            Route::Raw(_) => "raw",
            Route::ListTokens | Route::CreateToken | Route::RevokeToken(_) => "tokens",
            Route::MigrateGroup(_) => "migrations",
            Route::Export(_) | Route::ExportNow(_) => "export",
            Route::Download(_) => "download",
            Route::Import(_) => "import",
            Route::Upload { .. } => "upload",
            Route::BookmarkAt(_) => "bookmark",
            Route::Restore(_) => "restore",
            Route::Fork(_) => "fork",
            Route::GetBackup => "backups",
            Route::RestoreBackup => "restore-backup",
            Route::NewestJob(_) => "jobs",
            Route::Backup(_) => "backup",
            Route::Replicas(_) => "replicas",
            Route::Measure(_) => "measure",
            Route::Promote(_)
            | Route::GetPromotion(_)
            | Route::PromotionSources(_)
            | Route::GiveUpPromotion(_) => "promote",
        }
    }
}
