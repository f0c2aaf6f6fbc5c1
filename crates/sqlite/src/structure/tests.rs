//! The structural check: files as SQLite writes them are whole, and each kind of damage is told.
//!
//! Files are made by SQLite itself, and damaged by hand. In `differential` they are damaged at random, and
//! SQLite's own check is asked as well.

mod differential;
mod files;

use files::{File, PAGE};

use super::*;

fn told(file: &File) -> String {
    file.check(1024).join("; ")
}

/// Rows, one with overflow pages, and an index.
fn plain() -> File {
    File::made(&[
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b)",
        "INSERT INTO t SELECT value, printf('%.*c', value * 37 % 900, 'x') FROM generate(2000)",
        "INSERT INTO t VALUES (5000, zeroblob(50000))",
        "CREATE INDEX i ON t (b)",
    ])
}

#[test]
fn whole_files() {
    for (name, file) in files::all() {
        assert_eq!(told(&file), "", "{name}");
        // However small the steps are.
        assert_eq!(file.check(1), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn steps_are_bounded_and_tell_how_far_they_are() {
    let file = plain();
    let mut check = file.begin();
    let (mut steps, mut done) = (0, 0);
    loop {
        let mut reads = 0;
        let mut read = file.reader();
        let more = check
            .step(8, &mut |number, page| {
                reads += 1;
                read(number, page)
            })
            .unwrap();
        assert!(reads <= 9 && check.done_pages() >= done, "{reads}");
        (steps, done) = (steps + 1, check.done_pages());
        if !more {
            break;
        }
    }
    assert_eq!(done, file.size_pages());
    assert!(steps >= file.size_pages() / 9, "{steps}");
}

#[test]
fn pages_that_are_used_twice_or_not_at_all() {
    let mut file = plain();
    let root = file.root("i");
    // The last child of the index becomes one of the table.
    let shared = file.number(file.root("t"), 8);
    file.set(root, 8, &shared.to_be_bytes());
    assert!(told(&file).contains(&format!("2nd reference to page {shared}")), "{}", told(&file));

    let mut file = plain();
    file.set(root, 8, &root.to_be_bytes());
    assert!(told(&file).contains(&format!("Tree {root} page {root} cell")), "{}", told(&file));
    assert!(told(&file).contains(&format!("2nd reference to page {root}")), "{}", told(&file));

    let mut file = plain();
    file.bytes.resize(file.bytes.len() + 2 * PAGE, 0);
    let size = file.size_pages();
    assert_eq!(told(&file), format!("Page {}: never used; Page {size}: never used", size - 1));

    for wrong in [0, size, u32::MAX] {
        let mut file = plain();
        file.set(root, 8, &wrong.to_be_bytes());
        let text = format!("invalid page number {wrong}");
        assert!(told(&file).contains(&text), "{}", told(&file));
    }
}

#[test]
fn the_lock_page_is_nobodys() {
    // Of a file beyond 1 GiB no page is read before it is known what it is for.
    let mut ledger = Ledger::new(isolite_core::LOCK_PAGE + 1, &[0; 100]);
    assert!(!ledger.take(isolite_core::LOCK_PAGE, ledger::Place::Freelist));
    assert!(ledger.take(isolite_core::LOCK_PAGE + 1, ledger::Place::Freelist));
    assert_eq!(ledger.problems().texts(), ["Freelist: page 262145 is the lock page"]);
    assert_eq!(ledger.used_pages(), 2);
}

#[test]
fn free_pages() {
    let free = || {
        File::made(&[
            "CREATE TABLE t (a)",
            "INSERT INTO t SELECT zeroblob(3000) FROM generate(50)",
            "DELETE FROM t WHERE rowid > 10",
        ])
    };
    let count = free().number(1, 36);
    assert!(count > 30 && told(&free()).is_empty());
    let trunk = free().number(1, 32);
    let damages: [(u32, usize, u32, &str); 6] = [
        (1, 36, count + 1, "pages, and should be"),
        (1, 36, 0, "pages, and should be"),
        (trunk, 4, count - 2, "pages, and should be"),
        (trunk, 4, 1023, "tells of 1023 others"),
        (trunk, 0, trunk, "2nd reference to page"),
        (trunk, 8, 1, "invalid page number 1"),
    ];
    for (page, at, value, text) in damages {
        let mut file = free();
        // The first page is the schema's; nobody has taken it yet when the list is looked at.
        let text = if value == 1 { "2nd reference to page 1" } else { text };
        file.set(page, at, &value.to_be_bytes());
        assert!(told(&file).contains(text), "{page} {at} {value}: {}", told(&file));
    }
}

#[test]
fn overflow_pages() {
    let chain = || {
        let file = File::made(&["CREATE TABLE t (a)", "INSERT INTO t VALUES (zeroblob(20000))"]);
        let root = file.root("t");
        let cell = file.cell(root, 0);
        // Two bytes of length are three, then a rowid of one, and what is local.
        let first = file.number(root, cell + 4 + 489 + (20_004 - 489) % 4092);
        (file, first)
    };
    let (file, first) = chain();
    assert_eq!(told(&file), "");
    let mut chained = vec![first];
    while let Some(next) = chained.last().map(|last| file.number(*last, 0)).filter(|n| *n != 0) {
        chained.push(next);
    }
    assert_eq!(chained.len(), 4);
    let (last, short) = (chained[3], chained[2]);

    let mut file = chain().0;
    file.set(short, 0, &[0; 4]);
    assert!(told(&file).contains("there are 3 overflow pages, and should be 4"), "{}", told(&file));
    let mut file = chain().0;
    file.bytes.resize(file.bytes.len() + PAGE, 0);
    let added = file.size_pages();
    file.set(last, 0, &added.to_be_bytes());
    assert!(told(&file).contains("there are more overflow pages than 4"), "{}", told(&file));
    let mut file = chain().0;
    file.set(last, 0, &first.to_be_bytes());
    assert!(told(&file).contains("more overflow pages than 4"), "{}", told(&file));
    let mut file = chain().0;
    file.set(short, 0, &short.to_be_bytes());
    assert!(told(&file).contains("2nd reference to page"), "{}", told(&file));
}

#[test]
fn rows_out_of_order() {
    let mut file = plain();
    let leaf = file.leftmost(file.root("t"));
    let (first, second) = (file.cell(leaf, 0), file.cell(leaf, 1));
    let pointer = |at: usize| (at as u16).to_be_bytes();
    file.set(leaf, 8, &pointer(second));
    file.set(leaf, 10, &pointer(first));
    assert!(told(&file).contains("cell 1: rowid 1 is out of order"), "{}", told(&file));

    // An inner key that is less than the rows left of it.
    let mut file = plain();
    let root = file.root("t");
    let parent = file.parent_of_leaf(root);
    let cell = file.cell(parent, 0);
    file.set(parent, cell + 4, &[1]);
    assert!(told(&file).contains("rowid 1 is out of order"), "{}", told(&file));
}

#[test]
fn leaves_of_unequal_depth() {
    let mut file = files::deep();
    let root = file.root("t");
    assert_eq!(file.depth(root), 3);
    // A leaf stands where its parent did.
    let (inner, leaf) = (file.parent_of_leaf(root), file.leftmost(root));
    let cell = file.cell(root, 0);
    assert_eq!(file.number(root, cell), inner);
    file.set(root, cell, &leaf.to_be_bytes());
    assert!(told(&file).contains("not as deep as other leaves"), "{}", told(&file));
}

#[test]
fn a_tree_of_too_many_levels() {
    let mut file = File::made(&["CREATE TABLE t (a)", "INSERT INTO t VALUES (1)"]);
    let root = file.root("t");
    for level in 0..25u32 {
        let next = root + level + 1;
        file.bytes.resize(next as usize * PAGE, 0);
        let old = file.page(root + level);
        file.page_mut(next).copy_from_slice(&old);
        // One cell with the key 9, and no page right of it.
        let mut inner = [0; PAGE];
        inner[..14].copy_from_slice(&[5, 0, 0, 0, 1, 15, 251, 0, 0, 0, 0, 0, 15, 251]);
        inner[4091..].copy_from_slice(&[0, 0, 0, next as u8, 9]);
        file.page_mut(root + level).copy_from_slice(&inner);
    }
    assert!(told(&file).contains("more than 20 levels"), "{}", told(&file));
}

#[test]
fn pages_of_the_wrong_kind() {
    let mut file = plain();
    let (table, index) = (file.leftmost(file.root("t")), file.leftmost(file.root("i")));
    let leaf = file.page(index);
    file.page_mut(table).copy_from_slice(&leaf);
    assert!(
        told(&file).contains("it is a page of an index, and not of a table"),
        "{}",
        told(&file)
    );
    file.set(table, 0, &[7]);
    assert!(told(&file).contains("no page of a tree: its type is 7"), "{}", told(&file));
}

#[test]
fn the_bytes_of_a_page() {
    let leaf = plain().leftmost(plain().root("t"));
    let count = u16::from_be_bytes([plain().byte(leaf, 3), plain().byte(leaf, 4)]);
    let content = u16::from_be_bytes([plain().byte(leaf, 5), plain().byte(leaf, 6)]);
    let cell = plain().cell(leaf, 3) as u16;
    let damages: [(usize, u16, &str); 7] = [
        (3, count + 1, "cell"),
        (3, u16::MAX, "its content begins at"),
        (5, content - 1, "bytes are fragments"),
        (5, 0, "its content begins at 0"),
        (8, 4094, "outside of"),
        (8, cell, "is used more than once"),
        (1, content + 10, "free block"),
    ];
    for (at, value, text) in damages {
        let mut file = plain();
        file.set(leaf, at, &value.to_be_bytes());
        assert!(told(&file).contains(text), "{at} {value}: {}", told(&file));
    }
    let mut file = plain();
    file.set(leaf, 7, &[200]);
    assert!(told(&file).contains("fragments, and the header has 200"), "{}", told(&file));
}

#[test]
fn records() {
    let row = |edit: fn(&mut [u8])| {
        let mut file = File::made(&["CREATE TABLE t (a, b)", "INSERT INTO t VALUES (1.5, 'ab')"]);
        let (root, cell) = (file.root("t"), file.cell(file.root("t"), 0));
        edit(&mut file.page_mut(root)[cell + 2..]);
        told(&file)
    };
    assert_eq!(row(|_| {}), "");
    assert!(row(|record| record[0] = 4).contains("has values for"));
    assert!(row(|record| record[0] = 200).contains("the header of a record"));
    assert!(row(|record| record[1] = 1).contains("has values for"));
    assert!(row(|record| record[1] = 10).contains("reserved type 10"));
}

#[test]
fn an_index_without_a_row() {
    let mut file = File::made(&[
        "CREATE TABLE t (a)",
        "INSERT INTO t VALUES (1), (2), (3)",
        "CREATE INDEX i ON t (a)",
    ]);
    let root = file.root("i");
    // The last of its cells goes, which is the first in the page.
    let cell = file.cell(root, 2);
    let content = (file.cell(root, 1) as u16).to_be_bytes();
    assert!(cell < file.cell(root, 1));
    file.set(root, 3, &[0, 2, content[0], content[1]]);
    assert_eq!(told(&file), format!("Tree {root}: it has 2 entries, and its table 3 rows"));
}

#[test]
fn pointer_maps() {
    let made = || {
        File::made(&[
            "PRAGMA auto_vacuum = FULL",
            "CREATE TABLE t (a)",
            "INSERT INTO t SELECT zeroblob(3000) FROM generate(20)",
            "INSERT INTO t VALUES (zeroblob(9000))",
        ])
    };
    assert_eq!(told(&made()), "");
    for at in [0, 1, 5, 10, 4, 24] {
        let mut file = made();
        let byte = file.byte(2, at);
        file.set(2, at, &[byte ^ 4]);
        assert!(told(&file).contains("the pointer map has"), "{at}: {}", told(&file));
    }
    let mut file = made();
    file.set(1, 52, &[0, 0, 0, 9]);
    assert!(told(&file).contains("the largest root is 3, and the header has 9"), "{}", told(&file));
    let mut file = made();
    let root = file.root("t");
    file.set(root, 8, &[0, 0, 0, 2]);
    assert!(told(&file).contains("page 2 is a pointer map"), "{}", told(&file));
    let mut file = plain();
    file.set(1, 64, &[0, 0, 0, 1]);
    assert!(told(&file).contains("there are no pointer maps"), "{}", told(&file));
}

#[test]
fn no_more_than_ten_problems_are_told() {
    let mut file = plain();
    for number in 2..=file.size_pages() {
        if file.byte(number, 0) == 13 {
            file.set(number, 7, &[250]);
        }
    }
    assert_eq!(file.check(1024).len(), 10);
}
