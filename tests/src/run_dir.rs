//! The folder of one running control plane. Its lock is held for as long as the supervisor lives, so a folder that
//! nobody locks belongs to a dead one and is removed at the next start.

use std::{
    env,
    fs::{self, DirBuilder, File, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use crate::Error;

const PREFIX: &str = "csop-cluster-";
const LOCK: &str = "lock";

/// A run folder, removed when dropped.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    _lock: File,
}

impl RunDir {
    /// Makes a new folder that only this user can enter: `wanted`, which must not exist, or one in the temporary folder.
    pub fn create(wanted: Option<&Path>) -> Result<Self, Error> {
        if let Some(path) = wanted {
            let path = std::path::absolute(path).map_err(Error::file("find", path))?;
            DirBuilder::new().mode(0o700).create(&path).map_err(Error::file("make the folder", &path))?;
            let lock = lock(&path)?;
            return Ok(Self { path, _lock: lock });
        }
        // Under another name until it is locked, so that nobody takes it for abandoned meanwhile.
        let unlocked = tempfile::Builder::new()
            .prefix("csop-new-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .map_err(Error::file("make a folder in", env::temp_dir()))?;
        let lock = lock(unlocked.path())?;
        let name = unlocked
            .path()
            .file_name()
            .expect("made by a prefix")
            .to_string_lossy()
            .replace("csop-new-", PREFIX);
        let path = unlocked.path().with_file_name(name);
        fs::rename(unlocked.path(), &path).map_err(Error::file("rename", unlocked.path()))?;
        // Nothing is left under the old name.
        let _ = unlocked.keep();
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        // What cannot be removed now is removed at the next start.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join(LOCK);
    let file = File::create(&path).map_err(Error::file("create", &path))?;
    file.lock().map_err(Error::file("lock", &path))?;
    Ok(file)
}

/// Removes this user's run folders in the temporary folder whose supervisor is dead, and returns how many there were.
pub fn sweep() -> usize {
    let Ok(entries) = fs::read_dir(env::temp_dir()) else { return 0 };
    let ours = nix::unistd::geteuid().as_raw();
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .filter(|entry| entry.metadata().is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == ours))
        .filter(|entry| abandoned(&entry.path()) && fs::remove_dir_all(entry.path()).is_ok())
        .count()
}

fn abandoned(folder: &Path) -> bool {
    match File::open(folder.join(LOCK)) {
        Ok(file) => file.try_lock().is_ok(),
        // Its removal was interrupted.
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_use_is_not_abandoned_and_goes_when_dropped() {
        let run = RunDir::create(None).unwrap();
        let path = run.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert!(!abandoned(&path));
        drop(run);
        assert!(!path.exists());
    }

    #[test]
    fn an_unlocked_folder_is_abandoned() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join(LOCK), "").unwrap();
        assert!(abandoned(parent.path()));
    }
}
