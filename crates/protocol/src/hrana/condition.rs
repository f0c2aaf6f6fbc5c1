//! On what the steps of a batch depend.

use super::HranaError;
use super::proto::{Batch, BatchCond, BatchStep};

/// How far a batch has come.
pub struct Steps<'a> {
    /// Of each step so far whether it has run, and well.
    pub ran: &'a [bool],
    /// Whether no transaction is open.
    pub is_autocommit: bool,
}

impl Steps<'_> {
    /// Whether a step of a batch that was checked is to run now.
    pub fn let_run(&self, step: &BatchStep) -> bool {
        step.condition.as_ref().is_none_or(|condition| holds(condition, self))
    }

    fn is_ok(&self, step: u32) -> bool {
        self.ran.get(step as usize).copied().unwrap_or(false)
    }
}

/// Conditions within conditions, as deep as both encodings let them be.
const DEPTH_MAX: usize = 100;

/// Refuses a batch whose conditions name steps that are not before theirs.
pub fn check_conditions(batch: &Batch) -> Result<(), HranaError> {
    for (step, it) in batch.steps.iter().enumerate() {
        if let Some(condition) = &it.condition {
            check(condition, step, 0)?;
        }
    }
    Ok(())
}

fn check(condition: &BatchCond, step: usize, depth: usize) -> Result<(), HranaError> {
    if depth > DEPTH_MAX {
        return Err(HranaError::Malformed("The condition is nested too deeply".to_owned()));
    }
    match condition {
        BatchCond::None => {
            Err(HranaError::Malformed(format!("The condition of step {step} is of no known type")))
        }
        BatchCond::Ok { step: named } | BatchCond::Error { step: named } => {
            match usize::try_from(*named).is_ok_and(|named| named < step) {
                true => Ok(()),
                false => Err(HranaError::ConditionAhead { step }),
            }
        }
        BatchCond::Not { cond } => check(cond, step, depth + 1),
        BatchCond::And(list) | BatchCond::Or(list) => {
            list.conds.iter().try_for_each(|condition| check(condition, step, depth + 1))
        }
        BatchCond::IsAutocommit {} => Ok(()),
    }
}

/// Whether a step whose condition was checked is to run. Of a step that was skipped `error` holds.
fn holds(condition: &BatchCond, steps: &Steps<'_>) -> bool {
    match condition {
        BatchCond::None => true,
        BatchCond::Ok { step } => steps.is_ok(*step),
        BatchCond::Error { step } => !steps.is_ok(*step),
        BatchCond::Not { cond } => !holds(cond, steps),
        BatchCond::And(list) => list.conds.iter().all(|condition| holds(condition, steps)),
        BatchCond::Or(list) => list.conds.iter().any(|condition| holds(condition, steps)),
        BatchCond::IsAutocommit {} => steps.is_autocommit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(json: &str) -> BatchCond {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_holds() {
        let steps = Steps { ran: &[true, false], is_autocommit: false };
        for (json, expected) in [
            (r#"{"type":"ok","step":0}"#, true),
            (r#"{"type":"ok","step":1}"#, false),
            (r#"{"type":"error","step":1}"#, true),
            (r#"{"type":"not","cond":{"type":"ok","step":0}}"#, false),
            (r#"{"type":"and","conds":[]}"#, true),
            (r#"{"type":"or","conds":[]}"#, false),
            (r#"{"type":"or","conds":[{"type":"ok","step":1},{"type":"ok","step":0}]}"#, true),
            (r#"{"type":"and","conds":[{"type":"ok","step":1},{"type":"ok","step":0}]}"#, false),
            (r#"{"type":"is_autocommit"}"#, false),
        ] {
            assert_eq!(holds(&condition(json), &steps), expected, "{json}");
        }
    }

    #[test]
    fn only_steps_before() {
        let batch = |condition: &str| -> Batch {
            let json = format!(
                r#"{{"steps":[{{"stmt":{{"sql":"a"}}}},{{"stmt":{{"sql":"b"}},"condition":{condition}}}]}}"#
            );
            serde_json::from_str(&json).unwrap()
        };
        assert_eq!(check_conditions(&batch(r#"{"type":"ok","step":0}"#)), Ok(()));
        assert_eq!(check_conditions(&batch("null")), Ok(()));
        for ahead in [
            r#"{"type":"ok","step":1}"#,
            r#"{"type":"error","step":4294967295}"#,
            r#"{"type":"not","cond":{"type":"and","conds":[{"type":"ok","step":2}]}}"#,
        ] {
            let refused = check_conditions(&batch(ahead));
            assert_eq!(refused, Err(HranaError::ConditionAhead { step: 1 }), "{ahead}");
        }
    }
}
