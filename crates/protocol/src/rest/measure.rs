//! How long a read takes where a Worker runs: of its own memory, of the replica in its region, and of the
//! primary. `POST …/measure`.

use serde::Serialize;

use crate::directory::LocationHint;

/// `result`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Measured {
    /// Where it was measured; null where the Worker does not know where it runs.
    pub region: Option<LocationHint>,
    pub primary_region: Option<LocationHint>,
    /// Null while the database is not in the isolate's memory, or if it is none that is kept there.
    pub memory: Option<MemoryReads>,
    /// Null where there is no replica, or none that answers by itself yet.
    pub replica_ms: Option<f64>,
    /// Null where the primary does not answer.
    pub primary_ms: Option<f64>,
}

/// Reads one after the other, without anything in between.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MemoryReads {
    pub reads: u32,
    /// How long one took, in microseconds; null where the platform's clock stands still meanwhile.
    pub us: Option<f64>,
}

impl MemoryReads {
    pub fn new(reads: u32, took_ms: f64) -> Self {
        let us = (took_ms > 0.0 && reads > 0).then(|| took_ms * 1_000.0 / f64::from(reads));
        MemoryReads { reads, us }
    }
}

/// The one in the middle: neither the first of a connection nor one that had bad luck.
pub fn middle(mut times_ms: Vec<f64>) -> Option<f64> {
    times_ms.sort_by(f64::total_cmp);
    times_ms.get(times_ms.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_clock_that_goes_and_one_that_stands() {
        assert_eq!(MemoryReads::new(500, 10.0).us, Some(20.0));
        assert_eq!(MemoryReads::new(500, 0.0), MemoryReads { reads: 500, us: None });
        assert_eq!(MemoryReads::new(0, 10.0).us, None);
    }

    #[test]
    fn the_middle_one() {
        assert_eq!(middle(vec![9.0, 180.0, 7.0]), Some(9.0));
        assert_eq!(middle(vec![9.0]), Some(9.0));
        assert_eq!(middle(Vec::new()), None);
    }

    #[test]
    fn as_json() {
        let memory = Some(MemoryReads::new(200, 2.0));
        let told = Measured { region: Some(LocationHint::Apac), memory, ..Measured::default() };
        assert_eq!(
            serde_json::to_string(&told).unwrap(),
            r#"{"region":"apac","primary_region":null,"memory":{"reads":200,"us":10.0},"replica_ms":null,"primary_ms":null}"#
        );
    }
}
