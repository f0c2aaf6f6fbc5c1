//! What another primary of a database can be made of when its own is out of reach, and how much each of
//! that lacks: `GET …/promote/sources`.

use serde::Serialize;

use crate::directory::{LocationHint, TakesOver};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PromotionSources {
    pub primary: PrimaryStanding,
    /// The newest commit that anybody is known to have heard of.
    pub newest_txid: u64,
    /// The best first.
    pub sources: Vec<PromotionSource>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PrimaryStanding {
    pub region: Option<LocationHint>,
    pub answers: bool,
    pub bookmark: Option<String>,
}

/// A replica, or the backup.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PromotionSource {
    /// What to confirm with.
    pub confirm: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<LocationHint>,
    /// The folder of the backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The last commit that it has.
    pub txid: u64,
    /// When it was last known to have all, or its last transaction was committed, in milliseconds before
    /// now. None where that is not known, as of a replica that has started since.
    pub age_ms: Option<f64>,
    /// Commits that are known to be missing. There may have been more, of which nobody else has heard.
    pub lost_commits: u64,
    #[serde(skip)]
    pub takes_over: TakesOver,
}

impl PromotionSources {
    /// Sorts them, and says of each how much it lacks.
    pub fn new(primary: PrimaryStanding, newest: u64, mut sources: Vec<PromotionSource>) -> Self {
        let newest_txid = sources.iter().map(|source| source.txid).fold(newest, u64::max);
        for source in &mut sources {
            source.lost_commits = newest_txid - source.txid;
        }
        sources.sort_by(|one, other| {
            let age = |source: &PromotionSource| source.age_ms.unwrap_or(f64::INFINITY);
            other.txid.cmp(&one.txid).then(age(one).total_cmp(&age(other)))
        });
        PromotionSources { primary, newest_txid, sources }
    }

    /// What is told before anything is done.
    pub fn warning(&self) -> String {
        let place = self.primary.region.map_or("where it was made", LocationHint::as_str);
        let Some(best) = self.sources.first() else {
            return format!(
                "The primary in {place} does not answer, and there is nothing that another one could be \
                 made of: no replica that is whole, and no backup"
            );
        };
        let seconds = |age_ms: f64| format!(", as of {} s ago", (age_ms / 1000.0).ceil());
        let as_of = best.age_ms.map(seconds).unwrap_or_default();
        let known = match best.lost_commits {
            0 => "No commit is known that it lacks".to_owned(),
            1 => "It lacks one commit that is known of".to_owned(),
            count => format!("It lacks {count} commits that are known of"),
        };
        format!(
            "The primary in {place} does not answer. Of what is left {} is the newest: it stands at \
             commit {}{as_of}. {known}; whatever else the primary has committed since is \
             lost as well. To go on, send the same with \"confirm\": \"{}\"",
            best.name(),
            best.txid,
            best.confirm
        )
    }
}

impl PromotionSource {
    fn name(&self) -> String {
        match &self.takes_over {
            TakesOver::Replica(region) => format!("the replica in {}", region.as_str()),
            TakesOver::Backup { path, .. } => format!("the backup at {path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(region: LocationHint, txid: u64, age_ms: f64) -> PromotionSource {
        PromotionSource {
            confirm: format!("bookmark-{txid}"),
            region: Some(region),
            path: None,
            txid,
            age_ms: Some(age_ms),
            lost_commits: 0,
            takes_over: TakesOver::Replica(region),
        }
    }

    #[test]
    fn the_newest_comes_first_and_says_what_it_lacks() {
        let primary =
            PrimaryStanding { region: Some(LocationHint::Enam), answers: false, bookmark: None };
        let sources = vec![
            source(LocationHint::Apac, 7, 10.0),
            source(LocationHint::Weur, 9, 5_000.0),
            source(LocationHint::Sam, 9, 1_200.0),
        ];
        let told = PromotionSources::new(primary.clone(), 12, sources);
        let order: Vec<_> = told.sources.iter().map(|it| (it.txid, it.lost_commits)).collect();
        assert_eq!(order, [(9, 3), (9, 3), (7, 5)]);
        assert_eq!(told.sources[0].region, Some(LocationHint::Sam));
        let warning = told.warning();
        for part in [
            "in enam does not answer",
            "replica in sam",
            "commit 9",
            "2 s ago",
            "lacks 3 commits",
            "\"bookmark-9\"",
        ] {
            assert!(warning.contains(part), "{part}: {warning}");
        }
        let none = PromotionSources::new(primary, 12, Vec::new());
        assert!(none.warning().contains("nothing that another one could be made of"));
    }
}
