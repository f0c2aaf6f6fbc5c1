//! Records by name, so that a query does not ask the directory each time.
//!
//! Two generations of half the capacity each: what was not used since the younger one last filled
//! up is dropped with the older one. So the cache is bounded, a lookup is one or two hashes, and
//! no clock is needed. A record never goes stale by itself: ids are never reused, and the primary
//! of a deleted database says so, upon which the caller forgets the name.

use std::collections::HashMap;
use std::rc::Rc;

use super::DatabaseRecord;

#[derive(Debug)]
pub struct RecordCache {
    generation_size: usize,
    young: HashMap<String, Rc<DatabaseRecord>>,
    old: HashMap<String, Rc<DatabaseRecord>>,
}

impl RecordCache {
    pub fn new(capacity: usize) -> Self {
        let generation_size = capacity.div_ceil(2).max(1);
        Self { generation_size, young: HashMap::new(), old: HashMap::new() }
    }

    pub fn get(&mut self, name: &str) -> Option<Rc<DatabaseRecord>> {
        if let Some(record) = self.young.get(name) {
            return Some(Rc::clone(record));
        }
        let record = self.old.remove(name)?;
        self.insert(Rc::clone(&record));
        Some(record)
    }

    /// Unless it is known where the primary has moved since: the directory's answer may be late.
    pub fn insert(&mut self, record: Rc<DatabaseRecord>) {
        let known = [&self.young, &self.old].into_iter().find_map(|known| known.get(&record.name));
        if known.is_some_and(|known| known.uuid == record.uuid && known.epoch > record.epoch) {
            return;
        }
        if self.young.len() >= self.generation_size && !self.young.contains_key(&record.name) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(record.name.clone(), record);
    }

    /// Forgets the name if it still stands for that id: another caller may have learnt of a
    /// database created anew meanwhile.
    pub fn forget(&mut self, name: &str, uuid: &str) {
        for generation in [&mut self.young, &mut self.old] {
            if generation.get(name).is_some_and(|record| record.uuid == uuid) {
                generation.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, uuid: &str) -> Rc<DatabaseRecord> {
        Rc::new(DatabaseRecord {
            uuid: uuid.into(),
            name: name.into(),
            created_at: String::new(),
            version: String::new(),
            primary_location_hint: None,
            jurisdiction: None,
            ..DatabaseRecord::default()
        })
    }

    #[test]
    fn bounded_and_keeps_what_is_used() {
        let mut cache = RecordCache::new(10);
        cache.insert(record("hot", "0"));
        for i in 0..1000 {
            cache.insert(record(&format!("db{i}"), "1"));
            assert!(cache.get("hot").is_some());
            assert!(cache.young.len() + cache.old.len() <= 11);
        }
        assert!(cache.get("db999").is_some());
        assert!(cache.get("db900").is_none());
    }

    #[test]
    fn a_primary_that_has_moved_does_not_move_back_by_a_late_answer() {
        let of_epoch = |epoch| Rc::new(DatabaseRecord { epoch, ..(*record("a", "1")).clone() });
        let mut cache = RecordCache::new(10);
        cache.insert(of_epoch(1));
        cache.insert(of_epoch(3));
        cache.insert(of_epoch(1));
        assert_eq!(cache.get("a").unwrap().epoch, 3);
        // One that was told that nobody is there forgets first.
        cache.forget("a", "1");
        cache.insert(of_epoch(1));
        assert_eq!(cache.get("a").unwrap().epoch, 1);
        // Another database of the name begins anew.
        cache.insert(of_epoch(3));
        cache.insert(record("a", "2"));
        assert_eq!(cache.get("a").unwrap().uuid, "2");
    }

    #[test]
    fn forgets_only_the_id_that_is_gone() {
        let mut cache = RecordCache::new(1);
        cache.insert(record("a", "1"));
        cache.insert(record("b", "1"));
        cache.forget("a", "2");
        assert!(cache.get("a").is_some());
        cache.insert(record("a", "2"));
        cache.forget("a", "1");
        assert_eq!(cache.get("a").unwrap().uuid, "2");
        cache.forget("a", "2");
        assert!(cache.get("a").is_none());
    }
}
