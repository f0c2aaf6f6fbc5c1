//! The way to become the primary: to follow the one before, to have it fenced, to be registered.
//! [`Candidate`] says what is next; here it is carried out.

use std::rc::Rc;
use std::time::Duration;

use isolite_core::promotion::{Candidate, Fenced, Step};
use isolite_core::{Answer as Learnt, Ask, Bookmark, CheckpointPolicy, Position, Store, Tag, ltx};
use isolite_protocol::directory::{LocationHint, NewPromotion, Registration, TakesOver};
use js_sys::Date;
use worker::console_error;

use super::takeover::{all_replicas, recover};
use super::{Ended, Engine, Kept, Refused, directory_path};
use crate::directory::client;
use crate::object::call_js::{Address, Answer, Message, Object, send_within};
use crate::object::storage::ObjectStorage;
use crate::primary::engine::CACHE_PAGES;
use crate::primary::{Subscription, failure_of};

const QUESTION_TIME_MAX: Duration = Duration::from_secs(20);

/// What it has in memory.
pub(super) struct Run<'a> {
    engine: &'a Rc<Engine>,
    new: NewPromotion,
    candidate: Candidate<Store>,
    tag: Option<Tag>,
    ended: Option<Ended>,
    /// When the fence was asked for.
    pub fence_ms: Option<f64>,
}

/// Why a step came to nothing.
pub(super) enum Stop {
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

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Stop::Failed(refused.to_string())
    }
}

impl<'a> Run<'a> {
    pub async fn begin(engine: &'a Rc<Engine>) -> Result<Run<'a>, Stop> {
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

    pub async fn step(&mut self) -> Result<(), Stop> {
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
        let replica = self.replica(self.new.region);
        let object = Object::Replica(replica.address());
        let message = Message { path: "/delete", ..Message::default() };
        if let Err(error) = send_within(QUESTION_TIME_MAX, &self.engine.env, object, message).await
        {
            console_error!("The replica that was here before is left behind: {error}");
        }
    }

    fn replica(&self, region: LocationHint) -> Subscription {
        Subscription::of(&self.new.source.uuid, region, self.new.source.jurisdiction)
    }

    /// Asks the primary, or the replica that this one takes over from.
    async fn ask(&self, path: &str, have: Option<Position>) -> Result<Answer, Stop> {
        let tag = self.tag.unwrap_or_default();
        let have = have.map(|position| Bookmark { position, tag }.to_string());
        let mut message = Message { path, have: have.as_deref(), ..Message::default() };
        let replica;
        let object = match &self.new.takes_over {
            None | Some(TakesOver::Backup { .. }) => {
                Object::Primary(Address::of(&self.new.source, self.new.source.primary_name()))
            }
            Some(TakesOver::Replica(region)) => {
                message.session = Some("first-unconstrained");
                replica = self.replica(*region);
                Object::Replica(replica.address())
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
