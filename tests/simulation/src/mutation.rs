//! Bugs to plant, one at a time, each of which the checker has to catch.

/// A bug in what drives the state machines, or around the checks that they make themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// A replica answers whoever waits for a bookmark from where it stands.
    BookmarkNotAwaited,
    /// With an answer comes the newest commit alone, and is applied whatever lacks before it.
    GapIgnored,
    /// A page of a commit is left out, and the checksum not compared.
    PageSkipped,
    /// A commit is read before its last page is there.
    HalfAppliedReadable,
    /// An isolate answers however old its replica is.
    StalenessIgnored,
    /// A region's replica answers however old it is.
    RegionStalenessIgnored,
    /// A push counts as if the primary had been asked when it came.
    PushConfirmsAge,
    /// An isolate takes the answer of its region's replica for the primary's.
    AgeNotAdded,
    /// An answer counts from when it came, instead of from when it was asked for.
    ConfirmedAtArrival,
    /// The primary does not wait for its disk before it answers.
    AnsweredBeforeDurable,
    /// A commit that storage refused is answered as done.
    StorageErrorIgnored,
    /// A handle does not know what it has written and read.
    SeenIgnored,
    /// A session keeps the bookmark of its first answer.
    SessionStandsStill,
    /// Of a replica that begins anew the newest position is forgotten.
    OlderSnapshotAccepted,
    /// Of a replica that was let go the newest position is forgotten.
    LetGoForgets,
    /// A handle trusts an isolate to remember all that it has ever read there.
    EvictedEntryTrusted,
    /// An isolate whose snapshot is there but for the commits since does not say since when.
    SnapshotStartForgotten,
    /// A write that was not answered is sent again.
    WriteRepeated,
    /// What is committed while there is no room for a push waits for the next commit.
    PushNotContinued,
    /// A push waits until the one before it is answered.
    OnePushAtATime,
    /// After a push that was lost the next begins where that one led.
    LostPushForgotten,
    /// A push that has overtaken another counts as applied.
    EarlyPushAcknowledged,
    /// A replica that is whole by the last part of its snapshot asks for nothing more, so that nobody
    /// knows that it follows.
    SnapshotNotFollowed,
    /// Parts of a snapshot are put together without the commits between them.
    SnapshotTorn,
    /// A primary makes way, and does not keep that.
    FenceNotKept,
    /// A candidate is registered from where it stands once the primary is fenced.
    RegisteredBehind,
    /// A candidate is registered that was given up.
    AbandonedRegistered,
    /// A primary that has made way answers reads.
    FormerReads,
    /// The new primary goes on in the epoch of the one before.
    EpochNotRaised,
    /// A replica takes what a primary of a higher epoch says as if it were of its own.
    HigherEpochIgnored,
    /// A call that was not answered is sent again to where the primary is then.
    LostResent,
    /// A primary that was down does not ask whether another has taken over.
    WakesUnasked,
    /// A fence of which it is not known whether it was kept counts as not kept, and later as raised.
    FailedFenceForgotten,
    /// What was given up is wiped, and the fence that was raised for it stays.
    NotLowered,
    /// A primary that others took over from is not told once it is in reach again.
    TakenOverUntold,
}

impl Mutation {
    pub const ALL: [Mutation; 35] = [
        Mutation::BookmarkNotAwaited,
        Mutation::GapIgnored,
        Mutation::PageSkipped,
        Mutation::HalfAppliedReadable,
        Mutation::StalenessIgnored,
        Mutation::RegionStalenessIgnored,
        Mutation::PushConfirmsAge,
        Mutation::AgeNotAdded,
        Mutation::ConfirmedAtArrival,
        Mutation::AnsweredBeforeDurable,
        Mutation::StorageErrorIgnored,
        Mutation::SeenIgnored,
        Mutation::SessionStandsStill,
        Mutation::OlderSnapshotAccepted,
        Mutation::LetGoForgets,
        Mutation::EvictedEntryTrusted,
        Mutation::SnapshotStartForgotten,
        Mutation::WriteRepeated,
        Mutation::PushNotContinued,
        Mutation::OnePushAtATime,
        Mutation::LostPushForgotten,
        Mutation::EarlyPushAcknowledged,
        Mutation::SnapshotNotFollowed,
        Mutation::SnapshotTorn,
        Mutation::FenceNotKept,
        Mutation::RegisteredBehind,
        Mutation::AbandonedRegistered,
        Mutation::FormerReads,
        Mutation::EpochNotRaised,
        Mutation::HigherEpochIgnored,
        Mutation::LostResent,
        Mutation::WakesUnasked,
        Mutation::FailedFenceForgotten,
        Mutation::NotLowered,
        Mutation::TakenOverUntold,
    ];

    pub fn named(name: &str) -> Option<Mutation> {
        Mutation::ALL.into_iter().find(|mutation| format!("{mutation:?}") == name)
    }
}
