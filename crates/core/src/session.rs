//! What a reader may be answered with: the promise of its session, or of its handle.

use crate::position::Position;

/// How new a replica must be to answer a read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constraint {
    /// Only the primary will do.
    Primary,
    /// Any position will do.
    Unconstrained,
    /// Not older than this position.
    AtLeast(Position),
    /// Without a session: not older than what the same handle has seen, and known to have been the
    /// primary's newest position so long ago at most.
    Staleness { seen: Option<Position>, max_ms: f64 },
}

/// Where a replica stands, and when that was last known to be the primary's newest position.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub position: Position,
    /// When the question was sent that the primary answered so, in milliseconds.
    pub confirmed_ms: f64,
}

impl Constraint {
    /// D1's constraint or bookmark. Any other text is for the primary to refuse.
    pub fn of_session(text: &str) -> Constraint {
        match text {
            "first-unconstrained" => Constraint::Unconstrained,
            _ => text.parse().map_or(Constraint::Primary, Constraint::AtLeast),
        }
    }

    /// Whether a replica that stands there may answer now.
    pub fn allows(&self, standing: &Standing, now_ms: f64) -> bool {
        match self {
            Constraint::Primary => false,
            Constraint::Unconstrained => true,
            Constraint::AtLeast(position) => standing.position.is_at_least(position),
            Constraint::Staleness { seen, max_ms } => {
                let age_ms = now_ms - standing.confirmed_ms;
                age_ms <= *max_ms && seen.is_none_or(|seen| standing.position.is_at_least(&seen))
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
    fn what_each_constraint_allows() {
        let standing = Standing { position: at(1, 5), confirmed_ms: 1000.0 };
        let allows = |constraint: Constraint, now_ms| constraint.allows(&standing, now_ms);
        assert!(!allows(Constraint::of_session("first-primary"), 1000.0));
        assert!(!allows(Constraint::of_session("nonsense"), 1000.0));
        assert!(allows(Constraint::of_session("first-unconstrained"), 9e9));
        for (txid, allowed) in [(4, true), (5, true), (6, false)] {
            let bookmark = at(1, txid).to_string();
            assert_eq!(allows(Constraint::of_session(&bookmark), 9e9), allowed, "{txid}");
        }
        assert!(!allows(Constraint::AtLeast(at(2, 1)), 1000.0));
        let fresh = |seen| Constraint::Staleness { seen, max_ms: 250.0 };
        assert!(allows(fresh(None), 1250.0) && !allows(fresh(None), 1250.5));
        assert!(allows(fresh(Some(at(1, 5))), 1001.0) && !allows(fresh(Some(at(1, 6))), 1001.0));
        assert!(!allows(Constraint::Staleness { seen: None, max_ms: 0.0 }, 1000.5));
    }
}
