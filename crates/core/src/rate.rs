//! How often something has happened, in all and lately.
//!
//! It is told while a request is answered, so it takes an addition and no clock of its own.

/// Whole seconds that the rate is of.
const WINDOW_S: u64 = 10;

/// A count, and how much of it fell into each of the last seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    count: u64,
    /// The second that runs, and the whole ones before it.
    seconds: [u32; WINDOW_S as usize + 1],
    /// Which one runs, since the epoch.
    newest_s: u64,
}

impl Rate {
    /// Counts one more.
    pub fn add(&mut self, now_ms: f64) {
        let at = self.advance(now_ms);
        self.count += 1;
        self.seconds[at] = self.seconds[at].saturating_add(1);
    }

    /// All of them.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many a second there were in the last ten whole ones.
    pub fn per_second(mut self, now_ms: f64) -> f64 {
        let running = self.advance(now_ms);
        let all: u64 = self.seconds.iter().map(|count| u64::from(*count)).sum();
        (all - u64::from(self.seconds[running])) as f64 / WINDOW_S as f64
    }

    /// Lets go of seconds that are over for long; where the one is that runs. A clock that goes back
    /// counts into the newest.
    fn advance(&mut self, now_ms: f64) -> usize {
        let now_s = ((now_ms / 1_000.0) as u64).max(self.newest_s);
        let len = self.seconds.len() as u64;
        for second in (self.newest_s.saturating_add(1)..=now_s).rev().take(self.seconds.len()) {
            self.seconds[(second % len) as usize] = 0;
        }
        self.newest_s = now_s;
        (now_s % len) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn counts_and_forgets() {
        let mut rate = Rate::default();
        assert_eq!((rate.count(), rate.per_second(0.0)), (0, 0.0));
        let start_ms = 1_700_000_000_000.0;
        for second in 0..30 {
            for _ in 0..5 {
                rate.add(start_ms + f64::from(second) * 1_000.0);
            }
        }
        assert_eq!(rate.count(), 150);
        // The second that runs is not whole.
        assert_eq!(rate.per_second(start_ms + 29_999.0), 5.0);
        assert_eq!(rate.per_second(start_ms + 30_000.0), 5.0);
        assert_eq!(rate.per_second(start_ms + 35_000.0), 2.5);
        assert_eq!(rate.per_second(start_ms + 40_000.0), 0.0);
        assert_eq!(rate.per_second(f64::INFINITY), 0.0);
        assert_eq!(rate.count(), 150);
    }

    #[test]
    fn a_clock_that_goes_back_loses_nothing() {
        let mut rate = Rate::default();
        rate.add(5_000.0);
        rate.add(3_000.0);
        rate.add(f64::NAN);
        assert_eq!(rate.count(), 3);
        assert_eq!(rate.per_second(6_000.0), 0.3);
    }
}
