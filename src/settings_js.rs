//! Settings: variables of the Worker, text or numbers as its configuration has them.

use std::time::Duration;

use isolite_core::backup::BackupPolicy;
use isolite_protocol::directory::LocationHint;
use isolite_protocol::request_log::LogLevel;
use isolite_sqlite::Limits;
use js_sys::Reflect;
use worker::Env;

const HOUR: Duration = Duration::from_secs(3_600);

/// A week.
const DELETION_GRACE: Duration = Duration::from_secs(168 * 3_600);

/// All of them, with the defaults of those that are not set.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    /// What a database may take.
    pub limits: Limits,
    /// The region of this Worker, where it is set: what the platform says of requests comes after it.
    pub region: Option<LocationHint>,
    /// How many bytes of commits go along with an answer to whoever lacks them.
    pub answer_commits_bytes_max: usize,
    /// Memory of all replicas in one isolate.
    pub embedded_bytes_max: usize,
    /// How long the past of a database is kept.
    pub retention_ms: i64,
    /// What it may take that is older than a day.
    pub history_bytes_max: u64,
    /// How long a read waits for the primary, where a replica is not as new as the read must be.
    pub read_wait: Duration,
    /// How long a stream or a transaction of several requests may be silent.
    pub stream_idle_ms: u64,
    /// How long such a transaction may last while others wait to write.
    pub transaction_ms_max: u64,
    /// How long others wait.
    pub lock_wait_ms_max: u64,
    /// When the backup does what.
    pub backup: BackupPolicy,
}

impl Settings {
    /// The error is what to tell whoever made the settings.
    pub(crate) fn of(env: &Env) -> Result<Settings, String> {
        // Who logs asks for it alone.
        log_level(env)?;
        let read_wait_ms = number(env, "ISOLITE_READ_WAIT_MS_MAX", 10_000, 1, 30_000)?;
        let commits_bytes = number(env, "ISOLITE_ANSWER_COMMITS_BYTES_MAX", 256 << 10, 0, 8 << 20)?;
        let idle_ms = number(env, "ISOLITE_STREAM_IDLE_MS_MAX", 10_000, 100, 60_000)?;
        let transaction_ms = number(env, "ISOLITE_TRANSACTION_MS_MAX", 5_000, 100, 60_000)?;
        let lock_wait_ms = number(env, "ISOLITE_LOCK_WAIT_MS_MAX", 10_000, 100, 50_000)?;
        let retention_days = number(env, "ISOLITE_RETENTION_DAYS", 30, 0, 3_650)?;
        let history_bytes = number(env, "ISOLITE_HISTORY_BYTES_MAX", 1 << 30, 0, 3 << 30)?;
        Ok(Settings {
            retention_ms: retention_days as i64 * 86_400_000,
            history_bytes_max: history_bytes as u64,
            limits: Limits::from_settings(|name| setting(env, name))?,
            region: region(env)?,
            answer_commits_bytes_max: commits_bytes,
            embedded_bytes_max: number(env, "ISOLITE_EMBEDDED_BYTES_MAX", 48 << 20, 0, 96 << 20)?,
            read_wait: Duration::from_millis(read_wait_ms as u64),
            stream_idle_ms: idle_ms as u64,
            transaction_ms_max: transaction_ms as u64,
            lock_wait_ms_max: lock_wait_ms as u64,
            backup: backup(env)?,
        })
    }
}

fn backup(env: &Env) -> Result<BackupPolicy, String> {
    let default = BackupPolicy::default();
    let ship_ms = number(env, "ISOLITE_BACKUP_INTERVAL_MS", 1_000, 1_000, 3_600_000)?;
    let hours_ms = |name, default_ms: i64| match setting(env, name) {
        None => Ok(default_ms),
        Some(text) => match text.trim().parse() {
            Ok(hours) if (0.0..=87_600.0).contains(&hours) => Ok((hours * 3_600_000.0) as i64),
            _ => Err(format!("{name} is '{text}': set it to a number of hours from 0 to 87600")),
        },
    };
    Ok(BackupPolicy {
        ship_ms: ship_ms as i64,
        compact_ms: seconds_ms(env, "ISOLITE_BACKUP_COMPACT_SECONDS", default.compact_ms)?,
        snapshot_ms: hours_ms("ISOLITE_BACKUP_SNAPSHOT_HOURS", default.snapshot_ms)?,
        keep_ms: seconds_ms(env, "ISOLITE_BACKUP_KEEP_SECONDS", default.keep_ms)?,
        retention_ms: hours_ms("ISOLITE_BACKUP_RETENTION_HOURS", default.retention_ms)?,
    })
}

/// Three numbers of seconds, ascending, in milliseconds.
fn seconds_ms(env: &Env, name: &str, default_ms: [i64; 3]) -> Result<[i64; 3], String> {
    let Some(text) = setting(env, name) else { return Ok(default_ms) };
    let seconds: Option<Vec<u32>> =
        text.split(',').map(|part| part.trim().parse().ok().filter(|it| *it > 0)).collect();
    match seconds.as_deref() {
        Some([one, two, three]) if one <= two && two <= three => {
            Ok([one, two, three].map(|seconds| i64::from(*seconds) * 1_000))
        }
        _ => Err(format!(
            "{name} is '{text}': set it to three numbers of seconds, ascending, as '30,300,3600'"
        )),
    }
}

/// How long a deleted database can be restored; by the directory alone.
pub(crate) fn deletion_grace(env: &Env) -> Result<Duration, String> {
    let name = "ISOLITE_DELETION_GRACE_HOURS";
    let Some(text) = setting(env, name) else { return Ok(DELETION_GRACE) };
    match text.trim().parse() {
        Ok(hours) if (0.0..=8_760.0).contains(&hours) => Ok(HOUR.mul_f64(hours)),
        _ => Err(format!("{name} is '{text}': set it to a number of hours from 0 to 8760")),
    }
}

/// Of which requests there is a line in the log.
pub(crate) fn log_level(env: &Env) -> Result<LogLevel, String> {
    let Some(text) = setting(env, "ISOLITE_LOG") else { return Ok(LogLevel::default()) };
    LogLevel::parse(&text)
        .ok_or_else(|| format!("ISOLITE_LOG is '{text}': set it to off, error or request"))
}

/// Whether that line has what was asked, and so values in it.
#[cfg(feature = "entry")]
pub(crate) fn logs_parameters(env: &Env) -> bool {
    setting(env, "ISOLITE_LOG_PARAMETERS").is_some_and(|text| text.trim() == "true")
}

/// The region that is set, if one is.
pub(crate) fn region(env: &Env) -> Result<Option<LocationHint>, String> {
    let Some(text) = setting(env, "ISOLITE_REGION") else { return Ok(None) };
    match LocationHint::of_setting(&text) {
        Some(region) => Ok(Some(region)),
        None => {
            let known = LocationHint::ALL.map(LocationHint::as_str).join(", ");
            Err(format!("ISOLITE_REGION is '{text}': set it to one of {known}"))
        }
    }
}

/// The setting of that name, if there is one.
pub(crate) fn setting(env: &Env, name: &str) -> Option<String> {
    let value = Reflect::get(env, &name.into()).ok()?;
    if value.is_undefined() || value.is_null() {
        return None;
    }
    // What is neither is refused as the text that it is not.
    let number = value.as_f64().map(|number| number.to_string());
    Some(value.as_string().or(number).unwrap_or_else(|| format!("{value:?}")))
}

fn number(env: &Env, name: &str, default: usize, from: usize, to: usize) -> Result<usize, String> {
    let Some(text) = setting(env, name) else { return Ok(default) };
    match text.trim().replace('_', "").parse() {
        Ok(number) if (from..=to).contains(&number) => Ok(number),
        _ => Err(format!("{name} is '{text}': set it to a whole number from {from} to {to}")),
    }
}
