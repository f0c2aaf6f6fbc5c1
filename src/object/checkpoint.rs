//! The checkpoint beside the requests: a step at a time.

use std::time::Duration;

use isolite_core::CheckpointProgress;
use worker::{Delay, console_error};

/// Takes steps until the checkpoint is done, letting requests in between.
///
/// A failed step is left to the next commit, which finds the checkpoint due again; so is one that
/// the object's eviction cut short.
pub(crate) async fn run(mut step: impl FnMut() -> Result<CheckpointProgress, String>) {
    loop {
        Delay::from(Duration::ZERO).await;
        match step() {
            Ok(CheckpointProgress::More) => {}
            Ok(_) => break,
            Err(error) => {
                console_error!("The checkpoint will be tried again: {error}");
                break;
            }
        }
    }
}
