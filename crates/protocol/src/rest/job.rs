//! Long work of a primary, as it tells of it, and what REST makes of that.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::RestError;

/// The answer of `/jobs/start`.
#[derive(Serialize, Deserialize)]
pub struct StartedJob {
    pub job: String,
}

/// What `/jobs/poll` tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    pub job: String,
    pub kind: String,
    pub state: JobState,
    #[serde(default)]
    pub messages: Vec<String>,
    #[serde(default)]
    pub done: u64,
    #[serde(default)]
    pub total: u64,
    #[serde(default)]
    pub unit: JobUnit,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What came of it, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Box<RawValue>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    Running,
    Complete,
    Error,
}

/// What `done` and `total` count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobUnit {
    #[default]
    Bytes,
    Pages,
}

/// `result` of `POST …/import` as wrangler reads it. It has a `success` of its own.
#[derive(Serialize)]
struct ImportAnswer<'a> {
    success: bool,
    #[serde(rename = "type")]
    kind: &'static str,
    status: &'static str,
    /// What a client polls with.
    at_bookmark: &'a str,
    messages: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<[&'a str; 1]>,
}

#[derive(Deserialize, Serialize)]
struct Restored {
    bookmark: String,
    previous_bookmark: String,
    #[serde(default)]
    message: String,
}

const PAGE_BYTES: u64 = 4_096;

impl Job {
    /// One that begins.
    pub fn started(job: String, kind: &str) -> Self {
        Job {
            job,
            kind: kind.to_owned(),
            state: JobState::Running,
            messages: Vec::new(),
            done: 0,
            total: 0,
            unit: JobUnit::default(),
            error: None,
            result: None,
        }
    }

    /// One that goes on as far as anybody knows, while its primary answers nobody.
    pub fn unanswered(job: String, kind: &str) -> Self {
        let text =
            format!("The {kind} goes on, and the database is too busy to tell how far it is");
        Job { messages: vec![text], ..Job::started(job, kind) }
    }

    pub fn is_running(&self) -> bool {
        self.state == JobState::Running
    }

    pub fn decode(text: &str) -> Result<Self, RestError> {
        serde_json::from_str(text).map_err(|error| RestError::Internal(error.to_string()))
    }

    /// Whether it is over, and the error if it failed.
    pub fn outcome(&self) -> Option<Result<(), RestError>> {
        match self.state {
            JobState::Running => None,
            JobState::Complete => Some(Ok(())),
            JobState::Error => Some(Err(RestError::Refused(self.error().to_owned()))),
        }
    }

    fn error(&self) -> &str {
        self.error.as_deref().unwrap_or("It failed, and the primary does not say why")
    }

    /// `Imported 12.5 of 40.0 MB`; None before anything is known. An import, or a restore from a backup, that
    /// counts pages has taken in the files, and checks them.
    pub fn progress(&self) -> Option<String> {
        let verb = match (self.kind.as_str(), self.unit) {
            ("import", JobUnit::Bytes) => "Imported",
            ("import" | "restore from a backup", JobUnit::Pages) => "Checked",
            ("restore" | "restore from a backup", _) => "Restored",
            ("fork", _) => "Copied",
            _ => "Done",
        };
        let unit = match self.unit {
            JobUnit::Bytes => 1,
            JobUnit::Pages => PAGE_BYTES,
        };
        let megabytes = |count: u64| count.saturating_mul(unit) as f64 / 1e6;
        let (done, total) = (megabytes(self.done), megabytes(self.total));
        (self.total > 0).then(|| format!("{verb} {done:.1} of {total:.1} MB"))
    }

    pub fn import_answer(&self) -> String {
        let failed = self.state == JobState::Error;
        let error = failed.then(|| self.error());
        let answer = ImportAnswer {
            success: !failed,
            kind: "import",
            status: match self.state {
                JobState::Running => "active",
                JobState::Complete => "complete",
                JobState::Error => "error",
            },
            at_bookmark: &self.job,
            messages: self.messages.iter().cloned().chain(self.progress()).collect(),
            result: self.result.as_deref().filter(|_| self.state == JobState::Complete),
            error,
            errors: error.map(|error| [error]),
        };
        serde_json::to_string(&answer).unwrap_or_default()
    }

    /// `result` of a restore that is complete.
    pub fn restore_answer(&self) -> Result<String, RestError> {
        let text = self.result.as_deref().map_or("null", RawValue::get);
        let restored: Result<Restored, _> = serde_json::from_str(text);
        let restored = restored.map_err(|error| RestError::Internal(error.to_string()))?;
        let message = format!(
            "The database is as it was at bookmark {}. To undo, restore bookmark {}",
            restored.bookmark, restored.previous_bookmark
        );
        let restored = Restored { message, ..restored };
        serde_json::to_string(&restored).map_err(|error| RestError::Internal(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(text: &str) -> Job {
        Job::decode(text).unwrap()
    }

    #[test]
    fn an_import_as_wrangler_reads_it() {
        let running = job(
            r#"{"job":"7","kind":"import","state":"running","messages":["a"],"done":12500000,"total":40000000,"unit":"bytes"}"#,
        );
        assert_eq!(running.outcome(), None);
        assert_eq!(
            running.import_answer(),
            r#"{"success":true,"type":"import","status":"active","at_bookmark":"7","messages":["a","Imported 12.5 of 40.0 MB"]}"#
        );
        let complete = job(
            r#"{"job":"7","kind":"import","state":"complete","messages":[],"done":0,"total":0,"unit":"bytes","result":{"num_queries":9007199254740993}}"#,
        );
        assert_eq!(
            complete.import_answer(),
            r#"{"success":true,"type":"import","status":"complete","at_bookmark":"7","messages":[],"result":{"num_queries":9007199254740993}}"#
        );
        let failed = job(r#"{"job":"7","kind":"import","state":"error","error":"no such table"}"#);
        assert_eq!(
            failed.import_answer(),
            r#"{"success":false,"type":"import","status":"error","at_bookmark":"7","messages":[],"error":"no such table","errors":["no such table"]}"#
        );
        let error = failed.outcome().unwrap().unwrap_err();
        assert_eq!((error.status(), error.to_string().as_str()), (400, "no such table"));
    }

    #[test]
    fn what_nobody_tells_of_goes_on() {
        let unanswered = Job::unanswered("7".to_owned(), "import");
        assert_eq!((unanswered.outcome(), unanswered.progress()), (None, None));
        assert_eq!(
            unanswered.import_answer(),
            r#"{"success":true,"type":"import","status":"active","at_bookmark":"7","messages":["The import goes on, and the database is too busy to tell how far it is"]}"#
        );
    }

    #[test]
    fn progress_in_pages() {
        let fork = job(
            r#"{"job":"7","kind":"fork","state":"running","done":500,"total":1000,"unit":"pages"}"#,
        );
        assert_eq!(fork.progress().as_deref(), Some("Copied 2.0 of 4.1 MB"));
        let check = Job { kind: "import".to_owned(), ..fork };
        assert_eq!(check.progress().as_deref(), Some("Checked 2.0 of 4.1 MB"));
    }

    #[test]
    fn a_restore() {
        let complete = job(
            r#"{"job":"7","kind":"restore","state":"complete","result":{"bookmark":"b","previous_bookmark":"p"}}"#,
        );
        assert_eq!(
            complete.restore_answer().unwrap(),
            r#"{"bookmark":"b","previous_bookmark":"p","message":"The database is as it was at bookmark b. To undo, restore bookmark p"}"#
        );
        let without = job(r#"{"job":"7","kind":"restore","state":"complete"}"#);
        assert!(matches!(without.restore_answer(), Err(RestError::Internal(_))));
    }
}
