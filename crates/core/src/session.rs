//! What a reader may be answered with: the promise of its session, or of its handle.

use crate::bookmark::{Bookmark, BookmarkError, Tag};
use crate::position::Position;

/// How old the answer to a session's read may be that says no more, in milliseconds: D1's replicas
/// lag by seconds, and an isolate that slept must not answer from an hour ago.
pub const SESSION_AGE_MS_MAX: f64 = 10_000.0;

/// How new a replica must be to answer a read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constraint {
    /// Only the primary will do.
    Primary,
    /// A replica will do that is not older than a position, and that is known to have been at the
    /// primary's newest so long ago at most.
    Replica { least: Option<Position>, age_ms_max: f64 },
}

/// Where a replica stands, and when that was last known to be the primary's newest position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    pub position: Position,
    /// When the question was sent that the primary answered so, in milliseconds.
    pub confirmed_ms: f64,
}

impl Constraint {
    /// Of a reader who is in a session (D1's constraint, or a bookmark) or has seen a bookmark, and
    /// who bounds the age of the answer: unless told, a session by [`SESSION_AGE_MS_MAX`], and
    /// anybody else by nothing that a replica can keep.
    pub fn of(
        session: Option<&str>,
        seen: Option<&str>,
        age_ms_max: Option<f64>,
        tag: Tag,
    ) -> Result<Constraint, BookmarkError> {
        let least = match session {
            Some(session) => Bookmark::of_session(session, tag)?,
            None => seen.map(|seen| seen.parse::<Bookmark>()?.of(tag)).transpose()?,
        };
        let age_ms_max = age_ms_max.or(session.map(|_| SESSION_AGE_MS_MAX)).unwrap_or(0.0);
        if session == Some("first-primary") || age_ms_max <= 0.0 {
            return Ok(Constraint::Primary);
        }
        Ok(Constraint::Replica { least, age_ms_max })
    }

    /// The same where age does not matter, as for a part of a snapshot, which is brought forward later.
    pub fn of_any_age(self) -> Constraint {
        match self {
            Constraint::Primary => Constraint::Primary,
            Constraint::Replica { least, .. } => {
                Constraint::Replica { least, age_ms_max: f64::INFINITY }
            }
        }
    }

    /// Whether what a replica asks for may still be new enough, should the answer take so long.
    pub fn allows_trip(&self, trip_ms: f64) -> bool {
        matches!(self, Constraint::Replica { age_ms_max, .. } if trip_ms < *age_ms_max)
    }

    /// Whether a replica that stands there may answer now.
    pub fn allows(&self, standing: &Standing, now_ms: f64) -> bool {
        match self {
            Constraint::Primary => false,
            Constraint::Replica { least, age_ms_max } => {
                let age_ms = now_ms - standing.confirmed_ms;
                let seen = least.is_none_or(|least| standing.position.is_at_least(&least));
                seen && age_ms <= *age_ms_max
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum::Checksum;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(epoch: u32, txid: u64) -> Position {
        Position { epoch, txid, checksum: Checksum::EMPTY }
    }

    #[test]
    fn what_a_reader_asks_for() {
        let tag = Tag(7);
        let bookmark = Bookmark { position: at(1, 5), tag }.to_string();
        let of = |session, seen, age| Constraint::of(session, seen, age, tag);
        let replica = |least, age_ms_max| Ok(Constraint::Replica { least, age_ms_max });
        let (seen, long) = (Some(at(1, 5)), SESSION_AGE_MS_MAX);
        assert_eq!(of(Some("first-primary"), None, Some(9.0)), Ok(Constraint::Primary));
        assert_eq!(of(Some("first-unconstrained"), None, None), replica(None, long));
        assert_eq!(of(Some("first-unconstrained"), None, Some(9.0)), replica(None, 9.0));
        assert_eq!(of(Some(&bookmark), None, None), replica(seen, long));
        assert_eq!(of(None, Some(&bookmark), Some(9.0)), replica(seen, 9.0));
        assert_eq!(of(None, None, Some(0.0)), Ok(Constraint::Primary));
        assert_eq!(of(None, None, None), Ok(Constraint::Primary));
        assert_eq!(of(Some("x"), None, None), Err(BookmarkError::Malformed));
        let foreign = Constraint::of(Some(&bookmark), None, None, Tag(8));
        assert_eq!(foreign, Err(BookmarkError::Foreign));
    }

    #[test]
    fn what_each_constraint_allows() {
        let standing = Standing { position: at(1, 5), confirmed_ms: 1000.0 };
        let allows = |constraint: Constraint, now_ms| constraint.allows(&standing, now_ms);
        assert!(!allows(Constraint::Primary, 1000.0));
        let fresh = |least| Constraint::Replica { least, age_ms_max: 250.0 };
        assert!(allows(fresh(None), 1250.0) && !allows(fresh(None), 1250.5));
        for (least, allowed) in
            [(at(1, 4), true), (at(1, 5), true), (at(1, 6), false), (at(2, 1), false)]
        {
            assert_eq!(allows(fresh(Some(least)), 1001.0), allowed, "{least:?}");
        }
        assert!(fresh(None).allows_trip(249.0) && !fresh(None).allows_trip(250.0));
        assert!(!Constraint::Primary.allows_trip(0.0));
        let never = Constraint::Replica { least: None, age_ms_max: 0.0 };
        assert!(!allows(never, 1000.5));
    }
}
