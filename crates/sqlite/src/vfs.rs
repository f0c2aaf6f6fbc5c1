//! The VFS through which SQLite reaches the store, registered once under the name `isolite`.
//!
//! A file's name means nothing here: a connection puts its database where `open_file` finds it, on
//! the thread that opens it, and takes it away again at once. So databases cannot be confused, and
//! SQL cannot name one.

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::OnceLock;

use rsqlite_vfs::ffi::sqlite3_file;
use rsqlite_vfs::{
    AccessMode, FileKind, OpenAccess, OpenOptions, OpenRequest, OpenedFile, SQLiteIoMethods,
    SQLiteVfs, SQLiteVfsFile, VfsError, VfsErrorCode, VfsResult, VfsStore, register_vfs,
};
use rusqlite::ffi::{
    SQLITE_FCNTL_COMMIT_PHASETWO, SQLITE_IOERR_COMMIT_ATOMIC, SQLITE_NOTFOUND, SQLITE_OK,
};

use crate::file::File;
use crate::host::Host;
use crate::page_file::PageFile;
use crate::shared::Shared;

/// Name of the VFS in SQLite's list.
pub(crate) const NAME: &str = "isolite";

thread_local! {
    static OPENING: RefCell<Option<Rc<Shared>>> = const { RefCell::new(None) };
    static IMPORTING: RefCell<Option<Rc<Shared>>> = const { RefCell::new(None) };
}

/// Runs `open`, during which the file that SQLite opens is that of `shared`.
pub(crate) fn opening<T>(shared: &Rc<Shared>, open: impl FnOnce() -> T) -> T {
    OPENING.set(Some(shared.clone()));
    let opened = open();
    OPENING.set(None);
    opened
}

/// Runs `import`, during which what does not fit into memory goes to files of the draft of `shared`, if it
/// is one.
pub(crate) fn importing<T>(shared: &Rc<Shared>, import: impl FnOnce() -> T) -> T {
    IMPORTING.set(Some(shared.clone()));
    let imported = import();
    IMPORTING.set(None);
    imported
}

/// Registers the VFS if that has not been done.
pub(crate) fn install() -> Result<(), String> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    let install = || {
        // SAFETY: the methods are the library's own for these types, but for `xFileControl`, which
        // keeps to the same file type. The registration is never taken back, so what it points to
        // lives as long as the program; `Host` has no state, and each file stays on the thread that
        // opened it.
        let registered = unsafe { register_vfs::<Methods, Vfs>(NAME, Host, false) };
        registered
            .map(|registration| registration.into_raw())
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    INSTALLED.get_or_init(install).clone()
}

struct Vfs;

impl SQLiteVfs<Methods> for Vfs {
    type Os = Host;

    fn os(data: &Host) -> &Host {
        data
    }
}

struct Files;

impl VfsStore for Files {
    type File = File;
    type AppData = Host;

    fn open_file(_: &Host, request: OpenRequest<'_>) -> VfsResult<OpenedFile<File>> {
        let file = match request.options.kind() {
            Some(FileKind::MainDb) => {
                OPENING.with_borrow(Clone::clone).map(|shared| File::Pages(PageFile::new(shared)))
            }
            // Journals and temporary tables stay in memory but for imports.
            Some(FileKind::TransientDb | FileKind::TempJournal) => {
                IMPORTING.with_borrow(Clone::clone).and_then(|shared| {
                    let mut source = shared.source.borrow_mut();
                    Some(File::Scratch(source.draft()?.scratch()))
                })
            }
            _ => None,
        };
        match file {
            Some(file) => Ok(OpenedFile { file, access: OpenAccess::ReadWrite }),
            None => Err(VfsError::new(VfsErrorCode::CantOpen, "not a database of Isolite".into())),
        }
    }

    fn close_file(_: &Host, _: Option<&str>, _: File, _: OpenOptions) -> VfsResult<()> {
        Ok(())
    }

    fn access(_: &Host, _: &str, _: AccessMode) -> VfsResult<bool> {
        Ok(false)
    }

    fn full_pathname(_: &Host, name: &str) -> VfsResult<String> {
        Ok(name.to_string())
    }

    fn delete_file(_: &Host, _: &str, _: bool) -> VfsResult<()> {
        Ok(())
    }
}

struct Methods;

impl SQLiteIoMethods for Methods {
    type Store = Files;

    /// That of the table with `xFetch`, which a pager asks where `mmap_size` lets it. There is no
    /// shared memory.
    const VERSION: c_int = 3;

    unsafe extern "C" fn xFetch(
        file: *mut sqlite3_file,
        offset: i64,
        amount: c_int,
        page: *mut *mut c_void,
    ) -> c_int {
        // SAFETY: as in `xFileControl`; `page` is where SQLite wants the answer. What is pointed to
        // stays until the pages change, which waits for the end of every read (`ReplicaPages for
        // Database`); and SQLite only reads it, since no replica is written to.
        unsafe {
            let file = (*SQLiteVfsFile::from_file(file)).handle_mut::<File>();
            *page = file.fetch(offset, amount).map_or(null_mut(), |image| image.cast_mut().cast());
        }
        SQLITE_OK
    }

    unsafe extern "C" fn xFileControl(
        file: *mut sqlite3_file,
        operation: c_int,
        _argument: *mut c_void,
    ) -> c_int {
        if operation != SQLITE_FCNTL_COMMIT_PHASETWO {
            return SQLITE_NOTFOUND;
        }
        // SAFETY: SQLite passes a file that `xOpen` of these methods made and that is still open,
        // and it makes no other call on the file during this one.
        let file = unsafe { (*SQLiteVfsFile::from_file(file)).handle_mut::<File>() };
        match file.commit() {
            Ok(()) => SQLITE_OK,
            Err(_) => SQLITE_IOERR_COMMIT_ATOMIC,
        }
    }
}
