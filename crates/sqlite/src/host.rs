//! What SQLite asks of the operating system: the clock, randomness and sleep.

#[cfg(target_arch = "wasm32")]
pub(crate) use sqlite_wasm_rs::WasmOsCallback as Host;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::Host;

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::collections::hash_map::RandomState;
    use std::hash::{BuildHasher, Hasher};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use rsqlite_vfs::{OsCallback, VfsError, VfsErrorCode, VfsResult};

    /// The machine that tests run on.
    #[derive(Default)]
    pub(crate) struct Host;

    impl OsCallback for Host {
        fn sleep(&self, duration: Duration) {
            std::thread::sleep(duration);
        }

        fn random(&self, buffer: &mut [u8]) -> usize {
            for chunk in buffer.chunks_mut(8) {
                let bytes = RandomState::new().build_hasher().finish().to_ne_bytes();
                chunk.copy_from_slice(&bytes[..chunk.len()]);
            }
            buffer.len()
        }

        fn epoch_timestamp_in_ms(&self) -> VfsResult<i64> {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            now.map(|since| since.as_millis() as i64)
                .map_err(|_| VfsError::new(VfsErrorCode::Error, "clock before 1970".into()))
        }
    }
}
