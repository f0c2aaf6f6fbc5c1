//! What libSQL's embedded replicas ask of a primary: its newest generation, the file of one, and frames.
//!
//! The past keeps what they need, as long as it keeps it anyway. A follower has it held for an hour after
//! each look at the newest generation, and while it is within a commit; not once it is older than what is
//! kept, so that one that asks for the same again and again keeps nothing.

use isolite_core::{
    Asked, BasePart, CheckpointPolicy, Error as CoreError, Generations, NotFollowed, Pulled, Store,
    Txid,
};
use isolite_protocol::query_string;
use isolite_sqlite::Error as SqlError;
use serde::Serialize;

use super::{Answer, Engine, Opened, Primary, Refused, not_done};

/// Pages of one part: 16 MiB.
const PART_PAGES_MAX: u32 = 4096;

#[derive(Serialize)]
struct Newest {
    current_generation: u32,
}

/// With the pages of a file.
#[derive(Serialize)]
struct Size {
    size_pages: u32,
}

/// With frames, none at the end of a generation.
#[derive(Serialize)]
struct Told {
    /// The newest.
    generation: u32,
}

impl Primary {
    pub(super) fn newest_generation(&self) -> Answer {
        let newest = self.engine.followed(|store, generations, _| {
            let newest = store.newest_generation(generations);
            Ok(newest.ok_or(NotFollowed::Unknown))
        });
        Answer::json(newest.and_then(|(current_generation, hold)| {
            self.engine.hold_from(hold)?;
            Ok(Newest { current_generation })
        }))
    }

    /// Pages of the file of a generation.
    pub(super) fn generation_file(&self, query: &str) -> Answer {
        let (generation, first) = (number(query, "generation"), number(query, "first"));
        let count = number(query, "count").min(PART_PAGES_MAX);
        let part = self.engine.followed(|store, generations, policy| {
            store.base_part(generations, generation, first, count, policy)
        });
        let part = part.and_then(|part| {
            self.engine.hold_if(part.hold)?;
            Ok(part)
        });
        match part {
            Ok(BasePart { bytes, size_pages, .. }) => {
                Answer { commits: Some(bytes), ..Answer::json(Ok(Size { size_pages })) }
            }
            Err(refused) => not_done(&refused),
        }
    }

    pub(super) fn generation_frames(&self, query: &str) -> Answer {
        let generation = number(query, "generation");
        let asked = Asked { generation, start: number(query, "start"), end: number(query, "end") };
        if asked.start == 0 || asked.end <= asked.start {
            let text = "frames are counted from 1, and the end is after the start";
            return not_done(&Refused::Asked(text.to_owned()));
        }
        let pulled = self
            .engine
            .followed(|store, generations, policy| store.frames(generations, &asked, policy));
        let pulled = pulled.and_then(|pulled| {
            self.engine.hold_if(pulled.hold)?;
            Ok(pulled)
        });
        match pulled {
            Ok(Pulled { newest, frames, .. }) => {
                let told = Answer::json(Ok(Told { generation: newest }));
                Answer { commits: Some(frames), ..told }
            }
            Err(refused) => not_done(&refused),
        }
    }
}

impl Engine {
    fn followed<T>(
        &self,
        look: impl FnOnce(
            &mut Store,
            Generations,
            &CheckpointPolicy,
        ) -> Result<Result<T, NotFollowed>, CoreError>,
    ) -> Result<T, Refused> {
        self.with(|Opened { database, tag, .. }| {
            // What is kept, and held, is known only once the database is open.
            let policy = self.checkpoint_policy();
            let found = database.with_store(|store| look(store, Generations::of(*tag), &policy));
            let found = found.unwrap_or(Ok(Err(NotFollowed::Unknown))).map_err(SqlError::Pages)?;
            found.map_err(gone)
        })
    }

    fn hold_if(&self, from: Option<Txid>) -> Result<(), Refused> {
        from.map_or(Ok(()), |txid| self.hold_from(txid))
    }
}

/// 0 where there is none.
fn number(query: &str, name: &str) -> u32 {
    query_string::raw(query, name).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn gone(not_followed: NotFollowed) -> Refused {
    let why = match not_followed {
        NotFollowed::TooOld => "what this replica has is older than what is kept of the database",
        NotFollowed::Unknown => "this replica has what the database never had",
    };
    Refused::Gone(format!("{why}: delete its file, and those beside it, and let it begin anew"))
}
