//! Work beside the requests: the checkpoint, a step at a time.

use std::rc::Rc;
use std::time::Duration;

use isolite_core::CheckpointProgress;
use worker::{Delay, console_error};

use super::{Engine, Unavailable};

/// Takes steps until the checkpoint is done, letting requests in between.
///
/// A failed step is left to the next commit, which finds the checkpoint due again; so is one that
/// the object's eviction cut short.
pub(super) async fn checkpoint(engine: Rc<Engine>) {
    loop {
        Delay::from(Duration::ZERO).await;
        let policy = engine.checkpoint;
        match engine.with(|database| database.checkpoint_step(&policy)) {
            Ok(CheckpointProgress::More) => {}
            Ok(_) => break,
            Err(Unavailable::Deleted | Unavailable::Misconfigured(_)) => break,
            Err(Unavailable::Failed(error)) => {
                console_error!("The checkpoint will be tried again: {error}");
                break;
            }
        }
    }
    engine.checkpoint_runs.set(false);
}
