//! Pushes that came before what they continue: one may overtake another on its way.
//!
//! They are kept for the moment that the others take, and no more of them than a primary has on
//! their way.

use crate::ltx::Header;
use crate::position::Position;
use crate::received::Received;

const PUSHES_MAX: usize = 16;
const BYTES_MAX: usize = 2 << 20;

#[derive(Default)]
pub(crate) struct EarlyPushes {
    /// What each leads to, and brings.
    pushes: Vec<(Position, Vec<u8>)>,
}

impl EarlyPushes {
    /// False if there is no room for it.
    pub(crate) fn keep(&mut self, position: Position, ltx: &[u8]) -> bool {
        if self.pushes.iter().any(|(kept, _)| *kept == position) {
            return true;
        }
        let bytes: usize = self.pushes.iter().map(|(_, ltx)| ltx.len()).sum();
        let room = self.pushes.len() < PUSHES_MAX && bytes + ltx.len() <= BYTES_MAX;
        if room {
            self.pushes.push((position, ltx.to_vec()));
        }
        room
    }

    /// Takes out one that a replica at `own` can apply. Those that it has no use for any more go.
    pub(crate) fn next(&mut self, own: &Position) -> Option<(Position, Vec<u8>)> {
        self.pushes.retain(|(position, _)| !own.is_at_least(position));
        let applies = |(position, ltx): &(Position, Vec<u8>)| {
            let received = Header::decode(ltx)
                .map(|header| Received::without_applying(&header, own, position));
            !matches!(received, Ok(Ok(Some(Received::Gap))))
        };
        let at = self.pushes.iter().position(applies)?;
        Some(self.pushes.swap_remove(at))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pushes.is_empty()
    }
}
