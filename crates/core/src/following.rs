//! What a replica knows of its primary: how far that has come, and when it was last at its side.
//!
//! Answers arrive in any order, late or twice. A position counts as confirmed from when the question
//! was sent: what the primary had answered to anybody before then is in it.

use crate::position::Position;
use crate::session::Standing;

#[derive(Clone, Copy, Debug)]
pub struct Following {
    /// The newest position that the primary is known to have reached.
    newest: Position,
    confirmed_ms: f64,
}

impl Following {
    /// A replica that has just taken in all of the primary that answered a question of `sent_ms`.
    pub fn new(position: Position, sent_ms: f64) -> Following {
        Following { newest: position, confirmed_ms: sent_ms }
    }

    /// The primary is known to have reached a position.
    pub fn reached(&mut self, primary: Position) {
        if primary.is_at_least(&self.newest) {
            self.newest = primary;
        }
    }

    /// The primary answered a question of `sent_ms` from a position; the replica, which has taken in
    /// what came with it, stands at `own`.
    pub fn answered(&mut self, sent_ms: f64, primary: Position, own: Position) {
        self.reached(primary);
        if own.is_at_least(&primary) {
            self.confirmed_ms = self.confirmed_ms.max(sent_ms);
        }
    }

    pub fn standing(&self, own: Position) -> Standing {
        Standing { position: own, confirmed_ms: self.confirmed_ms }
    }

    /// Whether the primary is known to have gone on.
    pub fn is_behind(&self, own: Position) -> bool {
        !own.is_at_least(&self.newest)
    }
}
