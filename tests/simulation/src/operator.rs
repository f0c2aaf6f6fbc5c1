//! Who has the primary moved, gives that up, and has another one take over where it is out of reach.

use std::rc::Rc;

use crate::home::Home;
use crate::message::{Message, Question, Request};
use crate::network::{self, Object};
use crate::plan::CALL_MS_MAX;
use crate::world::World;

pub fn begin(world: &Rc<World>) {
    if world.plan.promotions > 0 {
        world.clock.spawn(&world.always, work(Rc::clone(world)));
    }
}

async fn work(world: Rc<World>) {
    let random = &world.random;
    let every_ms = world.plan.faults_end_ms / u64::from(world.plan.promotions);
    for _ in 0..world.plan.promotions {
        world.clock.sleep(random.within(every_ms / 8, every_ms)).await;
        if world.calm.get() {
            return;
        }
        if world.plan.takes_over && random.chance(600) {
            take_over(&world).await;
        } else {
            let region = elsewhere(&world, world.home()).unwrap_or(0);
            ask(&world, Question::Promote { region, from_replica: None }).await;
        }
        if random.chance(300) {
            world.clock.sleep(random.below(1_200)).await;
            ask(&world, Question::Abandon { epoch: None }).await;
        }
    }
}

fn elsewhere(world: &World, home: Home) -> Option<usize> {
    let others = (0..world.plan.regions).filter(|region| *region != home.region);
    world.random.pick(&others.collect::<Vec<_>>())
}

/// The primary is out of reach: it is down, or where nobody comes.
async fn take_over(world: &Rc<World>) {
    let random = &world.random;
    let home = world.home();
    let until_ms = world.clock.now_ms() + random.within(1_000, 8_000);
    let (Some(region), Some(from)) = (elsewhere(world, home), elsewhere(world, home)) else {
        return;
    };
    if random.chance(750) {
        go_down(world, home, until_ms);
    } else if let Some(cut_off) = world.cut_off_until_ms.get(home.region) {
        world.trace(|| format!("{home:?} is cut off until {until_ms}"));
        cut_off.set(until_ms);
    }
    world.clock.sleep(random.below(1_500)).await;
    // Whichever was under way cannot have it fenced.
    ask(world, Question::Abandon { epoch: None }).await;
    ask(world, Question::Promote { region, from_replica: Some(from) }).await;
}

/// An object does not run until then, nor is it reached; then it starts.
pub fn go_down(world: &Rc<World>, home: Home, until_ms: u64) {
    let primary = world.primary(home);
    world.trace(|| format!("{home:?} is down until {until_ms}"));
    let pending = primary.host.disk.storage.pending() as u64;
    primary.crash(world, world.random.below(pending + 1) as usize);
    primary.host.go_down(until_ms);
}

async fn ask(world: &Rc<World>, question: Question) {
    let from = world.random.below(world.plan.regions as u64) as usize;
    let message = Message::new(Request::Directory(question));
    let answer = network::call(world, from, Object::Directory, message, CALL_MS_MAX).await;
    world.trace(|| {
        let says = answer.map(|answer| (answer.status, answer.says));
        format!("the operator asks {question:?}: {says:?}")
    });
}
