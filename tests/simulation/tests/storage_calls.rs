//! Aim: whichever call of a storage fails, before or after it took effect, no guarantee is violated
//! and all replicas come to where the primary is.
//! Method: one small world again and again, with another call failing each time; after every other
//! one the machine crashes as well, and loses some of what was not durable.

use isolite_core::memory_storage::Fault;
use isolite_simulation::{Machine, run_with_fault};

const SEEDS: u64 = 4;
/// Of all seeds together: with fewer a world would be too quiet to show much.
const CALLS_MIN: usize = 300;
/// The directory is seldom asked.
const DIRECTORY_CALLS_MIN: usize = 150;

fn fail_each_call(of: Machine, calls_min: usize) {
    let mut total = 0;
    for seed in 0..SEEDS {
        for fault in [Fault::Before, Fault::After] {
            let mut call = 0;
            loop {
                let (outcome, calls) = run_with_fault(seed, of, call, fault);
                let violation = outcome.violation.map(|violation| violation.to_string());
                assert_eq!(violation, None, "seed {seed}, call {call} fails {fault:?}");
                call += 1;
                if call > calls {
                    break;
                }
            }
            total += call;
        }
    }
    println!("{total} calls failed");
    assert!(total >= calls_min, "the storages were called {total} times only");
}

#[test]
fn of_the_primary() {
    fail_each_call(Machine::Primary, CALLS_MIN);
}

#[test]
fn of_a_replica() {
    fail_each_call(Machine::Replica, CALLS_MIN);
}

#[test]
fn of_the_next_primary() {
    fail_each_call(Machine::Candidate, CALLS_MIN);
}

#[test]
fn of_the_directory() {
    fail_each_call(Machine::Directory, DIRECTORY_CALLS_MIN);
}
