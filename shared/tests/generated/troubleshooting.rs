//! The page of troubleshooting, and whether it is complete.

use csop_shared::{
    conditions::types,
    reasons::{CHAPTERS, Explained},
};
use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

const HEAD: &str = "# Troubleshooting\n\n\
    Begin with `kubectl csop status NAME`: it names the first cause that you can act on, by one of the reasons below, and says\n\
    what it knows in a sentence. In the commands, NAME stands for your service; add `-n NAMESPACE` where it is not that of your\n\
    context. The same reasons are in the conditions of the resource (`kubectl describe csvc NAME`).\n\n";

/// The page.
pub(crate) fn page() -> String {
    let mut out = HEAD.to_owned();
    for chapter in CHAPTERS {
        writeln!(out, "- [{}](#{})", chapter.title, anchor(chapter.title)).unwrap();
    }
    out += "\n## Conditions\n\n| condition | True | False |\n|---|---|---|\n";
    for (kind, holds, fails) in types::EXPLAINED {
        writeln!(out, "| `{kind}` | {holds} | {fails} |").unwrap();
    }
    for chapter in CHAPTERS {
        writeln!(out, "\n## {}\n\n{}", chapter.title, chapter.about).unwrap();
        chapter.reasons.iter().for_each(|reason| section(&mut out, reason));
    }
    out
}

fn section(out: &mut String, reason: &Explained) {
    let seen: Vec<_> = reason.seen.iter().map(|place| shown(place)).collect();
    let (title, seen) = (reason.names.join(", "), seen.join(", "));
    writeln!(out, "\n### {title}\n\nSeen as {seen}. {}", reason.meaning).unwrap();
    if !reason.next.is_empty() {
        out.push('\n');
    }
    for step in reason.next {
        writeln!(out, "- {step}").unwrap();
    }
}

fn shown(place: &str) -> String {
    match place {
        "event" => "an event".to_owned(),
        "status" => "`kubectl csop status`".to_owned(),
        condition => format!("`{condition}`"),
    }
}

/// The anchor of a heading.
fn anchor(title: &str) -> String {
    let kept = title.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect()
}

fn explained() -> BTreeSet<&'static str> {
    CHAPTERS.iter().flat_map(|chapter| chapter.reasons).flat_map(|reason| reason.names).copied().collect()
}

/// All source files below a folder of the repository.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

/// The values of `const NAME: &str = "value";` in a text.
fn constants(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| line.contains("const "))
        .filter_map(|line| line.split(": &str = \"").nth(1)?.split('"').next())
}

#[test]
fn every_reason_of_a_constant_or_an_event_is_explained() {
    let explained = explained();
    let mut found = BTreeSet::new();
    for (path, text) in
        ["shared/src", "operator/src"].iter().flat_map(|part| sources(&super::repository().join(part)))
    {
        if path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        if path.parent().is_some_and(|folder| folder.ends_with("reasons")) {
            found.extend(constants(&text).map(str::to_owned));
        }
        assert!(!text.contains("mod reasons {"), "{}: reasons belong to shared/src/reasons", path.display());
        for call in ["Notice::normal(", "Notice::warning("] {
            let given = text
                .split(call)
                .skip(1)
                .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
            found.extend(given.map(str::to_owned));
        }
    }
    assert!(found.len() > 25, "{found:?}");
    let missing: Vec<_> = found.iter().filter(|name| !explained.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "shared/src/reasons explains nothing of {missing:?}");
}

#[test]
fn every_condition_is_explained() {
    let text = fs::read_to_string(super::repository().join("shared/src/conditions.rs")).unwrap();
    let part = text.split("pub mod types {").nth(1).unwrap().split("\n}\n").next().unwrap();
    let known: Vec<_> = constants(part).collect();
    let told: Vec<_> = types::EXPLAINED.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(known, told);
    for place in CHAPTERS.iter().flat_map(|chapter| chapter.reasons).flat_map(|reason| reason.seen) {
        let kind = place.split('=').next().unwrap();
        assert!(told.contains(&kind) || ["event", "status"].contains(&kind), "{place}");
    }
}
