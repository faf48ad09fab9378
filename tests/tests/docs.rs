//! The documentation shows what is there: manifests are files of `examples/`, links lead somewhere, dependencies exist.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Members of the workspace as the page of dependencies calls them.
const MEMBERS: [(&str, &str); 5] = [
    ("csop-shared", "shared"),
    ("csop-operator", "operator"),
    ("kubectl-csop", "plugin"),
    ("csop-tests", "tests"),
    ("csop-examples", "examples"),
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every page that people read, by its path in the repository.
fn pages() -> BTreeMap<PathBuf, String> {
    let mut folders = vec![PathBuf::from("docs")];
    let mut pages = vec![PathBuf::from("README.md"), PathBuf::from("CONTRIBUTING.md")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(repository().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    let read = |path: PathBuf| {
        let text = fs::read_to_string(repository().join(&path))
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        (path, text)
    };
    pages.into_iter().map(read).collect()
}

/// A fenced block: the line before it, its language, its content.
struct Block<'a> {
    before: &'a str,
    language: &'a str,
    content: String,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = vec![];
    let mut open: Option<Block<'_>> = None;
    let mut before = "";
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(language), None) => open = Some(Block { before, language, content: String::new() }),
            (None, Some(block)) => block.content += &format!("{line}\n"),
            (None, None) => before = line,
        }
    }
    assert!(open.is_none(), "a block is not closed");
    found
}

#[test]
fn every_manifest_of_ours_is_an_example() {
    for (page, text) in pages() {
        for block in blocks(&text) {
            let marked = block.before.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
            if block.language != "yaml" || (marked.is_none() && !block.content.contains("csop.dev/v1alpha1"))
            {
                continue;
            }
            let page = page.display();
            let path = marked
                .unwrap_or_else(|| panic!("{page}: no `<!-- examples/... -->` before:\n{}", block.content));
            let example =
                fs::read_to_string(repository().join(path)).unwrap_or_else(|e| panic!("{page}: {path}: {e}"));
            assert!(example == block.content, "{page} does not show {path} as it is");
        }
    }
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let mut broken = vec![];
    for (page, text) in &pages {
        for link in links(text) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target =
                normal(&if path.is_empty() { page.clone() } else { page.with_file_name("").join(path) });
            let there = match pages.get(&target) {
                Some(text) => anchor.is_empty() || anchors(text).contains(anchor),
                None => repository().join(&target).exists() && anchor.is_empty(),
            };
            if !there {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The commands of the plugin with their help, by name, from the generated reference.
fn commands() -> BTreeMap<String, String> {
    let page = fs::read_to_string(repository().join("docs/cli.md")).unwrap();
    let sections = page.split("\n## kubectl csop ").skip(1);
    sections.map(|text| (text.lines().next().unwrap().to_owned(), text.to_owned())).collect()
}

#[test]
fn every_command_that_a_page_names_exists_with_its_options() {
    let commands = commands();
    let mut wrong = vec![];
    for (page, text) in pages().into_iter().filter(|(page, _)| !page.ends_with("cli.md")) {
        for named in text.lines().flat_map(|line| line.split("kubectl csop ").skip(1)) {
            let words: Vec<_> =
                named.split(['`', '#', '|', '&', ';']).next().unwrap().split_whitespace().collect();
            // A command of a command has a section of its own.
            let nested = words.get(..2).and_then(|both| commands.get(&both.join(" ")));
            let Some(help) = nested.or_else(|| words.first().and_then(|name| commands.get(*name))) else {
                wrong.push(format!("{}: kubectl csop {named}", page.display()));
                continue;
            };
            let options =
                words.iter().filter(|word| word.starts_with("--")).filter_map(|word| word.split('=').next());
            wrong.extend(
                options.filter(|o| !help.contains(*o)).map(|o| format!("{}: {o} of {named}", page.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The targets of links and pictures within the repository.
fn links(text: &str) -> Vec<&str> {
    let mut outside_blocks =
        text.split("```").step_by(2).flat_map(|part| part.split("](").skip(1)).collect::<Vec<_>>();
    for link in &mut outside_blocks {
        *link = link.split(')').next().unwrap_or_default();
    }
    outside_blocks.retain(|link| !link.contains("://"));
    outside_blocks
}

/// Headings as they are linked to.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let slug = |line: &str| -> String {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(slug).collect()
}

/// A relative path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part.as_os_str().to_str() {
            Some("..") => drop(parts.pop()),
            Some(".") => {}
            _ => parts.push(part),
        }
    }
    parts
}

#[test]
fn every_direct_dependency_is_explained() {
    let wanted = dependencies();
    let page = fs::read_to_string(repository().join("docs/dependencies.md")).unwrap();
    let explained: BTreeMap<String, String> = page.lines().filter_map(row).collect();
    for (name, users) in &wanted {
        let found = explained.get(name).map(String::as_str);
        assert_eq!(found, Some(&**users), "docs/dependencies.md: a row begins with | `{name}` | {users} |");
    }
    let gone: Vec<_> = explained.keys().filter(|name| !wanted.contains_key(*name)).collect();
    assert!(gone.is_empty(), "docs/dependencies.md explains {gone:?}, which nothing depends on");
}

#[test]
fn every_shared_version_is_used() {
    let manifest = fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let table =
        manifest.split("[workspace.dependencies]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap();
    let named = table.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.to_owned());
    let used = dependencies();
    let unused: Vec<_> = named.filter(|name| !used.contains_key(name)).collect();
    assert!(unused.is_empty(), "the workspace table of Cargo.toml names {unused:?}, which no member uses");
}

fn row(line: &str) -> Option<(String, String)> {
    let mut cells = line.strip_prefix("| `")?.split(" | ");
    Some((cells.next()?.trim_end_matches('`').to_owned(), cells.next()?.to_owned()))
}

/// Every direct dependency of a member, with who uses it; in brackets, who uses it only for tests.
fn dependencies() -> BTreeMap<String, String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--format-version", "1", "--offline"]).current_dir(repository());
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (package, called) in MEMBERS {
        let package = metadata["packages"].as_array().unwrap().iter().find(|p| p["name"] == package).unwrap();
        let mut uses: BTreeMap<&str, bool> = BTreeMap::new();
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = dependency["rename"].as_str().or(dependency["name"].as_str()).unwrap();
            *uses.entry(name).or_default() |= dependency["kind"].is_null();
        }
        for (name, always) in uses {
            let user = if always { called.to_owned() } else { format!("({called})") };
            users.entry(name.to_owned()).or_default().push(user);
        }
    }
    users.into_iter().map(|(name, users)| (name, users.join(", "))).collect()
}
