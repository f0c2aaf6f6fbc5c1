//! Dumps loaded by the SQLite of other programs, as far as they are installed where this runs, and read
//! back from the files that they have written.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use isolite_core::{Changes, PAGE_SIZE, blank_page};

use super::*;

/// Gives `sql` to a program; None if it is not there.
fn run(program: &Path, arguments: &[&str], sql: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().ok()?;
    let mut input = child.stdin.take().unwrap();
    input.write_all(sql.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some(String::from_utf8_lossy(&said).into_owned())
}

/// A database of the pages of a file.
fn taken_in(path: &Path) -> Database {
    let bytes = std::fs::read(path).unwrap();
    crate::check_sqlite_file(bytes.first_chunk().unwrap()).unwrap();
    let mut changes = Changes::default();
    for (number, image) in (1..).zip(bytes.chunks(PAGE_SIZE)) {
        let mut page = blank_page();
        page.copy_from_slice(image);
        changes.pages.insert(number, page);
        changes.size_pages = number;
    }
    let mut store = Store::open(Box::new(MemoryStorage::default()), 256).unwrap();
    store.commit(changes, 0).unwrap();
    Database::open(store, Limits::default()).unwrap()
}

const NODE: &str = "const { DatabaseSync } = require('node:sqlite');
    const sql = require('node:fs').readFileSync(0, 'utf8');
    const database = new DatabaseSync(process.argv[1]);
    database.exec('PRAGMA foreign_keys = ON; BEGIN;' + sql + 'COMMIT;');";

#[test]
fn other_programs_load_the_same() {
    let node = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../node_modules/.bin/node");
    let path = std::env::temp_dir().join(format!("isolite-dump-{}.db", std::process::id()));
    let file = path.to_str().unwrap();
    let programs: [(PathBuf, Vec<&str>); 2] =
        [("sqlite3".into(), vec!["-bail", file]), (node, vec!["-e", NODE, file])];
    for script in [HARD, SEARCHES] {
        let mut database = made_by(script.as_bytes());
        let before = content(&database);
        for (program, arguments) in &programs {
            let sql = whole(&mut database, 5000);
            let Some(said) = run(program, arguments, &sql) else { continue };
            assert_eq!(said, "", "{}\n{sql}", program.display());
            let mut loaded = taken_in(&path);
            let mut check = loaded.begin_file_check().unwrap();
            while loaded.file_check_step(&mut check, 64).unwrap() {}
            assert!(table(&loaded, "PRAGMA foreign_key_check").is_empty());
            let after = content(&loaded);
            std::fs::remove_file(&path).unwrap();
            for (name, rows) in &before {
                assert_eq!(after.get(name), Some(rows), "{}: {name}\n{sql}", program.display());
            }
        }
    }
}

/// The shell's own dumps are imported as well: one transaction in their words, and functions of theirs.
#[test]
fn dumps_of_the_shell_are_imported() {
    let path = std::env::temp_dir().join(format!("isolite-shell-{}.db", std::process::id()));
    let file = path.to_str().unwrap();
    let mut database = made_by(HARD.as_bytes());
    let sql = whole(&mut database, 5000);
    let Some(said) = run(Path::new("sqlite3"), &["-bail", file], &sql) else { return };
    assert_eq!(said, "");
    let dumped = run(Path::new("sqlite3"), &[file], ".dump --preserve-rowids\n").unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(dumped.starts_with("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n"));
    let loaded = made_by(dumped.as_bytes());
    let (before, after) = (content(&database), content(&loaded));
    // What the shell itself keeps of these: not the text behind a NUL, nor rowids of hidden names.
    for name in ["parent", "child", "odd \" name", "generated", "text_key", "strict"] {
        assert_eq!(after[name], before[name], "{name}\n{dumped}");
    }
}
