//! The search for a seed whose world violates a guarantee.

use std::ops::Range;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::mutation::Mutation;
use crate::world;

/// A world that is not as it should be.
#[derive(Clone, Debug)]
pub struct Find {
    pub seed: u64,
    pub why: String,
}

/// What the world of a seed violates; a panic counts.
pub fn try_seed(seed: u64, mutation: Option<Mutation>) -> Option<Find> {
    let why = match catch_unwind(|| world::run(seed, mutation, false)) {
        Ok(outcome) => outcome.violation?.to_string(),
        Err(_) => "Panic: its message is above".to_owned(),
    };
    Some(Find { seed, why })
}

/// Lives through the worlds of all seeds, on two threads, until one is found.
pub fn hunt(seeds: Range<u64>, mutation: Option<Mutation>) -> Option<Find> {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    if let Some(find) = try_seed(seed, mutation) {
                        next.store(seeds.end, Ordering::Relaxed);
                        keep_first(&found, find);
                    }
                }
            });
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Of two finds the lower seed counts, so that it is the same each time.
fn keep_first(found: &Mutex<Option<Find>>, find: Find) {
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    if found.as_ref().is_none_or(|other| other.seed > find.seed) {
        *found = Some(find);
    }
}
