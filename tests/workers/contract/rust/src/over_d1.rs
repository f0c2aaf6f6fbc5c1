//! The calls on D1, by the crate `worker`.

pub use worker as api;

#[path = "interpreter.rs"]
mod interpreter;
#[path = "program/mod.rs"]
mod program;

pub use interpreter::answer;
