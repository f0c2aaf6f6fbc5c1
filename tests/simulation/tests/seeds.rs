//! Aim: no world violates a guarantee.
//! Method: worlds from 10,000 seeds, or as many as ISOLITE_SEEDS says. A failure prints its seed, and
//! the command that tells what happened in that world.

use isolite_simulation::{hunt, run};

#[test]
fn no_seed_violates_a_guarantee() {
    let seeds = std::env::var("ISOLITE_SEEDS").map_or(10_000, |text| text.parse().unwrap());
    if let Some(find) = hunt(0..seeds, None) {
        panic!(
            "seed {0}: {1}\nreplay it with\n  cargo run -p isolite-simulation -- --seed {0}\n",
            find.seed, find.why
        );
    }
}

/// Else the above would say little of promotions.
#[test]
fn primaries_are_moved() {
    let promotions: u64 = (0..300).map(|seed| run(seed, None, false).promotions).sum();
    println!("{promotions} promotions in 300 worlds");
    assert!(promotions >= 100, "there were {promotions} promotions only");
}
