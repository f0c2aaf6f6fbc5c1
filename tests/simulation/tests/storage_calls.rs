//! Aim: whichever call of a storage fails, before or after it took effect, no guarantee is violated
//! and all replicas come to where the primary is.
//! Method: one small world again and again, with another call failing each time; after every other
//! one the machine crashes as well, and loses some of what was not durable.

use isolite_core::memory_storage::Fault;
use isolite_simulation::run_with_fault;

const SEEDS: u64 = 4;
/// Of all seeds together: with fewer a world would be too quiet to show much.
const CALLS_MIN: usize = 300;

fn fail_each_call(of_primary: bool) {
    let mut total = 0;
    for seed in 0..SEEDS {
        for fault in [Fault::Before, Fault::After] {
            let mut call = 0;
            loop {
                let (outcome, calls) = run_with_fault(seed, of_primary, call, fault);
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
    assert!(total >= CALLS_MIN, "the storages were called {total} times only");
}

#[test]
fn of_the_primary() {
    fail_each_call(true);
}

#[test]
fn of_a_replica() {
    fail_each_call(false);
}
