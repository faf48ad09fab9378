//! Folders of one run: of a control plane, of a process under test, of a server. Its lock is held for as long as the owner lives,
//! so a folder that nobody locks belongs to a dead one and is removed by whoever needs one next.

use std::{
    env,
    fs::{self, DirBuilder, File, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Once,
};

use crate::Error;

/// How the names of control planes' folders begin.
const CLUSTER: &str = "csop-cluster-";
/// How the names of all others begin.
const OTHER: &str = "csop-run-";
/// How the name of a folder begins until it is locked, so that nobody takes it for abandoned meanwhile.
const UNLOCKED: &str = "csop-new-";
const LOCK: &str = "lock";

/// A run folder, removed when dropped.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    _lock: File,
}

impl RunDir {
    /// Makes the folder of a control plane: `wanted`, which must not exist, or one in the temporary folder. Only this user can
    /// enter it.
    pub fn create(wanted: Option<&Path>) -> Result<Self, Error> {
        if let Some(path) = wanted {
            let path = std::path::absolute(path).map_err(Error::file("find", path))?;
            DirBuilder::new().mode(0o700).create(&path).map_err(Error::file("make the folder", &path))?;
            let lock = lock(&path)?;
            return Ok(Self { path, _lock: lock });
        }
        Self::make(&env::temp_dir(), CLUSTER)
    }

    /// Makes a folder for something with this name, in that one or in the temporary folder. Only this user can enter it. Before the
    /// first, what dead runs have left in the temporary folder is removed.
    pub fn of(name: &str, parent: Option<&Path>) -> Result<Self, Error> {
        static SWEPT: Once = Once::new();
        SWEPT.call_once(|| {
            sweep();
        });
        let parent = parent.map_or_else(env::temp_dir, Path::to_owned);
        Self::make(&parent, &format!("{OTHER}{name}-"))
    }

    fn make(parent: &Path, prefix: &str) -> Result<Self, Error> {
        let unlocked = tempfile::Builder::new()
            .prefix(UNLOCKED)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)
            .map_err(Error::file("make a folder in", parent))?;
        let lock = lock(unlocked.path())?;
        let name = unlocked.path().file_name().expect("made by a prefix").to_string_lossy();
        let name = name.replacen(UNLOCKED, prefix, 1);
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

/// Removes this user's run folders in the temporary folder whose owner is dead, and returns how many there were.
pub fn sweep() -> usize {
    let Ok(entries) = fs::read_dir(env::temp_dir()) else { return 0 };
    let ours = nix::unistd::geteuid().as_raw();
    entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            [CLUSTER, OTHER].iter().any(|prefix| name.to_string_lossy().starts_with(prefix))
        })
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
    fn the_folders_of_the_dead_are_removed_and_those_of_the_living_stay() {
        let living = [RunDir::of("alive", None).unwrap(), RunDir::create(None).unwrap()];
        let dead = [RunDir::of("dead", None).unwrap(), RunDir::create(None).unwrap()].map(|mut run| {
            fs::write(run.path().join("output.log"), "what was left").unwrap();
            // As the kernel does with the files of a process that is killed.
            run._lock = File::open("/dev/null").unwrap();
            let path = run.path().to_owned();
            std::mem::forget(run);
            path
        });
        // A process that another thread starts has the lock, too, until it becomes a program.
        let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while dead.iter().any(|path| path.exists()) && std::time::Instant::now() < end {
            sweep();
        }
        assert!(dead.iter().all(|path| !path.exists()), "{dead:?}");
        assert!(living.iter().all(|run| run.path().join(LOCK).exists()));
    }

    #[test]
    fn an_unlocked_folder_is_abandoned() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join(LOCK), "").unwrap();
        assert!(abandoned(parent.path()));
    }
}
