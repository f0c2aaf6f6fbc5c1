//! What is pushed from where, as pushes are answered in any order, lost or refused.

use super::*;
use crate::checksum::Checksum;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const REGION: &str = "apac";

fn at(txid: u64) -> Position {
    Position { epoch: 1, txid, checksum: Checksum::EMPTY }
}

/// One replica that follows, and stands there.
fn following(position: Option<u64>) -> Followers {
    let mut followers = Followers::default();
    assert!(followers.subscribe(REGION, position.map(at), 1000.0));
    followers
}

/// The one push that is due.
fn due(followers: &mut Followers, newest: u64) -> Push {
    let mut pushes = followers.due(at(newest), 0.0);
    assert_eq!(pushes.len(), 1, "{pushes:?}");
    pushes.remove(0)
}

fn none_due(followers: &mut Followers, newest: u64) {
    assert_eq!(followers.due(at(newest), 0.0), vec![]);
}

fn spans(push: &Push) -> (Option<u64>, u64) {
    (push.since.map(|since| since.txid), push.to.txid)
}

#[test]
fn each_begins_where_the_one_before_leads() {
    let mut followers = following(Some(3));
    none_due(&mut followers, 3);
    let first = due(&mut followers, 4);
    none_due(&mut followers, 4);
    let second = due(&mut followers, 6);
    assert_eq!([spans(&first), spans(&second)], [(Some(3), 4), (Some(4), 6)]);
    followers.acknowledged(&first, at(4));
    none_due(&mut followers, 6);
    // Their answers may overtake each other.
    let third = due(&mut followers, 7);
    followers.acknowledged(&third, at(7));
    followers.acknowledged(&second, at(6));
    none_due(&mut followers, 7);
    assert_eq!(spans(&due(&mut followers, 8)), (Some(7), 8));
}

#[test]
fn those_that_follow_are_told() {
    let mut followers = following(Some(3));
    let push = due(&mut followers, 5);
    let told = |position, pushes| {
        let position = Some(at(position));
        vec![Followed { region: REGION.to_owned(), until_ms: 1000.0, position, pushes }]
    };
    assert_eq!(followers.followed(0.0), told(3, 1));
    followers.acknowledged(&push, at(5));
    assert_eq!(followers.followed(999.0), told(5, 0));
    assert_eq!(followers.followed(1000.0), vec![]);
}

#[test]
fn only_so_many_are_on_their_way_and_the_next_brings_all() {
    let mut followers = following(Some(0));
    let many = PUSHES_MAX as u64;
    let pushes: Vec<Push> = (1..=many).map(|newest| due(&mut followers, newest)).collect();
    none_due(&mut followers, many + 5);
    followers.acknowledged(&pushes[0], at(1));
    let next = followers.due_to(REGION, at(many + 5), 0.0).unwrap();
    assert_eq!(spans(&next), (Some(many), many + 5));
    none_due(&mut followers, many + 6);
}

#[test]
fn only_so_many_bytes_are_on_their_way() {
    let mut followers = following(Some(0));
    let large = due(&mut followers, 1);
    followers.weighs(&large, BYTES_MAX);
    none_due(&mut followers, 2);
    followers.acknowledged(&large, at(1));
    let small = due(&mut followers, 2);
    followers.weighs(&small, BYTES_MAX - 1);
    assert_eq!(spans(&due(&mut followers, 3)), (Some(2), 3));
}

#[test]
fn after_a_lost_push_the_next_begins_where_that_one_did() {
    let mut followers = following(Some(0));
    let pushes = [1, 2, 3].map(|newest| due(&mut followers, newest));
    followers.lost(&pushes[1]);
    let again = due(&mut followers, 3);
    assert_eq!(spans(&again), (Some(1), 3));
    followers.acknowledged(&pushes[0], at(1));
    // That one could not be applied.
    followers.acknowledged(&pushes[2], at(1));
    none_due(&mut followers, 3);
    followers.acknowledged(&again, at(3));
    none_due(&mut followers, 3);
    // It has come forward since, so that one more may be lost.
    let lost = due(&mut followers, 4);
    followers.lost(&lost);
    assert_eq!(spans(&due(&mut followers, 4)), (Some(3), 4));
}

#[test]
fn two_lost_one_after_the_other_end_it() {
    let mut followers = following(Some(0));
    let pushes = [1, 2].map(|newest| due(&mut followers, newest));
    followers.lost(&pushes[0]);
    let again = due(&mut followers, 2);
    assert_eq!(spans(&again), (Some(0), 2));
    // It was sent before the first was known to be lost.
    followers.lost(&pushes[1]);
    none_due(&mut followers, 2);
    followers.lost(&again);
    none_due(&mut followers, 3);
    // What is answered later than that is of no subscription.
    assert!(followers.subscribe(REGION, Some(at(5)), 1000.0));
    followers.acknowledged(&again, at(2));
    followers.refused(&again);
    assert_eq!(spans(&due(&mut followers, 6)), (Some(5), 6));
}

#[test]
fn a_push_that_was_lost_after_all_had_come_is_not_made_again() {
    let mut followers = following(Some(0));
    let pushes = [1, 2].map(|newest| due(&mut followers, newest));
    followers.acknowledged(&pushes[1], at(2));
    followers.lost(&pushes[0]);
    none_due(&mut followers, 2);
}

#[test]
fn where_the_replica_stands_elsewhere_the_next_begins_there() {
    let mut followers = following(Some(5));
    let first = due(&mut followers, 6);
    let second = due(&mut followers, 7);
    // It has lost what it had, or has not got it yet.
    followers.acknowledged(&first, at(3));
    let again = due(&mut followers, 7);
    assert_eq!(spans(&again), (Some(3), 7));
    followers.acknowledged(&second, at(3));
    none_due(&mut followers, 7);
    // It has asked meanwhile, and is ahead.
    followers.acknowledged(&again, at(9));
    none_due(&mut followers, 9);
    assert_eq!(spans(&due(&mut followers, 10)), (Some(9), 10));
}

#[test]
fn one_that_overtook_the_one_before_is_made_again_from_there_alone() {
    let mut followers = following(Some(0));
    let pushes = [1, 2, 3].map(|newest| due(&mut followers, newest));
    followers.acknowledged(&pushes[1], at(0));
    let again = due(&mut followers, 3);
    assert_eq!(spans(&again), (Some(1), 3));
    followers.acknowledged(&pushes[0], at(1));
    followers.acknowledged(&pushes[2], at(1));
    none_due(&mut followers, 3);
}

#[test]
fn a_subscription_lapses_unless_it_is_renewed() {
    let mut followers = following(Some(3));
    followers.subscribe(REGION, Some(at(3)), 2000.0);
    let pushes = followers.due(at(4), 1500.0);
    assert_eq!(pushes.iter().map(spans).collect::<Vec<_>>(), [(Some(3), 4)]);
    followers.acknowledged(&pushes[0], at(4));
    assert_eq!(followers.due(at(5), 2000.0), vec![]);
    followers.subscribe(REGION, Some(at(5)), 3000.0);
    let pushes = followers.due(at(6), 2500.0);
    assert_eq!(pushes.iter().map(spans).collect::<Vec<_>>(), [(Some(5), 6)]);
}

#[test]
fn what_was_refused_or_brought_nothing_ends_the_subscription() {
    for refused in [true, false] {
        let mut followers = following(Some(3));
        let push = due(&mut followers, 4);
        match refused {
            true => followers.refused(&push),
            false => followers.acknowledged(&push, at(3)),
        }
        none_due(&mut followers, 5);
    }
}

#[test]
fn a_push_in_vain_does_not_end_what_was_subscribed_since() {
    for refused in [true, false] {
        let mut followers = following(Some(3));
        let push = due(&mut followers, 4);
        // It has asked because of the push, and that came first.
        followers.subscribe(REGION, Some(at(5)), 1000.0);
        match refused {
            true => followers.refused(&push),
            false => followers.acknowledged(&push, at(3)),
        }
        none_due(&mut followers, 5);
        let next = due(&mut followers, 6);
        assert_eq!(spans(&next), (Some(5), 6));
        followers.refused(&next);
        none_due(&mut followers, 7);
    }
}

#[test]
fn after_a_start_the_replica_is_asked_where_it_stands() {
    let mut followers = following(None);
    let asked = due(&mut followers, 4);
    assert_eq!(spans(&asked), (None, 4));
    none_due(&mut followers, 5);
    followers.acknowledged(&asked, at(2));
    assert_eq!(spans(&due(&mut followers, 5)), (Some(2), 5));
}

#[test]
fn there_is_an_end_to_them() {
    let mut followers = Followers::default();
    let took = (0..100).filter(|n| followers.subscribe(&n.to_string(), None, 1.0)).count();
    assert_eq!(took, FOLLOWERS_MAX);
}
