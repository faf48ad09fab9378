//! Programs of this machine as images, with the libraries that they need: for tests only, since they are what the machine has.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Image, content, folder_of, layer::Form, write};
use crate::{
    Error,
    servers::{prometheus, redis},
};

/// The tag of these images.
pub const TAG: &str = "1";

/// Makes an image of this name with these programs, where they are on this machine too, and with further files, by their path
/// without the first slash. The first program is what it runs.
///
/// # Errors
/// When a program cannot be read, or its libraries are unknown.
pub fn of_programs(name: &str, programs: &[PathBuf], files: &[(&str, &str)]) -> Result<Image, Error> {
    of_programs_in(&folder_of("images-for-tests")?, name, programs, files)
}

/// The images `redis` and `prometheus`, of programs that are installed first where that can be.
///
/// # Errors
/// As [`of_programs`], and when a program cannot be had.
pub fn servers() -> Result<[Image; 2], Error> {
    let redis = [redis::SERVER.find()?, redis::CLIENT.find()?];
    Ok([of_programs("redis", &redis, &[])?, of_programs("prometheus", &[prometheus::PROGRAM.find()?], &[])?])
}

fn of_programs_in(
    folder: &Path,
    name: &str,
    programs: &[PathBuf],
    files: &[(&str, &str)],
) -> Result<Image, Error> {
    let mut layer = content::base();
    let mut paths = BTreeSet::new();
    for program in programs {
        paths.extend(libraries(program)?);
        paths.insert(program.clone());
    }
    for path in paths {
        // What it links to, under the name that it is asked for by.
        let content = fs::read(&path).map_err(Error::file("read", &path))?;
        layer.file(path.to_string_lossy().trim_start_matches('/'), content, 0o755);
    }
    for (path, content) in files {
        layer.file(path, *content, 0o644);
    }
    let main = programs.first().map(|path| path.to_string_lossy()).unwrap_or_default();
    write(name, TAG, &[&main], BTreeMap::new(), &layer.pack(Form::Plain), folder)
}

/// The libraries that a program is started with, and the loader that looks for them.
fn libraries(program: &Path) -> Result<Vec<PathBuf>, Error> {
    let output = Command::new("ldd").arg(program).output().map_err(Error::spawn("ldd"))?;
    let (text, trouble) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() {
        return parse(&text).map_err(|name| {
            Error::Missing(format!("{} needs {name}, which is not on this machine", program.display()))
        });
    }
    if trouble.contains("not a dynamic executable") {
        return Ok(Vec::new());
    }
    Err(Error::Failed { program: "ldd".to_owned(), status: output.status, detail: trouble.into_owned() })
}

/// What `ldd` lists; else the library that it did not find.
fn parse(text: &str) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        let (name, place) = line.split_once(" => ").unwrap_or((line, line));
        if place == "not found" {
            return Err(name.to_owned());
        }
        // The kernel's own has no path.
        found.extend(place.split_whitespace().next().filter(|path| path.starts_with('/')).map(PathBuf::from));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_libraries_is_understood() {
        let text = "\tlinux-vdso.so.1 (0x00007ffd5c1f2000)\n\
                    \tlibssl.so.3 => /lib/x86_64-linux-gnu/libssl.so.3 (0x00007f0c1a2b3000)\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x00007f0c1a9d8000)\n";
        let found = parse(text).unwrap();
        assert_eq!(
            found,
            ["/lib/x86_64-linux-gnu/libssl.so.3", "/lib64/ld-linux-x86-64.so.2"].map(PathBuf::from)
        );
        assert_eq!(parse("\tstatically linked\n"), Ok(Vec::new()));
        assert_eq!(parse("\tlibzzz.so.1 => not found\n"), Err("libzzz.so.1".to_owned()));
    }
}
