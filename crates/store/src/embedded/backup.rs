//! A copy of the data while it is in use.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};

use super::FILE;

/// How long to wait for whoever holds the whole database for a moment.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a backup was not made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It would overwrite something.
    #[error("{0} is there already (hint: name another file)")]
    Exists(PathBuf),
    /// There is no data.
    #[error("there is no data in {0} (hint: check store.path)")]
    NoData(PathBuf),
    /// The copy failed.
    #[error("the backup could not be made (hint: check the room on the disk, and the rights)")]
    Failed(#[from] rusqlite::Error),
    /// The copy could not be given its name.
    #[error("the backup could not be put in its place (hint: check the rights of its folder)")]
    Misplaced(#[from] io::Error),
    /// Another program holds the whole database.
    #[error("the database is held by another program (hint: try again)")]
    Busy,
    /// The copy is not whole.
    #[error("the backup is not sound: {0}")]
    Unsound(String),
}

/// Copies the data of `directory` into `file` while it is in use, and checks the copy. The file has
/// its name only once it is whole.
pub fn backup(directory: &Path, file: &Path) -> Result<(), BackupError> {
    let source = directory.join(FILE);
    if !source.exists() {
        return Err(BackupError::NoData(directory.to_owned()));
    }
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let made = remove(&part)
        .map_err(BackupError::from)
        .and_then(|()| copy(&source, &part))
        .and_then(|()| put(&part, file).map_err(BackupError::from));
    if made.is_err() {
        drop(remove(&part));
    }
    made
}

fn copy(source: &Path, part: &Path) -> Result<(), BackupError> {
    let from = Connection::open_with_flags(source, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    from.busy_timeout(PATIENCE)?;
    let mut to = Connection::open(part)?;
    // In one step: between two of them a busy relay would write, and each time all begins anew.
    let step = Backup::new(&from, &mut to)?.step(-1)?;
    if !matches!(step, StepResult::Done) {
        return Err(BackupError::Busy);
    }
    let sound: String = to.query_row("PRAGMA quick_check", [], |row| row.get(0))?;
    if sound == "ok" { Ok(()) } else { Err(BackupError::Unsound(sound)) }
}

fn put(part: &Path, file: &Path) -> io::Result<()> {
    File::open(part)?.sync_all()?;
    fs::rename(part, file)?;
    super::open::sync_folder(file)
}

fn remove(part: &Path) -> io::Result<()> {
    match fs::remove_file(part) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
