//! The files that SQLite has open: a database, and during an import what it puts aside.

use isolite_core::Scratch;
use rsqlite_vfs::{
    DeviceCharacteristics, LockLevel, SyncOptions, VfsError, VfsErrorCode, VfsFile, VfsResult,
};

use crate::page_file::PageFile;

pub(crate) enum File {
    Pages(PageFile),
    /// Nobody else opens it, and it ends with its handle.
    Scratch(Scratch),
}

impl File {
    /// Publishes what the transaction wrote, if it wrote.
    pub(crate) fn commit(&mut self) -> VfsResult<()> {
        match self {
            File::Pages(file) => file.commit(),
            File::Scratch(_) => Ok(()),
        }
    }

    /// A whole page where it lies in memory.
    pub(crate) fn fetch(&self, offset: i64, amount: i32) -> Option<*const u8> {
        match self {
            File::Pages(file) => file.fetch(offset, amount),
            File::Scratch(_) => None,
        }
    }
}

fn failed(code: VfsErrorCode) -> impl Fn(isolite_core::Error) -> VfsError {
    move |error| VfsError::new(code, error.to_string().into())
}

impl VfsFile for File {
    fn device_characteristics(&self) -> DeviceCharacteristics {
        match self {
            File::Pages(file) => file.device_characteristics(),
            File::Scratch(_) => DeviceCharacteristics::POWERSAFE_OVERWRITE,
        }
    }

    fn read(&mut self, buffer: &mut [u8], offset: u64) -> VfsResult<usize> {
        match self {
            File::Pages(file) => file.read(buffer, offset),
            File::Scratch(file) => file.read(offset, buffer).map_err(failed(VfsErrorCode::IoRead)),
        }
    }

    fn write(&mut self, buffer: &[u8], offset: u64) -> VfsResult<()> {
        match self {
            File::Pages(file) => file.write(buffer, offset),
            File::Scratch(file) => {
                file.write(offset, buffer).map_err(failed(VfsErrorCode::IoWrite))
            }
        }
    }

    fn truncate(&mut self, size: u64) -> VfsResult<()> {
        match self {
            File::Pages(file) => file.truncate(size),
            File::Scratch(file) => {
                file.truncate(size);
                Ok(())
            }
        }
    }

    fn sync(&mut self, options: SyncOptions) -> VfsResult<()> {
        match self {
            File::Pages(file) => file.sync(options),
            File::Scratch(_) => Ok(()),
        }
    }

    fn size(&self) -> VfsResult<u64> {
        match self {
            File::Pages(file) => file.size(),
            File::Scratch(file) => Ok(file.size()),
        }
    }

    fn lock(&mut self, level: LockLevel) -> VfsResult<()> {
        match self {
            File::Pages(file) => file.lock(level),
            File::Scratch(_) => Ok(()),
        }
    }

    fn unlock(&mut self, level: LockLevel) -> VfsResult<()> {
        match self {
            File::Pages(file) => file.unlock(level),
            File::Scratch(_) => Ok(()),
        }
    }

    fn check_reserved_lock(&self) -> VfsResult<bool> {
        Ok(false)
    }
}
