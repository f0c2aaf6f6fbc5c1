//! The log of requests that come in by HTTP: of each one line, or of those that failed, or none.
//!
//! Where none is wanted nothing is noted. What is noted on the way is what is known anyway; answers are
//! read for it only where all requests are logged.

use std::borrow::Cow;
use std::cell::RefCell;

use isolite_protocol::DatabaseRecord;
use isolite_protocol::directory::is_database_id;
use isolite_protocol::request_log::{LogLevel, Outcome, RequestLine};
use worker::{Env, Request, console_error, console_log};

use crate::platform_js::random_uuid;
use crate::{region, settings_js};

/// By which a line is found among others.
const MESSAGE: &str = "isolite request";
/// The platform's number of a request.
const ID_HEADER: &str = "cf-ray";

/// The log of one request.
pub(crate) struct RequestLog {
    level: LogLevel,
    with_parameters: bool,
    began_ms: f64,
    line: RefCell<RequestLine>,
}

impl RequestLog {
    pub(crate) fn begin(request: &Request, env: &Env) -> RequestLog {
        // One that is wrong is told by the objects.
        let level = settings_js::log_level(env).unwrap_or_default();
        if level == LogLevel::Off {
            let line = RefCell::default();
            return RequestLog { level, with_parameters: false, began_ms: 0.0, line };
        }
        let id = request.headers().get(ID_HEADER).ok().flatten();
        let line = RequestLine {
            message: MESSAGE,
            request_id: id.or_else(|| random_uuid().ok()).unwrap_or_default(),
            method: Some(request.method().to_string()),
            region: region::here(env).map(|region| region.as_str().to_owned()),
            ..RequestLine::default()
        };
        RequestLog {
            level,
            with_parameters: settings_js::logs_parameters(env),
            began_ms: js_sys::Date::now(),
            line: RefCell::new(line),
        }
    }

    /// By which door it has come, and what it asks for.
    pub(crate) fn is(&self, door: &'static str, kind: &str) {
        self.note(|line| {
            line.door = door;
            kind.clone_into(&mut line.kind);
        });
    }

    /// The database as it is named in the request.
    pub(crate) fn names(&self, database: &str) {
        self.note(|line| match is_database_id(database) {
            true => line.database_id = Some(database.to_owned()),
            false => line.database = Some(database.to_owned()),
        });
    }

    pub(crate) fn found(&self, record: &DatabaseRecord) {
        self.note(|line| {
            line.database = Some(record.name.clone());
            line.database_id = Some(record.uuid.clone());
        });
    }

    /// `body` is made a text only if it is wanted.
    pub(crate) fn asked<'a>(&self, body: impl FnOnce() -> Cow<'a, str>) {
        if self.with_parameters {
            self.note(|line| line.asked = Some(RequestLine::beginning(&body())));
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.level != LogLevel::Off
    }

    /// Whether what an answer tells is to be noted.
    pub(crate) fn wants_all(&self) -> bool {
        self.level == LogLevel::Request
    }

    pub(crate) fn answered(&self, bookmark: Option<&str>, outcome: Outcome) {
        self.note(|line| {
            line.bookmark = bookmark.map(str::to_owned);
            line.outcome = outcome;
        });
    }

    pub(crate) fn failed(&self, error: &str) {
        self.note(|line| line.outcome = Outcome::of_error(error.to_owned()));
    }

    fn note(&self, write: impl FnOnce(&mut RequestLine)) {
        if self.level != LogLevel::Off {
            write(&mut self.line.borrow_mut());
        }
    }

    pub(crate) fn end(self, status: u16) {
        if self.level == LogLevel::Off {
            return;
        }
        let duration_ms = js_sys::Date::now() - self.began_ms;
        let line = RequestLine { status, duration_ms, ..self.line.into_inner() };
        match line.failed() {
            true => console_error!("{}", line.encode()),
            false if self.level == LogLevel::Request => console_log!("{}", line.encode()),
            false => {}
        }
    }
}
