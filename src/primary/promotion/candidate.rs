//! The work of an object that is to be the primary: it follows the one before, has it fenced, and is
//! registered. [`Candidate`] says what is next; here it is carried out.
//!
//! All of it can be done again. So it may be cut short anywhere, and an alarm goes on with it.

use std::rc::Rc;
use std::time::Duration;

use isolite_core::promotion::{Candidate, Fenced, Step};
use isolite_core::{Answer as Learnt, Ask, Bookmark, CheckpointPolicy, Position, Store, Tag, ltx};
use isolite_protocol::directory::{
    Inheritance, LocationHint, NewPromotion, PromotionStatus, Registration, SettingsRevision,
    TakesOver,
};
use isolite_protocol::query_string;
use isolite_protocol::rest::{BackupPoint, Job, JobState, NewJob, NewRecovery};
use js_sys::Date;
use serde::{Deserialize, Serialize};
use worker::{Delay, Storage, console_error};

use super::before::Before;
use super::{Engine, Part, Primary, Refused, Subscription, unreadable};
use crate::directory::client;
use crate::object::call_js::{Address, Answer, Message, Object, send_within};
use crate::object::storage::ObjectStorage;
use crate::platform_js::now_ms;
use crate::primary::{failure_of, jobs};
use crate::router::replica_name;

const CACHE_PAGES: usize = 512;
/// Within the ten seconds after which an object without requests sleeps.
const ALARM: Duration = Duration::from_secs(8);
const QUESTION_TIME_MAX: Duration = Duration::from_secs(20);
/// Pauses after what did not succeed, each twice the one before.
const PAUSE_MS_MIN: u64 = 100;
const PAUSE_MS_MAX: u64 = 5_000;
/// As long as the primary still writes, it gives up after so long in which nothing has come of it.
const GIVE_UP_MS: f64 = 600_000.0;

/// As it is kept in the object's storage.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(flatten)]
    pub new: NewPromotion,
    /// It has all that was committed.
    #[serde(default)]
    ended: Option<Ended>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Ended {
    at: Position,
    inheritance: Inheritance<Subscription>,
}

/// Why a step came to nothing.
enum Stop {
    /// It is tried again.
    Failed(String),
    /// It never will be the primary.
    GivenUp(String),
}

impl From<String> for Stop {
    fn from(text: String) -> Self {
        Stop::Failed(text)
    }
}

impl From<isolite_core::Error> for Stop {
    fn from(error: isolite_core::Error) -> Self {
        Stop::Failed(error.to_string())
    }
}

impl From<isolite_core::StorageError> for Stop {
    fn from(error: isolite_core::StorageError) -> Self {
        Stop::Failed(error.to_string())
    }
}

impl From<worker::Error> for Stop {
    fn from(error: worker::Error) -> Self {
        Stop::Failed(error.to_string())
    }
}

impl Primary {
    /// Goes on with what an object has to do that is to be the primary.
    pub(in crate::primary) fn run_candidate(&self) {
        let engine = Rc::clone(&self.engine);
        let is_candidate = matches!(engine.part(), Ok(Part::Candidate));
        if !is_candidate || engine.promotion.runs.replace(true) {
            return;
        }
        let storage = self.state.storage();
        self.state.wait_until(async move {
            watch(&storage).await;
            run(&engine).await;
            engine.promotion.runs.set(false);
        });
    }

    /// The same from an alarm, which is set again. True if there is nothing else to be done.
    pub(in crate::primary) async fn candidate_alarm(&self) -> bool {
        self.run_candidate();
        let runs = self.engine.promotion.runs.get();
        if runs {
            watch(&self.state.storage()).await;
        }
        runs
    }
}

async fn watch(storage: &Storage) {
    if let Err(error) = storage.set_alarm(ALARM).await {
        console_error!("A promotion has no alarm: {error}");
    }
}

impl Engine {
    /// Begins, unless it has. The answer tells whether it was begun, or is over.
    pub(super) fn be_candidate(&self, body: &str) -> Result<PromotionStatus, Refused> {
        let new: NewPromotion = serde_json::from_str(body)
            .map_err(|error| Refused::Asked(format!("this is no promotion: {error}")))?;
        if self.storage.is_deleted()? {
            return Err(Refused::Deleted);
        }
        if self.promotion.named_for.is_some_and(|epoch| epoch != new.epoch) {
            let text = "this object is named for another epoch".to_owned();
            return Err(Refused::Asked(text));
        }
        if self.storage.is_blank()? {
            self.keep_candidate(&Kept { new, ended: None })?;
            self.forget_part();
        }
        self.promotion_status()
    }

    fn keep_candidate(&self, kept: &Kept) -> Result<(), isolite_core::StorageError> {
        self.storage.set_promotion(Some(&serde_json::to_vec(kept).map_err(unreadable)?))
    }

    fn kept_candidate(&self) -> Result<Option<Kept>, isolite_core::StorageError> {
        let text = self.storage.promotion()?;
        text.map(|text| serde_json::from_slice(&text).map_err(unreadable)).transpose()
    }

    fn tell_promotion(&self, tell: impl FnOnce(&mut PromotionStatus)) {
        tell(&mut self.promotion.status.borrow_mut());
    }

    /// Is the primary from now on.
    fn be_primary(
        &self,
        new: &NewPromotion,
        ended: &Ended,
        settings: &SettingsRevision,
    ) -> Result<(), isolite_core::StorageError> {
        let before = Before { home: new.source.clone(), until_ms: now_ms() };
        let settings = serde_json::to_vec(settings).map_err(unreadable)?;
        let became = self.storage.atomically(|| {
            self.storage.set_epoch(new.epoch)?;
            self.keep_before(&before)?;
            // A restored backup has begun some already.
            if self.storage.first_interval()?.is_none() {
                self.storage.set_first_interval(first_interval(&ended.inheritance))?;
            }
            self.storage.set_settings(&settings)?;
            #[cfg(feature = "entry")]
            if let Some(secret) = &ended.inheritance.baton_secret {
                self.storage.set_baton_secret(secret)?;
            }
            self.inherit_replicas(&ended.inheritance.replicas)?;
            self.storage.set_promotion(None)
        });
        self.forget_part();
        became
    }
}

/// What it has in memory.
struct Run<'a> {
    engine: &'a Rc<Engine>,
    new: NewPromotion,
    candidate: Candidate<Store>,
    tag: Option<Tag>,
    ended: Option<Ended>,
    /// When the fence was asked for.
    fence_ms: Option<f64>,
}

async fn run(engine: &Rc<Engine>) {
    let mut run = None;
    let mut pause_ms = PAUSE_MS_MIN;
    let mut progress_ms = Date::now();
    while matches!(engine.part(), Ok(Part::Candidate)) {
        let stepped = match &mut run {
            Some(run) => Run::step(run).await,
            None => Run::begin(engine).await.map(|begun| run = Some(begun)),
        };
        let stop = match stepped {
            Ok(()) => {
                (pause_ms, progress_ms) = (PAUSE_MS_MIN, Date::now());
                engine.tell_promotion(|status| status.waits_for = None);
                continue;
            }
            Err(stop) => stop,
        };
        let fenced = run.as_ref().is_some_and(|run| run.fence_ms.is_some());
        let late = !fenced && Date::now() - progress_ms > GIVE_UP_MS;
        let (Stop::Failed(text) | Stop::GivenUp(text)) = &stop;
        console_error!("The promotion waits: {text}");
        engine.tell_promotion(|status| status.waits_for = Some(text.clone()));
        // What is in memory may be the reason.
        let new = run.take().map(|run| run.new);
        if let Some(new) = new.filter(|_| late || matches!(stop, Stop::GivenUp(_)))
            && give_up(engine, &new).await
        {
            return;
        }
        Delay::from(Duration::from_millis(pause_ms)).await;
        pause_ms = (pause_ms * 2).min(PAUSE_MS_MAX);
    }
}

/// Asks the directory to give the promotion up. False if it cannot be, or is not known to be.
async fn give_up(engine: &Engine, new: &NewPromotion) -> bool {
    let path = directory_path("abandon", new);
    match client::ask::<bool>(&engine.env, &path, None).await {
        Ok(Ok(true) | Err(_)) => {
            // The directory tells it again as long as it has not heard of it.
            engine.opened.replace(None);
            engine.storage.delete().unwrap_or_default();
            engine.forget_part();
            true
        }
        _ => false,
    }
}

/// The number of the first interval, above all that the primary before had. Where nobody can tell those, as
/// many as there have been seconds since 2020: intervals are not begun as fast.
fn first_interval(inheritance: &Inheritance<Subscription>) -> u32 {
    const BEGIN_S: u64 = 1_577_836_800;
    let seconds =
        || u32::try_from((now_ms() / 1000).saturating_sub(BEGIN_S)).unwrap_or(u32::MAX / 4);
    inheritance.interval.map_or_else(seconds, |newest| newest.saturating_add(1))
}

/// Those that there may be, where nobody can be asked which there are.
fn all_replicas(new: &NewPromotion) -> Inheritance<Subscription> {
    let border = new.source.jurisdiction;
    let served = |region: &LocationHint| border.is_none_or(|border| border.serves(*region));
    let replicas = LocationHint::ALL.into_iter().filter(served).map(|region| Subscription {
        region: region.as_str().to_owned(),
        replica: replica_name(&new.source.uuid, region.as_str()),
        jurisdiction: border.map(|border| border.as_str().to_owned()),
    });
    Inheritance { replicas: replicas.collect(), baton_secret: None, interval: None }
}

/// Makes the database of a backup, by the job that does so for anybody. Where it then stands.
async fn recover(
    engine: &Rc<Engine>,
    new: &NewPromotion,
    path: &str,
    tag: &str,
) -> Result<Position, Stop> {
    engine.promotion.recovers.set(true);
    let recovered = try_to_recover(engine, new, path, tag).await;
    engine.promotion.recovers.set(false);
    engine.opened.replace(None);
    recovered
}

async fn try_to_recover(
    engine: &Rc<Engine>,
    new: &NewPromotion,
    path: &str,
    tag: &str,
) -> Result<Position, Stop> {
    let tag = u64::from_str_radix(tag, 16).map_err(|error| error.to_string())?;
    engine.storage.set_tag(Tag(tag))?;
    if engine.newest_job()?.is_none() {
        engine.storage.set_first_interval(first_interval(&all_replicas(new)))?;
        let recovery = NewRecovery {
            path: path.to_owned(),
            at: BackupPoint::Newest,
            jurisdiction: new.source.jurisdiction,
        };
        engine.new_job(&NewJob::Recover(recovery).encode())?;
    }
    jobs::run(engine).await;
    match engine.newest_job()?.map(|job| job.told) {
        Some(Job { state: JobState::Complete, .. }) => Ok(engine.stands_at()?),
        Some(Job { error: Some(error), .. }) => Err(Stop::GivenUp(error)),
        _ => Err(Stop::Failed("the backup is not restored yet".to_owned())),
    }
}

fn directory_path(what: &str, new: &NewPromotion) -> String {
    let id = query_string::encode(&new.source.uuid);
    format!("/promotion/{what}?id={id}&epoch={}", new.epoch)
}

impl<'a> Run<'a> {
    async fn begin(engine: &'a Rc<Engine>) -> Result<Run<'a>, Stop> {
        let kept = engine.kept_candidate()?;
        let Kept { new, mut ended } = kept.ok_or_else(|| "it is not a candidate".to_owned())?;
        if let (Some(TakesOver::Backup { path, tag }), None) = (&new.takes_over, &ended) {
            let at = recover(engine, &new, path, tag).await?;
            ended = Some(Ended { at, inheritance: all_replicas(&new) });
        }
        let storage = ObjectStorage::open(engine.storage.clone())?;
        let store = Store::open_replica(Box::new(storage), CACHE_PAGES)?;
        let tag = engine.storage.tag()?;
        let candidate = Candidate::new(store);
        let candidate = match &ended {
            Some(ended) => candidate.ended_at(ended.at),
            None => candidate,
        };
        Ok(Run { engine, new, candidate, tag, ended, fence_ms: None })
    }

    async fn step(&mut self) -> Result<(), Stop> {
        match self.candidate.next() {
            Step::Follow(ask) => self.follow(ask).await,
            Step::Fence { .. } if self.new.takes_over.is_some() => {
                self.candidate.take_over();
                Ok(())
            }
            Step::Fence { have } => self.fence(have).await,
            Step::Register { at } => self.register(at).await,
        }
    }

    async fn follow(&mut self, ask: Ask) -> Result<(), Stop> {
        let epoch = self.new.epoch;
        let (path, since) = match ask {
            Ask::Pages { first } => (format!("/pages?first={first}&successor={epoch}"), None),
            Ask::Commits { since } => (format!("/commits?successor={epoch}"), Some(since)),
        };
        let sent_ms = Date::now();
        let answer = self.ask(&path, since).await?;
        let bookmark = self.learn(&answer)?;
        if let (Ask::Pages { first }, Some(part)) = (ask, &answer.commits) {
            let pages = ltx::Decoder::new(part).map_err(isolite_core::Error::from)?;
            let total = u64::from(pages.header().size_pages);
            let done = u64::from(first).min(total);
            self.engine.tell_promotion(|status| (status.done, status.total) = (done, total));
        }
        let primary = bookmark.position;
        let learnt = Learnt { sent_ms, primary, ltx: answer.commits.as_deref() };
        self.candidate.followed(ask, learnt)?;
        self.fold()?;
        Ok(())
    }

    async fn fence(&mut self, have: Position) -> Result<(), Stop> {
        let NewPromotion { epoch, region, .. } = &self.new;
        let path = format!("/promotion/fence?epoch={epoch}&region={}", region.as_str());
        let fence_ms = Date::now();
        let answer = self.ask(&path, Some(have)).await?;
        self.fence_ms.get_or_insert(fence_ms);
        let bookmark = self.learn(&answer)?;
        let inheritance = serde_json::from_str(&String::from(answer.text.clone()));
        let inheritance = inheritance.map_err(|error| error.to_string())?;
        self.ended = Some(Ended { at: bookmark.position, inheritance });
        let (last, ltx) = (bookmark.position, answer.commits.as_deref());
        Ok(self.candidate.fenced(Fenced { last, ltx })?)
    }

    async fn register(&mut self, at: Position) -> Result<(), Stop> {
        let inheritance = all_replicas(&self.new);
        let ended = self.ended.get_or_insert(Ended { at, inheritance });
        ended.at = at;
        // Nobody need be asked for it again, who may be gone by then.
        let kept = Kept { new: self.new.clone(), ended: Some(ended.clone()) };
        self.engine.keep_candidate(&kept)?;
        let path = directory_path("register", &self.new);
        let registered = client::ask::<Option<Registration>>(&self.engine.env, &path, None).await?;
        let registration = match registered {
            Ok(Some(registration)) => registration,
            Ok(None) | Err(_) => {
                return Err(Stop::GivenUp("the directory has given it up".to_owned()));
            }
        };
        self.engine.be_primary(&self.new, ended, &registration.settings)?;
        // The first request need not wait for it.
        self.engine.with(|_| Ok(())).map_err(|refused| refused.to_string())?;
        let pause_ms = self.fence_ms.map(|fence_ms| Date::now() - fence_ms);
        self.engine.tell_promotion(|status| status.pause_ms = pause_ms);
        self.let_replica_go().await;
        Ok(())
    }

    /// In its own region nobody asks a replica any more.
    async fn let_replica_go(&self) {
        let name = replica_name(&self.new.source.uuid, self.new.region.as_str());
        let object = Object::Replica(self.replica(&name, self.new.region.as_str()));
        let message = Message { path: "/delete", ..Message::default() };
        if let Err(error) = send_within(QUESTION_TIME_MAX, &self.engine.env, object, message).await
        {
            console_error!("The replica that was here before is left behind: {error}");
        }
    }

    fn replica<'b>(&self, name: &'b str, region: &'b str) -> Address<'b> {
        Address {
            name,
            location_hint: Some(region),
            jurisdiction: self.new.source.jurisdiction.map(|border| border.as_str()),
        }
    }

    /// Asks the primary, or the replica that this one takes over from.
    async fn ask(&self, path: &str, have: Option<Position>) -> Result<Answer, Stop> {
        let tag = self.tag.unwrap_or_default();
        let have = have.map(|position| Bookmark { position, tag }.to_string());
        let mut message = Message { path, have: have.as_deref(), ..Message::default() };
        let name;
        let object = match &self.new.takes_over {
            None | Some(TakesOver::Backup { .. }) => {
                Object::Primary(Address::of(&self.new.source, self.new.source.primary_name()))
            }
            Some(TakesOver::Replica(region)) => {
                message.session = Some("first-unconstrained");
                name = replica_name(&self.new.source.uuid, region.as_str());
                Object::Replica(self.replica(&name, region.as_str()))
            }
        };
        let answer = send_within(QUESTION_TIME_MAX, &self.engine.env, object, message).await?;
        let text = || failure_of(&String::from(answer.text.clone()));
        match answer.status {
            200 => Ok(answer),
            404 | 410 => Err(Stop::GivenUp(text())),
            _ => Err(Stop::Failed(text())),
        }
    }

    /// The tag that the database has is kept with the first answer.
    fn learn(&mut self, answer: &Answer) -> Result<Bookmark, Stop> {
        let bookmark = answer.bookmark.as_deref().and_then(|text| text.parse::<Bookmark>().ok());
        let bookmark = bookmark.ok_or_else(|| "it does not say where it stands".to_owned())?;
        match self.tag {
            Some(tag) if tag != bookmark.tag => {
                Err(Stop::GivenUp("it is the primary of another database".to_owned()))
            }
            Some(_) => Ok(bookmark),
            None => {
                self.engine.storage.set_tag(bookmark.tag)?;
                self.tag = Some(bookmark.tag);
                Ok(bookmark)
            }
        }
    }

    /// Keeps the log short while it follows.
    fn fold(&mut self) -> Result<(), Stop> {
        let policy = CheckpointPolicy::default();
        self.candidate.pages_mut().checkpoint_step(&policy)?;
        Ok(())
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Stop::Failed(refused.to_string())
    }
}
