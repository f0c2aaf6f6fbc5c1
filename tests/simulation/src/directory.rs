//! The directory, as `src/directory/promotion.rs` and `src/directory/deletion.rs` have it: one row, with
//! core's [`Register`], and what is left to be done of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::lock::Mutex;
use isolite_core::StorageError;
use isolite_core::promotion::{Abandoned, Former, Register, Registered};
use serde::{Deserialize, Serialize};

use crate::home::Home;
use crate::host::Host;
use crate::message::{Answer, GONE, Message, New, Question, Request, Says};
use crate::mutation::Mutation;
use crate::network::{self, Object};
use crate::plan::{QUESTION_MS_MAX, RETRY_MS, SOON_MS};
use crate::world::World;

pub struct Directory {
    pub region: usize,
    pub host: Host,
    memory: RefCell<Rc<Memory>>,
}

#[derive(Default)]
struct Memory {
    turn: Mutex<()>,
    alarm_runs: Cell<bool>,
}

#[derive(Clone, Serialize, Deserialize, Default)]
pub struct Row {
    register: Register,
    /// Of the primary.
    region: usize,
    from_replica: Option<usize>,
    pending: bool,
    /// When old primaries are to go.
    former_due_ms: Option<u64>,
    alarm_ms: Option<u64>,
}

impl Row {
    pub fn home(&self) -> Home {
        Home { epoch: self.register.epoch(), region: self.region }
    }

    /// Whether nothing is under way.
    pub fn is_done(&self) -> bool {
        self.register.candidate().is_none() && !self.pending
    }
}

/// What is left to be done is tried again later.
struct Failed;

impl From<StorageError> for Failed {
    fn from(_: StorageError) -> Failed {
        Failed
    }
}

type Done<T> = Result<T, Failed>;

impl Directory {
    pub fn new(region: usize, skew_ms: f64) -> Directory {
        Directory { region, host: Host::new(skew_ms), memory: RefCell::default() }
    }

    pub fn crash(&self, world: &Rc<World>, kept: usize) {
        self.host.crash(world, kept);
        self.memory.replace(Rc::default());
        if let Some(at_ms) = self.peek().alarm_ms {
            self.wake(world, at_ms.max(world.clock.now_ms() + SOON_MS));
        }
    }

    /// The row, for whoever looks on.
    pub fn peek(&self) -> Row {
        row_of(self.host.disk.storage.peek("row"))
    }

    fn row(&self) -> Result<Row, StorageError> {
        Ok(row_of(self.host.disk.storage.kept("row")?))
    }

    /// Changes the row, and sets the alarm that it has then.
    fn change(&self, world: &Rc<World>, change: impl FnOnce(&mut Row)) -> Result<(), StorageError> {
        let before = self.row()?;
        let mut row = before.clone();
        change(&mut row);
        if let Some(at_ms) = row.alarm_ms.filter(|_| row.alarm_ms != before.alarm_ms) {
            self.wake(world, at_ms);
        }
        self.host.disk.storage.keep(&[("row", serde_json::to_vec(&row).ok())])
    }

    fn wake(&self, world: &Rc<World>, at_ms: u64) {
        let inside = Rc::clone(world);
        world.clock.spawn(&world.always, async move {
            inside.clock.sleep(at_ms.saturating_sub(inside.clock.now_ms())).await;
            let directory = &inside.directory;
            let memory = Rc::clone(&directory.memory.borrow());
            let due = directory.peek().alarm_ms.is_some_and(|at| at <= inside.clock.now_ms());
            if due && memory.alarm_runs.replace(true) {
                // It comes once the one before is over.
                directory.wake(&inside, inside.clock.now_ms() + SOON_MS);
            } else if due {
                let world = Rc::clone(&inside);
                inside.clock.spawn(&directory.host.life(), async move {
                    if world.directory.alarm(&world).await.is_err() {
                        // The platform calls it again.
                        world.broke(Object::Directory);
                        world.directory.wake(&world, world.clock.now_ms() + RETRY_MS);
                    }
                    memory.alarm_runs.set(false);
                });
            }
        });
    }

    pub async fn answer(&self, world: &Rc<World>, question: Question) -> Answer {
        let answer = match question {
            Question::Where => {
                self.row().map(|row| Answer::says(Says::Home(row.home()))).map_err(Failed::from)
            }
            Question::Promote { region, from_replica } => {
                self.promote(world, region, from_replica).await
            }
            Question::Register { epoch, .. } => self.register(world, epoch).map_err(Failed::from),
            Question::Abandon { epoch } => self.abandon(world, epoch).await.map_err(Failed::from),
        };
        answer.unwrap_or_else(|Failed| {
            world.broke(Object::Directory);
            Answer::status(500)
        })
    }

    async fn promote(
        &self,
        world: &Rc<World>,
        region: usize,
        from_replica: Option<usize>,
    ) -> Done<Answer> {
        let memory = Rc::clone(&self.memory.borrow());
        let _turn = memory.turn.lock().await;
        let mut row = self.row()?;
        if row.region == region {
            return Ok(Answer::status(400));
        }
        // One that is under way goes on as it was begun.
        let is_new = row.register.candidate().is_none();
        let from_replica = if is_new { from_replica } else { row.from_replica };
        let Ok(candidate) = row.register.begin(&region.to_string()) else {
            return Ok(Answer::status(409));
        };
        let home = Home::of(&candidate);
        world.trace(|| format!("{home:?} is to be the primary, from {from_replica:?}"));
        let retry_ms = world.clock.now_ms() + RETRY_MS;
        self.change(world, |it| {
            let alarm_ms = if it.pending { it.alarm_ms } else { Some(retry_ms) };
            *it = Row { from_replica, pending: true, alarm_ms, ..row };
        })?;
        self.finish(world).await;
        self.rest_if_done(world)?;
        Ok(Answer::says(Says::Promoting(true)))
    }

    /// Makes the candidate of an epoch the primary.
    fn register(&self, world: &Rc<World>, epoch: u32) -> Result<Answer, StorageError> {
        let Row { mut register, region: was_in, from_replica, .. } = self.row()?;
        let region = register.candidate().map(|candidate| Home::of(candidate).region);
        let now_ms = world.clock.now_ms();
        let former = Former {
            epoch: register.epoch(),
            region: Some(was_in.to_string()),
            replaced_ms: Some(now_ms),
            unfenced: from_replica.is_some() && !world.has(Mutation::TakenOverUntold),
        };
        let mut registered = register.register(epoch, former.clone());
        let mut region = region.unwrap_or(was_in);
        if world.has(Mutation::AbandonedRegistered)
            && registered == Registered::Never
            && let Some(candidate) = as_if_not_abandoned(&mut register, epoch)
        {
            region = candidate.region;
            registered = register.register(epoch, former);
        }
        world.trace(|| format!("epoch {epoch} is registered: {registered:?}"));
        if registered == Registered::Now {
            self.change(world, |row| {
                let former_due_ms = Some(now_ms + world.plan.former_kept_ms);
                let alarm_ms = Some(now_ms + SOON_MS);
                *row = Row { register, region, former_due_ms, pending: true, alarm_ms, ..*row };
            })?;
        }
        Ok(Answer::says(Says::Registered(registered != Registered::Never)))
    }

    /// Gives a promotion up: that of the epoch, or whichever is under way.
    async fn abandon(&self, world: &Rc<World>, epoch: Option<u32>) -> Result<Answer, StorageError> {
        let Row { mut register, .. } = self.row()?;
        let candidate = register.candidate().map(|candidate| candidate.epoch);
        let Some(epoch) = epoch.or(candidate) else { return Ok(Answer::status(GONE)) };
        let abandoned = register.abandon(epoch);
        world.trace(|| format!("epoch {epoch} is given up: {abandoned:?}"));
        if abandoned == Abandoned::Now {
            let soon_ms = world.clock.now_ms() + SOON_MS;
            self.change(world, |row| {
                *row = Row { register, pending: true, alarm_ms: Some(soon_ms), ..*row };
            })?;
            // At once, as the primary may have made way already for who does not come.
            let memory = Rc::clone(&self.memory.borrow());
            let _turn = memory.turn.lock().await;
            self.finish(world).await;
            self.rest_if_done(world)?;
        }
        Ok(Answer::says(Says::Promoting(abandoned == Abandoned::Never)))
    }

    async fn alarm(&self, world: &Rc<World>) -> Done<()> {
        let memory = Rc::clone(&self.memory.borrow());
        let now_ms = world.clock.now_ms();
        self.change(world, |row| row.alarm_ms = Some(now_ms + RETRY_MS))?;
        if self.row()?.former_due_ms.is_some_and(|due_ms| due_ms <= now_ms) {
            let _turn = memory.turn.lock().await;
            // Should it fail, they are left behind until the next alarm.
            drop(self.wipe_former(world).await);
        }
        if self.row()?.pending {
            let _turn = memory.turn.lock().await;
            self.finish(world).await;
        }
        Ok(self.rest_if_done(world)?)
    }

    /// Sets the alarm for what is next; whatever is unfinished has one already.
    fn rest_if_done(&self, world: &Rc<World>) -> Result<(), StorageError> {
        if self.row()?.pending {
            return Ok(());
        }
        self.change(world, |row| row.alarm_ms = row.former_due_ms)
    }

    /// Brings the objects to where the row says that they are to be. After a failure that is left to the
    /// alarm.
    async fn finish(&self, world: &Rc<World>) {
        if self.try_to_finish(world).await.is_err() {
            world.trace(|| "the directory will look after it again");
        }
    }

    async fn try_to_finish(&self, world: &Rc<World>) -> Done<()> {
        let row = self.row()?;
        if !row.pending {
            return Ok(());
        }
        let promoted = self.finish_promotions(world, &row).await?;
        if self.tell(world, row.home(), Request::Settings).await?.status != 200 {
            return Err(Failed);
        }
        // What was changed meanwhile is still to be told.
        let as_told = self.row()?.home() == row.home();
        Ok(self.change(world, |row| row.pending = !(promoted && as_told))?)
    }

    /// True if none is under way.
    async fn finish_promotions(&self, world: &Rc<World>, row: &Row) -> Done<bool> {
        let abandoned = row.register.former().iter().filter(|former| former.replaced_ms.is_none());
        // Who takes over does not wait for a primary that is out of reach.
        let mut all_lowered = true;
        for former in abandoned {
            let lower = Request::Lower(former.epoch);
            if !world.has(Mutation::NotLowered)
                && self.tell(world, row.home(), lower).await.is_err()
            {
                all_lowered = false;
                continue;
            }
            self.wipe(world, former).await?;
        }
        let all_fenced = self.fence_former(world).await?;
        let Some(candidate) = row.register.candidate() else {
            return Ok(all_lowered && all_fenced);
        };
        let (home, from_replica) = (Home::of(candidate), self.row()?.from_replica);
        let new = New { home, source: row.home(), from_replica };
        let started = self.tell(world, home, Request::Start(new)).await?;
        let over = started.says == Some(Says::Promoting(false)) || started.status == GONE;
        if over {
            let mut register = self.row()?.register;
            let now = register.candidate().is_some_and(|it| it.epoch == home.epoch);
            if now && register.abandon(home.epoch) == Abandoned::Now {
                self.change(world, |row| row.register = register)?;
            }
        }
        Ok(false)
    }

    /// Tells those that were out of reach that they are none any more. False if some still are.
    async fn fence_former(&self, world: &Rc<World>) -> Done<bool> {
        let mut all = true;
        for former in self.row()?.register.former().iter().filter(|former| former.unfenced) {
            // As it is now: another may have been registered while something was awaited.
            let home = self.row()?.home();
            match self.tell(world, home_of(former), Request::Fence(home)).await {
                Ok(_) => self.change(world, |row| row.register.fenced(former.epoch))?,
                Err(Failed) => all = false,
            }
        }
        Ok(all)
    }

    /// Wipes old primaries that are kept no longer.
    async fn wipe_former(&self, world: &Rc<World>) -> Done<()> {
        // Of those that were given up the primary's fence is to be lowered first.
        let (now_ms, mut next_ms) = (world.clock.now_ms(), None);
        for former in self.row()?.register.former() {
            let Some(replaced_ms) = former.replaced_ms else { continue };
            let due_ms = replaced_ms + world.plan.former_kept_ms;
            let goes = due_ms <= now_ms && !former.unfenced;
            if !goes || self.wipe(world, former).await.is_err() {
                let again_ms = due_ms.max(now_ms + RETRY_MS);
                next_ms = Some(next_ms.map_or(again_ms, |next_ms: u64| next_ms.min(again_ms)));
            }
        }
        Ok(self.change(world, |row| row.former_due_ms = next_ms)?)
    }

    async fn wipe(&self, world: &Rc<World>, former: &Former) -> Done<()> {
        let home = home_of(former);
        if self.tell(world, home, Request::Delete).await?.status != 200 {
            return Err(Failed);
        }
        world.trace(|| format!("{home:?} is wiped"));
        Ok(self.change(world, |row| row.register.forget(home.epoch))?)
    }

    async fn tell(&self, world: &Rc<World>, home: Home, request: Request) -> Done<Answer> {
        self.host.disk.gate(world).await;
        let (to, message) = (Object::Primary(home), Message::new(request));
        let answer = network::call(world, self.region, to, message, QUESTION_MS_MAX).await;
        answer.filter(|answer| matches!(answer.status, 200 | 410 | GONE)).ok_or(Failed)
    }
}

fn home_of(former: &Former) -> Home {
    let region = former.region.as_ref().and_then(|region| region.parse().ok()).unwrap_or(0);
    Home { epoch: former.epoch, region }
}

fn row_of(bytes: Option<Vec<u8>>) -> Row {
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// The candidate of an epoch, under way again.
fn as_if_not_abandoned(register: &mut Register, epoch: u32) -> Option<Home> {
    let former = register.former().iter().find(|it| it.epoch == epoch);
    let region = former.filter(|former| former.replaced_ms.is_none())?.region.clone()?;
    let home = Home { epoch, region: region.parse().ok()? };
    let mut row = serde_json::to_value(&*register).ok()?;
    *row.get_mut("candidate")? = serde_json::to_value(home.successor()).ok()?;
    *register = serde_json::from_value(row).ok()?;
    Some(home)
}
