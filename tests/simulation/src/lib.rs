//! A deterministic simulator of Isolite's replication.
//!
//! It drives core's own state machines as the shell drives them, on a virtual clock, from one seed:
//! no I/O, no threads. A checker that knows nothing of them holds what clients are answered against
//! a model. `cargo run -p isolite-simulation -- --seed N` tells what happens in a world.

mod checker;
mod client;
mod clock;
mod content;
mod directory;
mod disk;
mod ending;
mod faults;
mod feed;
mod home;
mod host;
mod hunt;
mod isolate;
mod message;
mod mutation;
mod network;
mod operator;
mod plan;
mod primary;
mod random;
mod region;
mod reply;
mod router;
mod visitor;
mod world;

pub use checker::{Check, Violation};
pub use hunt::{Find, hunt};
pub use mutation::Mutation;
pub use world::{Machine, Outcome, run, run_with_fault};
