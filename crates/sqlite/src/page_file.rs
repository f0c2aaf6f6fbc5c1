//! The database file that SQLite sees: the store's pages, with those of the running transaction
//! laid over them.
//!
//! SQLite writes changed pages before it knows that the transaction commits, and writes old images
//! back when it rolls back. Both stay in `changes`. Only `SQLITE_FCNTL_COMMIT_PHASETWO`, which
//! comes after the last write and truncation of a commit and never in a rollback, makes them the
//! store's next commit. Whoever rolls back throws them away ([`Shared::discard`]): SQLite holds its
//! lock from one transaction to the next, and says no more.

use std::cell::RefMut;
use std::rc::Rc;

use isolite_core::{Changes, LOCK_PAGE, PAGE_SIZE, PageNo, blank_page};
use rsqlite_vfs::{
    DeviceCharacteristics, LockLevel, SyncOptions, VfsError, VfsErrorCode, VfsFile, VfsResult,
};

use crate::shared::Shared;

/// Pages that a transaction on a draft keeps in memory: 2 MiB.
const DRAFT_PAGES_MAX: usize = 512;

/// An open handle on one database.
pub(crate) struct PageFile {
    shared: Rc<Shared>,
}

impl PageFile {
    pub(crate) fn new(shared: Rc<Shared>) -> Self {
        PageFile { shared }
    }

    /// Publishes what the transaction wrote, if it wrote.
    pub(crate) fn commit(&mut self) -> VfsResult<()> {
        let Some(changes) = self.shared.changes.take() else {
            return Ok(());
        };
        if let Some(draft) = self.shared.source.borrow_mut().draft() {
            let put = draft.put(changes.pages);
            put.map_err(|error| self.fail(VfsErrorCode::Io, error))?;
            draft.resize(changes.size_pages);
            return Ok(());
        }
        let commit = self.shared.source.borrow_mut().commit(changes, self.shared.now_ms.get());
        let commit = commit.map_err(|error| self.fail(VfsErrorCode::Io, error))?;
        self.shared.commits.borrow_mut().push(commit);
        Ok(())
    }

    /// A whole page where it lies, of a replica in memory.
    pub(crate) fn fetch(&self, offset: i64, amount: i32) -> Option<*const u8> {
        let offset = u64::try_from(offset).ok()?;
        let whole = amount == PAGE_SIZE as i32 && offset.is_multiple_of(PAGE_SIZE as u64);
        let number = PageNo::try_from(offset / PAGE_SIZE as u64 + 1).ok()?;
        let source = self.shared.source.borrow();
        // The first page is patched as it is read.
        let page = source.page_in_memory(number).filter(|_| whole && number > 1)?;
        Some(page.as_ptr())
    }

    fn fail(&self, code: VfsErrorCode, error: isolite_core::Error) -> VfsError {
        let text = error.to_string();
        self.shared.error.replace(Some(error));
        VfsError::new(code, text.into())
    }

    fn size_pages(&self) -> PageNo {
        match &*self.shared.changes.borrow() {
            Some(changes) => changes.size_pages,
            None => self.shared.source.borrow().size_pages(),
        }
    }

    fn changes(&self) -> RefMut<'_, Changes> {
        let source = &self.shared.source;
        let begin = || Changes { size_pages: source.borrow().size_pages(), ..Changes::default() };
        RefMut::map(self.shared.changes.borrow_mut(), |changes| changes.get_or_insert_with(begin))
    }

    /// Passes on what was written to a draft, once it is much: a draft need not be taken back, so its
    /// transaction may be longer than memory.
    fn pass_on(&self, changes: &mut Changes) -> VfsResult<()> {
        if changes.pages.len() >= DRAFT_PAGES_MAX
            && let Some(draft) = self.shared.source.borrow_mut().draft()
        {
            let put = draft.put(std::mem::take(&mut changes.pages));
            put.map_err(|error| self.fail(VfsErrorCode::Io, error))?;
        }
        Ok(())
    }

    fn read_part(&self, number: PageNo, offset: usize, out: &mut [u8]) -> VfsResult<()> {
        let changes = self.shared.changes.borrow();
        if let Some(page) = changes.as_ref().and_then(|changes| changes.pages.get(&number)) {
            out.copy_from_slice(&page[offset..offset + out.len()]);
            return Ok(());
        }
        let mut source = self.shared.source.borrow_mut();
        if number == LOCK_PAGE || number > source.size_pages() {
            out.fill(0);
            return Ok(());
        }
        let read = source.read(number, offset, out);
        read.map_err(|error| self.fail(VfsErrorCode::IoRead, error))
    }
}

impl VfsFile for PageFile {
    fn device_characteristics(&self) -> DeviceCharacteristics {
        // Nothing outside a page's own bytes is disturbed by writing it.
        DeviceCharacteristics::POWERSAFE_OVERWRITE
    }

    fn read(&mut self, buffer: &mut [u8], offset: u64) -> VfsResult<usize> {
        let size = u64::from(self.size_pages()) * PAGE_SIZE as u64;
        let available = size.saturating_sub(offset).min(buffer.len() as u64) as usize;
        let mut done = 0;
        while done < available {
            let at = offset + done as u64;
            let within = (at % PAGE_SIZE as u64) as usize;
            let len = (PAGE_SIZE - within).min(available - done);
            let number = (at / PAGE_SIZE as u64) as PageNo + 1;
            self.read_part(number, within, &mut buffer[done..done + len])?;
            done += len;
        }
        Ok(available)
    }

    fn write(&mut self, buffer: &[u8], offset: u64) -> VfsResult<()> {
        if buffer.len() != PAGE_SIZE || !offset.is_multiple_of(PAGE_SIZE as u64) {
            return Err(VfsError::new(VfsErrorCode::IoWrite, "not one whole page".into()));
        }
        let pages_max = self.shared.transaction_pages_max;
        let number = (offset / PAGE_SIZE as u64) as PageNo + 1;
        let mut changes = self.changes();
        self.pass_on(&mut changes)?;
        let full = changes.pages.len() >= pages_max;
        if full && !changes.pages.contains_key(&number) {
            let pages = changes.pages.len() + 1;
            let error = isolite_core::Error::TooLarge { pages, pages_max };
            return Err(self.fail(VfsErrorCode::Full, error));
        }
        changes.pages.entry(number).or_insert_with(blank_page).copy_from_slice(buffer);
        changes.size_pages = changes.size_pages.max(number);
        Ok(())
    }

    fn truncate(&mut self, size: u64) -> VfsResult<()> {
        self.changes().size_pages = size.div_ceil(PAGE_SIZE as u64) as PageNo;
        Ok(())
    }

    fn sync(&mut self, _options: SyncOptions) -> VfsResult<()> {
        Ok(())
    }

    fn size(&self) -> VfsResult<u64> {
        Ok(u64::from(self.size_pages()) * PAGE_SIZE as u64)
    }

    fn lock(&mut self, _level: LockLevel) -> VfsResult<()> {
        Ok(())
    }

    fn unlock(&mut self, _level: LockLevel) -> VfsResult<()> {
        self.shared.discard();
        Ok(())
    }

    fn check_reserved_lock(&self) -> VfsResult<bool> {
        Ok(false)
    }
}
