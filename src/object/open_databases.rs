//! The databases that are open in this isolate, of however many objects.
//!
//! The platform lets go of an object some time after its last request, and until then it holds its
//! database open. Where many are asked in turn that is more than SQLite's memory in one isolate bears.
//! So who opens one has those closed that were not used for longest; they open again when they are.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use isolite_sqlite::{memory_bytes, release_caches};

/// Whatever SQLite holds, so many small databases hold as much again outside.
const COUNT_MAX: usize = 500;

thread_local! {
    static OPEN: RefCell<Vec<Weak<dyn Closable>>> = const { RefCell::new(Vec::new()) };
    static USES: Cell<u64> = const { Cell::new(0) };
}

/// What holds a database open.
pub(crate) trait Closable {
    /// When it was last used, as [`next_use`] told.
    fn last_use(&self) -> u64;
    /// Closes it, unless it is in use; it opens by itself when it is next asked.
    fn close(&self);
}

/// The number of a use: later ones have greater numbers.
pub(crate) fn next_use() -> u64 {
    USES.with(|uses| {
        uses.set(uses.get() + 1);
        uses.get()
    })
}

/// Takes down what may open a database, for as long as there is anything else that knows it.
pub(crate) fn register(closable: &Rc<impl Closable + 'static>) {
    let closable: Rc<dyn Closable> = Rc::clone(closable) as Rc<dyn Closable>;
    OPEN.with_borrow_mut(|open| {
        open.retain(|each| each.strong_count() > 0);
        open.push(Rc::downgrade(&closable));
    });
}

/// Makes room for one more where SQLite may hold so much in all.
pub(crate) fn make_room(heap_bytes_max: i64) {
    // The other half is for what statements take as they run.
    let bytes_max = heap_bytes_max / 2;
    let mut open: Vec<_> = OPEN.with_borrow(|open| open.iter().filter_map(Weak::upgrade).collect());
    if memory_bytes() > bytes_max {
        release_caches();
    }
    if memory_bytes() <= bytes_max && open.len() <= COUNT_MAX {
        return;
    }
    open.sort_by_key(|each| each.last_use());
    let mut left = open.len();
    for each in open {
        if memory_bytes() <= bytes_max / 4 * 3 && left <= COUNT_MAX / 4 * 3 {
            return;
        }
        each.close();
        left -= 1;
    }
}
