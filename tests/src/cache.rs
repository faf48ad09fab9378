//! The user's cache folder, where built programs are kept.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::Error;

/// The cache folder: `CSOP_CACHE`, else `csop` in the user's cache folder.
pub fn folder() -> Result<PathBuf, Error> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("CSOP_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("csop")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/csop")))
        .ok_or_else(|| Error::Missing("no cache folder: set CSOP_CACHE or HOME".to_owned()))?;
    std::path::absolute(&folder).map_err(Error::file("find", folder))
}

/// A short name for this content: the same parts always give the same name.
pub fn key(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// Returns `cache/name`, which `fill` makes when it is missing. Of several processes that want it, one fills and the
/// others wait; an interrupted attempt leaves nothing that could be taken for the result.
pub fn once(
    cache: &Path,
    name: &str,
    fill: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<PathBuf, Error> {
    let done = cache.join(name);
    if done.is_dir() {
        return Ok(done);
    }
    fs::create_dir_all(cache).map_err(Error::file("make the folder", cache))?;
    let lock_path = cache.join(format!("{name}.lock"));
    let lock = File::create(&lock_path).map_err(Error::file("create", &lock_path))?;
    lock.lock().map_err(Error::file("lock", &lock_path))?;
    if done.is_dir() {
        return Ok(done);
    }
    let partial = cache.join(format!("{name}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(Error::file("remove", &partial))?;
    }
    fs::create_dir(&partial).map_err(Error::file("make the folder", &partial))?;
    fill(&partial)?;
    fs::rename(&partial, &done).map_err(Error::file("rename", &partial))?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_attempt_leaves_no_result_and_the_next_starts_afresh() {
        let cache = tempfile::tempdir().unwrap();
        let failed = once(cache.path(), "thing", |partial| {
            fs::write(partial.join("half"), "").unwrap();
            Err(Error::Missing("stopped".to_owned()))
        });
        assert!(failed.is_err());
        assert!(!cache.path().join("thing").exists());
        let done = once(cache.path(), "thing", |partial| {
            fs::write(partial.join("whole"), "").map_err(Error::file("write", partial))
        })
        .unwrap();
        let names: Vec<_> = fs::read_dir(done).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["whole"]);
    }

    #[test]
    fn a_result_that_exists_is_not_made_again() {
        let cache = tempfile::tempdir().unwrap();
        once(cache.path(), "thing", |_| Ok(())).unwrap();
        once(cache.path(), "thing", |_| panic!("made twice")).unwrap();
    }

    #[test]
    fn keys_differ_by_content_and_by_where_parts_end() {
        assert_eq!(key(&["a", "b"]), key(&["a", "b"]));
        assert_ne!(key(&["ab", ""]), key(&["a", "b"]));
    }
}
