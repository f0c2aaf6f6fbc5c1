//! Aim: no world violates a guarantee.
//! Method: worlds from 10,000 seeds, or as many as ISOLITE_SEEDS says. A failure prints its seed, and
//! the command that tells what happened in that world.

use isolite_simulation::hunt;

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
