//! The calls on Isolite, by the crate `isolite`, which has all that the calls take from `worker`.

pub use isolite as api;

#[expect(clippy::duplicate_mod, reason = "one source over two crates is what is tested")]
#[path = "interpreter.rs"]
mod interpreter;
#[expect(clippy::duplicate_mod, reason = "one source over two crates is what is tested")]
#[path = "program/mod.rs"]
mod program;

pub use interpreter::answer;
