//! What a seed makes of a world: how large it is, how it is tuned and what goes wrong in it.
//!
//! Times are those of the shell made shorter where nothing depends on them, and pages and parts are
//! few, so that a short run meets every limit.

use isolite_core::CheckpointPolicy;

use crate::random::Random;

#[derive(Clone, Debug)]
pub struct Plan {
    /// The first is where the primary is in the beginning.
    pub regions: usize,
    pub isolates: usize,
    pub clients: usize,
    pub operations: u32,
    /// Pauses of clients that are short, in a thousand.
    pub hurry: u64,
    /// When things stop going wrong.
    pub faults_end_ms: u64,
    pub pages_max: u32,
    /// Pages of one part of a snapshot.
    pub part_pages: u32,
    /// Commits that go along with an answer, in bytes.
    pub answer_commits_bytes_max: usize,
    /// Commits that a replica asks for, in bytes.
    pub feed_commits_bytes_max: usize,
    /// Pages that an isolate has memory for.
    pub embedded_pages_max: u32,
    pub cache_pages: usize,
    pub checkpoint: CheckpointPolicy,
    pub faults: Faults,
    /// Whether a machine crashes once a call of its storage has failed.
    pub crash_when_broken: bool,
    /// How often somebody asks for a promotion.
    pub promotions: u32,
    /// Whether some take over from a replica, where the primary is out of reach.
    pub takes_over: bool,
    /// How long an old primary is kept.
    pub former_kept_ms: u64,
    /// The region of the directory.
    pub directory: usize,
    /// Whether, in the end, all begin anew while commits go on.
    pub ends_busy: bool,
}

/// How often what goes wrong, in a thousand messages; or in how many milliseconds once.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    pub lost: u64,
    pub doubled: u64,
    pub late: u64,
    /// Pushes that are late.
    pub late_pushes: u64,
    pub slow_disk: u64,
    pub slow_object: u64,
    /// Answers after which an isolate lets go of its replica, remembers nothing, or begins anew.
    pub forgetful: u64,
    /// Commits and pages that are damaged on their way.
    pub damaged: u64,
    /// One of the kinds below each so many milliseconds; 0 is never.
    pub every_ms: u64,
    pub kinds: Vec<Fault>,
}

/// What befalls a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    CrashPrimary,
    CrashReplica,
    CrashIsolate,
    EvictPrimary,
    EvictReplica,
    /// A call of its storage fails.
    StoragePrimary,
    StorageReplica,
    /// Its storage is emptied.
    WipeReplica,
    /// A bit of its log turns over.
    DamageReplica,
    /// An isolate's memory is wanted for other databases.
    LetGo,
    /// So many others that nothing is remembered of this one.
    Forget,
    /// A region is cut off for a while.
    CutOff,
    CrashDirectory,
    StorageDirectory,
    /// A primary, former or to be, is down for a while.
    Sleep,
}

pub const QUESTION_MS_MAX: u64 = 1_500;
pub const READ_WAIT_MS: u64 = 2_000;
pub const CALL_MS_MAX: u64 = 4_000;
pub const SUBSCRIPTION_MS: u64 = 8_000;
/// More than the ways of two messages to one place differ.
pub const EARLY_MS: u64 = 60;
pub const RETRY_DELAY_MS: f64 = 2_500.0;
pub const BEHIND_DELAY_MS: f64 = 20.0;
pub const ASKED_MS_MAX: f64 = 3_000.0;

/// Of promotions. The shell's times are longer.
pub const PROMOTION_WAIT_MS: u64 = 1_500;
pub const ALARM_MS: u64 = 800;
pub const PAUSE_MS_MIN: u64 = 50;
pub const PAUSE_MS_MAX: u64 = 800;
pub const GIVE_UP_MS: u64 = 6_000;
/// Of the directory.
pub const SOON_MS: u64 = 200;
pub const RETRY_MS: u64 = 2_000;

const KINDS: [Fault; 15] = [
    Fault::CrashPrimary,
    Fault::CrashReplica,
    Fault::CrashIsolate,
    Fault::EvictPrimary,
    Fault::EvictReplica,
    Fault::StoragePrimary,
    Fault::StorageReplica,
    Fault::WipeReplica,
    Fault::DamageReplica,
    Fault::LetGo,
    Fault::Forget,
    Fault::CutOff,
    Fault::CrashDirectory,
    Fault::StorageDirectory,
    Fault::Sleep,
];

impl Plan {
    /// A small world in which nothing goes wrong, and much is asked of storages.
    pub fn calm(random: &Random) -> Plan {
        let plan = Plan::draw(random);
        let checkpoint = CheckpointPolicy { log_commits_max: 3, step_pages: 2, ..plan.checkpoint };
        Plan {
            regions: 2,
            isolates: 1,
            clients: 2,
            operations: 12,
            faults_end_ms: 9_000,
            pages_max: 6,
            part_pages: 2,
            cache_pages: 1,
            checkpoint,
            faults: Faults::default(),
            promotions: 1,
            takes_over: false,
            former_kept_ms: 1_000,
            directory: 0,
            ends_busy: false,
            ..plan
        }
    }

    pub fn draw(random: &Random) -> Plan {
        let pages_max = random.within(1, 9) as u32;
        let small = random.chance(300);
        let promotions = if random.chance(400) { random.within(1, 5) as u32 } else { 0 };
        let regions = random.within(2, 4) as usize;
        Plan {
            regions,
            isolates: random.within(1, 2) as usize,
            clients: random.within(1, 3) as usize,
            hurry: random.pick(&[200, 500, 950]).unwrap_or(0),
            operations: random.within(4, 10) as u32,
            faults_end_ms: random.within(4_000, 12_000),
            pages_max,
            part_pages: random.within(1, 4) as u32,
            answer_commits_bytes_max: random.pick(&[0, 300, 1_000, 100_000]).unwrap_or(0),
            feed_commits_bytes_max: random.pick(&[300, 1_000, 100_000]).unwrap_or(0),
            embedded_pages_max: if small { pages_max / 2 + 1 } else { pages_max },
            cache_pages: random.within(1, 8) as usize,
            checkpoint: CheckpointPolicy {
                log_bytes_max: random.pick(&[500, 3_000, 1 << 20]).unwrap_or(1),
                log_commits_max: random.within(1, 12),
                step_pages: random.within(1, 4) as usize,
                keep_log_bytes: random.pick(&[0, 600, 5_000]).unwrap_or(0),
                ..CheckpointPolicy::default()
            },
            faults: Faults::draw(random),
            crash_when_broken: random.chance(500),
            promotions,
            takes_over: promotions > 0 && random.chance(350),
            former_kept_ms: random.pick(&[500, 2_000, 60_000]).unwrap_or(0),
            directory: random.below(regions as u64) as usize,
            ends_busy: random.chance(150),
        }
    }
}

impl Plan {
    /// Whether an isolate has memory for any database of this world.
    pub fn has_room(&self) -> bool {
        self.embedded_pages_max >= self.pages_max
    }
}

impl Faults {
    /// Nothing at all in a tenth of the worlds, and in the others some kinds, seldom or often.
    fn draw(random: &Random) -> Faults {
        if random.chance(100) {
            return Faults::default();
        }
        let rate = |often: &[u64]| random.pick(often).unwrap_or(0);
        let some = random.within(100, 900);
        Faults {
            lost: rate(&[0, 0, 10, 50]),
            doubled: rate(&[0, 0, 30, 150]),
            late: rate(&[0, 30, 150]),
            late_pushes: rate(&[0, 0, 100, 600]),
            slow_disk: rate(&[0, 0, 50, 300]),
            slow_object: rate(&[0, 0, 50, 200]),
            forgetful: rate(&[0, 0, 30, 200]),
            damaged: rate(&[0, 0, 20, 100]),
            every_ms: rate(&[0, 200, 600, 1_500, 4_000]),
            kinds: KINDS.into_iter().filter(|_| random.chance(some)).collect(),
        }
    }
}
