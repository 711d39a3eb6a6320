//! Room on the disk without which the database cannot even be read.
//!
//! The first to open it makes the index of the write-ahead log, and the last to close it removes that. On a full disk the next one would have
//! no room for it, so a file keeps the room while nobody has the database open.

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
    kept_by: PathBuf,
    index: PathBuf,
    ours: bool,
}

impl Room {
    /// Gives the room back, and keeps it again once this is dropped, beside a database of ours.
    pub(super) fn take(database: &Path) -> Self {
        let beside = |suffix| {
            let mut name: OsString = database.into();
            name.push(suffix);
            PathBuf::from(name)
        };
        let (kept_by, index) = (beside("-room"), beside("-shm"));
        let ours = fs::remove_file(&kept_by).is_ok();
        Self { kept_by, index, ours }
    }

    pub(super) fn is_ours(&mut self) {
        self.ours = true;
    }

    fn reserve(&self) -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.kept_by)?;
        file.write_all(&vec![0; BYTES])
    }
}

impl Drop for Room {
    /// Where the index is still there, it is the room.
    fn drop(&mut self) {
        if self.ours && !self.index.exists() && self.reserve().is_err() {
            let _incomplete = fs::remove_file(&self.kept_by);
        }
    }
}
