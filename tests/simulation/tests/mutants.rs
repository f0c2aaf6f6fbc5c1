//! Aim: the checker catches what it is there for.
//! Method: one bug is planted at a time, and worlds are lived through until one violates a guarantee.
//! The table says after how many, and which guarantee.

use isolite_simulation::{Mutation, hunt};

const SEEDS_MAX: u64 = 3_000;

#[test]
fn each_planted_bug_is_caught() {
    let mut missed = Vec::new();
    println!("{:<24} {:>6}  caught by", "planted bug", "seeds");
    for mutation in Mutation::ALL {
        match hunt(0..SEEDS_MAX, Some(mutation)) {
            Some(find) => {
                let check = find.why.split(':').next().unwrap_or_default();
                println!("{:<24} {:>6}  {check}", format!("{mutation:?}"), find.seed + 1);
            }
            None => {
                println!("{:<24} {SEEDS_MAX:>6}  nothing", format!("{mutation:?}"));
                missed.push(mutation);
            }
        }
    }
    assert!(missed.is_empty(), "not caught within {SEEDS_MAX} seeds: {missed:?}");
}
