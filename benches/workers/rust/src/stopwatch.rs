//! Durations finer than the Worker's clock, by the method that `benches/workers/stopwatch.js`
//! explains.

use wasm_bindgen::prelude::*;
use worker::Result;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = performance, js_name = now)]
    pub fn now_ms() -> std::result::Result<f64, JsValue>;
}

const WHOLE_STEPS_AHEAD: usize = 5;
const LAPS_PER_WHOLE_STEP: usize = 8;
const PAUSE_INTERVAL_MS: f64 = 100.0;
const LAP_US_MIN: f64 = 2_000.0;

/// How many operations of this duration make one lap.
pub fn group_size(duration_us: f64) -> usize {
    (LAP_US_MIN / duration_us.max(1.0)).max(1.0) as usize
}

#[derive(Default)]
pub struct Stopwatch {
    start_ms: f64,
    paused_ms: f64,
    reads_per_ms: Vec<f64>,
    laps: Vec<Lap>,
}

struct Lap {
    ms: f64,
    /// Readings of the clock between the end and the step after it.
    reads: f64,
}

/// The clock's move to its next value.
struct Step {
    now_ms: f64,
    ms: f64,
    reads: f64,
}

impl Stopwatch {
    pub fn new() -> Result<Self> {
        next_step()?;
        let mut stopwatch = Self::default();
        for _ in 0..WHOLE_STEPS_AHEAD {
            stopwatch.learn()?;
        }
        Ok(stopwatch)
    }

    /// Whether the next lap begins at a step of its own, so that before it time may pass.
    pub fn pauses(&self) -> Result<bool> {
        let due = now_ms()? - self.paused_ms >= PAUSE_INTERVAL_MS;
        Ok(due || self.laps.len().is_multiple_of(LAPS_PER_WHOLE_STEP))
    }

    pub fn start(&mut self) -> Result<()> {
        if self.pauses()? {
            // Time may have passed since the last step.
            next_step()?;
            self.learn()?;
        }
        Ok(())
    }

    pub fn stop(&mut self) -> Result<()> {
        let step = next_step()?;
        self.laps.push(Lap { ms: step.now_ms - self.start_ms, reads: step.reads });
        self.start_ms = step.now_ms;
        Ok(())
    }

    fn learn(&mut self) -> Result<()> {
        let step = next_step()?;
        self.reads_per_ms.push(step.reads / step.ms);
        self.start_ms = step.now_ms;
        self.paused_ms = step.now_ms;
        Ok(())
    }

    /// Microseconds of each lap.
    pub fn durations_us(mut self) -> Vec<f64> {
        self.reads_per_ms.sort_by(f64::total_cmp);
        let median = self.reads_per_ms.get(self.reads_per_ms.len() / 2).copied().unwrap_or(1.0);
        let duration_us = |lap: &Lap| (1_000.0 * (lap.ms - lap.reads / median)).max(0.0);
        self.laps.iter().map(duration_us).collect()
    }
}

fn next_step() -> Result<Step> {
    let before_ms = now_ms()?;
    let mut reads = 0.0;
    loop {
        let now_ms = now_ms()?;
        reads += 1.0;
        if now_ms != before_ms {
            return Ok(Step { now_ms, ms: now_ms - before_ms, reads });
        }
    }
}
