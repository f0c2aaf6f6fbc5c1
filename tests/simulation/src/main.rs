//! Replays the world of a seed with its trace, or lives through many.
//!
//!   cargo run -p isolite-simulation -- --seed N [--mutation NAME]
//!   cargo run -p isolite-simulation -- --seeds N [--from N]

use std::io::Write;
use std::process::ExitCode;

use isolite_simulation::{Mutation, Outcome, hunt, run};

const USAGE: &str = "usage: --seed N [--mutation NAME] | --seeds N [--from N]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    let number = |name: &str| value(name).and_then(|text| text.parse::<u64>().ok());
    let mutation = value("--mutation").and_then(|name| Mutation::named(name));
    match (number("--seed"), number("--seeds")) {
        (Some(seed), None) => report(seed, mutation, true),
        (None, Some(seeds)) => {
            let from = number("--from").unwrap_or(0);
            let find = hunt(from..from + seeds, mutation);
            find.map_or(ExitCode::SUCCESS, |find| report(find.seed, mutation, false))
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn report(seed: u64, mutation: Option<Mutation>, traced: bool) -> ExitCode {
    let outcome = run(seed, mutation, traced);
    let Outcome { commits, reads, snapshots, promotions, virtual_ms, violation } = outcome;
    let mut text = format!(
        "seed {seed}: {commits} commits, {reads} reads, {snapshots} snapshots anew, \
         {promotions} promotions, {virtual_ms} virtual ms\n"
    );
    if let Some(violation) = &violation {
        text += &format!("seed {seed}: {violation}\n");
    }
    // Whoever reads it may have seen enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    if violation.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
