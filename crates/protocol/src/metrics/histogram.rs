//! A histogram of durations.

use serde::{Deserialize, Serialize};

/// Upper bounds, in seconds; what is longer is in no bucket.
pub const BOUNDS_S: [f64; 11] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// How many fell between a bound and the one before.
    buckets: [u64; BOUNDS_S.len()],
    count: u64,
    sum_ms: f64,
}

impl Histogram {
    pub fn add(&mut self, duration_ms: f64) {
        self.count += 1;
        self.sum_ms += duration_ms;
        let at = BOUNDS_S.partition_point(|bound| bound * 1_000.0 < duration_ms);
        if let Some(bucket) = self.buckets.get_mut(at) {
            *bucket += 1;
        }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn sum_seconds(&self) -> f64 {
        self.sum_ms / 1_000.0
    }

    /// How many were no longer than each bound, and in all, as Prometheus counts them.
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        let mut below = 0;
        let bounded = BOUNDS_S.iter().zip(self.buckets).map(move |(bound, count)| {
            below += count;
            (*bound, below)
        });
        bounded.chain(std::iter::once((f64::INFINITY, self.count)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_inside() {
        let mut histogram = Histogram::default();
        for duration_ms in [0.0, 1.0, 1.1, 30_000.0, 31_000.0] {
            histogram.add(duration_ms);
        }
        let counts: Vec<u64> = histogram.cumulative().map(|(_, count)| count).collect();
        assert_eq!(counts, [2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 5]);
        assert_eq!(histogram.count(), 5);
        assert_eq!(histogram.sum_seconds(), 61.0021);
        assert_eq!(histogram.cumulative().last(), Some((f64::INFINITY, 5)));
    }
}
