//! Protection of secrets and data: how good a secret has to be, where one is stored, and who may open the folder.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};

pub(super) const SECRET_BYTES: usize = 32;

/// Why `secret` could be guessed, if it could.
#[must_use]
pub fn weakness(secret: &str) -> Option<&'static str> {
    let lower = secret.to_lowercase();
    let sample = ["change", "example", "secret-", "password", "256-bit", "abcdefgh", "0123456"]
        .iter()
        .any(|part| lower.contains(part));
    // A random text of 32 characters has some 20 different ones in it.
    let different = secret.bytes().collect::<BTreeSet<_>>().len();
    match secret.len() {
        ..SECRET_BYTES => Some("is shorter than 32 bytes"),
        _ if sample => Some("is a sample value"),
        _ if different < 10 => Some("repeats the same few characters"),
        _ => None,
    }
}

/// Whether group and others have no right at all.
#[must_use]
pub fn is_closed(file: &fs::Metadata) -> bool {
    file.permissions().mode().trailing_zeros() >= 6
}

/// Refuses a folder of health data that others on this machine can look into. A missing folder is created with the right mode later.
pub(super) fn refuse_open_folder(name: &str, folder: &Path) -> Result<(), String> {
    let Ok(found) = fs::metadata(folder) else { return Ok(()) };
    if is_closed(&found) {
        return Ok(());
    }
    let folder = folder.display();
    Err(format!("{name}: {folder} can be opened by others on this machine. Run: chmod 700 {folder}"))
}

/// Reads the secret stored at `path`, or makes it there once, readable by its owner alone.
pub(super) fn development_secret(path: &Path) -> Result<String, String> {
    let problem = |cause: std::io::Error| format!("The secret {} cannot be kept: {cause}", path.display());
    if path.exists() {
        return fs::read_to_string(path).map_err(problem);
    }
    if let Some(folder) = path.parent() {
        create_private_dir(folder).map_err(problem)?;
    }
    let secret = BASE64_STANDARD.encode(rand::random::<[u8; 32]>());
    // The process that creates the file decides; one that starts at the same moment reads what the
    // first one wrote. The rename makes the file appear whole.
    let draft = path.with_extension(format!("draft-{:08x}", rand::random::<u32>()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(problem)?;
    let written = file.write_all(secret.as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::AlreadyExists => Err(cause),
        _ => Ok(()),
    });
    fs::remove_file(&draft).map_err(problem)?;
    linked.map_err(problem)?;
    fs::read_to_string(path).map_err(problem)
}

/// Creates `folder` with mode 0700 where it is missing.
pub fn create_private_dir(folder: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
