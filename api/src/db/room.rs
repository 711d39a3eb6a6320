//! Room on the disk without which the database cannot even be read.
//!
//! The first process to open the database makes the index of the write-ahead log, and the last to close it removes the index. On a full
//! disk the next process could not make it again, so a placeholder of the same size reserves the room while nobody has the database open.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// As much as the index takes at first (<https://www.sqlite.org/walformat.html>, 2.2).
const BYTES: usize = 32 << 10;

#[derive(Debug)]
pub(super) struct Room {
    placeholder: PathBuf,
    index: PathBuf,
    ours: bool,
}

impl Room {
    /// Frees the reserved room. Dropping the value reserves it again, beside a database of ours.
    pub(super) fn take(database: &Path) -> Self {
        let beside = |suffix| {
            let mut name: OsString = database.into();
            name.push(suffix);
            PathBuf::from(name)
        };
        let (placeholder, index) = (beside("-room"), beside("-shm"));
        let ours = fs::remove_file(&placeholder).is_ok();
        Self { placeholder, index, ours }
    }

    pub(super) fn is_ours(&mut self) {
        self.ours = true;
    }

    fn reserve(&self) -> std::io::Result<()> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.placeholder)?;
        file.write_all(&vec![0; BYTES])
    }
}

impl Drop for Room {
    /// An index that is still there takes the room already.
    fn drop(&mut self) {
        if self.ours && !self.index.exists() && self.reserve().is_err() {
            let _incomplete = fs::remove_file(&self.placeholder);
        }
    }
}
