//! What a database does in each region: the primary's `/replicas`, a replica's `/info`, and what REST makes
//! of both.

use serde::{Deserialize, Serialize};

/// The primary's `/replicas`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KnownReplicas {
    pub primary: PrimaryState,
    pub replicas: Vec<KnownReplica>,
}

/// Where a primary stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PrimaryState {
    /// Of its Worker, where that is set, else as the directory has placed it.
    pub region: Option<String>,
    pub bookmark: String,
    pub epoch: u32,
    pub txid: u64,
    /// Free pages left out.
    pub size_bytes: u64,
    /// Since the last checkpoint.
    pub log_commits: u64,
    pub log_bytes: u64,
    /// Replicas that it pushes to.
    pub followers: usize,
}

/// What a primary knows of a replica without asking it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KnownReplica {
    pub region: String,
    /// The name of its object.
    pub object: String,
    pub jurisdiction: Option<String>,
    /// It is pushed to.
    pub following: bool,
    /// It asks for the parts of a snapshot.
    pub filling: bool,
    /// Until when it is pushed to, or was; in milliseconds since the Unix epoch.
    pub subscribed_until_ms: Option<f64>,
    /// Where it was last known to stand.
    pub txid: Option<u64>,
    pub lag_commits: Option<u64>,
    /// How long ago the first commit was made that it lacks.
    pub lag_ms: Option<f64>,
    /// Pushes that it has not answered yet.
    pub pushes: usize,
    /// Snapshots that it has begun to read since the primary has started.
    pub snapshots_begun: u64,
}

/// A replica's `/info`: what it says of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReplicaInfo {
    /// Null while it is not whole.
    pub bookmark: Option<String>,
    /// The newest position that the primary is known to have reached.
    #[serde(default)]
    pub newest: Option<String>,
    #[serde(default)]
    pub txid: Option<u64>,
    /// How long ago this was known to be the primary's newest position; null where nobody has asked since
    /// its start.
    #[serde(default)]
    pub age_ms: Option<f64>,
    /// How often it had to begin anew since its start.
    #[serde(default)]
    pub snapshots: u32,
    /// Requests that it answered since its start, and how many a second in the last ten.
    #[serde(default)]
    pub reads: u64,
    #[serde(default)]
    pub reads_per_second: f64,
    /// Those that it passed on to the primary.
    #[serde(default)]
    pub forwarded: u64,
    /// How long its last question to the primary took.
    #[serde(default)]
    pub trip_ms: Option<f64>,
}

/// Result of `GET …/replicas`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replicas {
    pub primary: PrimaryState,
    pub replicas: Vec<ReplicaStanding>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplicaStanding {
    pub region: String,
    pub object: String,
    pub state: ReplicaState,
    pub whole: Option<bool>,
    pub txid: Option<u64>,
    pub lag_commits: Option<u64>,
    pub lag_ms: Option<f64>,
    pub subscribed_until_ms: Option<f64>,
    pub pushes: usize,
    /// All of it null where it was not asked, or has not answered.
    #[serde(flatten)]
    pub own: OwnStanding,
}

/// What it said of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OwnStanding {
    pub bookmark: Option<String>,
    pub age_ms: Option<f64>,
    pub snapshots: Option<u32>,
    pub reads: Option<u64>,
    pub reads_per_second: Option<f64>,
    pub forwarded: Option<u64>,
    pub trip_ms: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplicaState {
    /// It is pushed to, and has answered.
    Following,
    /// It is not whole yet.
    Filling,
    /// It is not pushed to, and was not asked: asking would wake it.
    Asleep,
    /// It was asked, and has not answered in time.
    Silent,
}

impl KnownReplica {
    /// Whether it is awake anyway, and may be asked.
    pub fn is_awake(&self) -> bool {
        self.following || self.filling
    }
}

impl ReplicaStanding {
    /// Of one that said this of itself, if it was asked and has answered.
    pub fn of(known: KnownReplica, info: Option<ReplicaInfo>, primary_txid: u64) -> Self {
        let state = match &info {
            None if !known.is_awake() => ReplicaState::Asleep,
            None => ReplicaState::Silent,
            Some(info) if info.bookmark.is_none() => ReplicaState::Filling,
            Some(_) => ReplicaState::Following,
        };
        // Its own word is newer than what the primary has heard of it.
        let own_txid = info.as_ref().and_then(|info| info.txid);
        let txid = own_txid.or(known.txid);
        let lag_commits = txid.map(|txid| primary_txid.saturating_sub(txid));
        let lag_ms = if lag_commits == Some(0) { Some(0.0) } else { known.lag_ms };
        ReplicaStanding {
            region: known.region,
            object: known.object,
            state,
            whole: info.as_ref().map(|info| info.bookmark.is_some()),
            txid,
            lag_commits,
            lag_ms,
            subscribed_until_ms: known.subscribed_until_ms,
            pushes: known.pushes,
            own: info.map(OwnStanding::from).unwrap_or_default(),
        }
    }
}

impl From<ReplicaInfo> for OwnStanding {
    fn from(info: ReplicaInfo) -> Self {
        OwnStanding {
            bookmark: info.bookmark,
            age_ms: info.age_ms,
            snapshots: Some(info.snapshots),
            reads: Some(info.reads),
            reads_per_second: Some(info.reads_per_second),
            forwarded: Some(info.forwarded),
            trip_ms: info.trip_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(following: bool, txid: Option<u64>) -> KnownReplica {
        let lag_ms = Some(250.0);
        KnownReplica { region: "apac".into(), following, txid, lag_ms, ..KnownReplica::default() }
    }

    fn info(txid: Option<u64>) -> ReplicaInfo {
        let bookmark = txid.map(|txid| txid.to_string());
        ReplicaInfo { bookmark, txid, reads: 3, ..ReplicaInfo::default() }
    }

    #[test]
    fn its_own_word_is_newer() {
        let told = ReplicaStanding::of(known(true, Some(5)), Some(info(Some(7))), 9);
        assert_eq!((told.state, told.txid), (ReplicaState::Following, Some(7)));
        assert_eq!((told.lag_commits, told.lag_ms), (Some(2), Some(250.0)));
        // It may have got what was committed after the primary was asked.
        let told = ReplicaStanding::of(known(true, Some(5)), Some(info(Some(10))), 9);
        assert_eq!((told.lag_commits, told.lag_ms), (Some(0), Some(0.0)));
    }

    #[test]
    fn of_one_that_says_nothing() {
        let told = ReplicaStanding::of(known(true, Some(5)), None, 9);
        assert_eq!((told.state, told.whole), (ReplicaState::Silent, None));
        assert_eq!((told.lag_commits, told.own), (Some(4), OwnStanding::default()));
        let told = ReplicaStanding::of(known(false, None), None, 9);
        assert_eq!((told.state, told.lag_commits), (ReplicaState::Asleep, None));
    }

    #[test]
    fn of_one_that_is_not_whole() {
        let filling = KnownReplica { filling: true, ..known(false, None) };
        assert!(filling.is_awake());
        let told = ReplicaStanding::of(filling, Some(info(None)), 9);
        assert_eq!((told.state, told.whole), (ReplicaState::Filling, Some(false)));
        assert_eq!(told.lag_commits, None);
    }

    #[test]
    fn as_json() {
        let told = ReplicaStanding::of(known(false, None), None, 9);
        let text = serde_json::to_string(&told).unwrap();
        assert!(text.starts_with(r#"{"region":"apac","object":"","state":"asleep","whole":null"#));
        // What an earlier version says of itself.
        let old: ReplicaInfo =
            serde_json::from_str(r#"{"bookmark":"b","age_ms":1,"snapshots":2}"#).unwrap();
        assert_eq!((old.snapshots, old.reads, old.trip_ms), (2, 0, None));
    }
}
