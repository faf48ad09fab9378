//! The documentation lists the causes as the engine has them.

use csop_shared::scale::{CauseKind, Obeys};
use std::fs;

fn word(obeys: Obeys) -> &'static str {
    match obeys {
        Obeys::Yes => "yes",
        Obeys::No => "no",
        Obeys::IfRespected => "with respectRateLimit",
        Obeys::NoChange => "",
    }
}

#[test]
fn the_page_has_the_table_of_causes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/scaling/engine.md");
    let page = fs::read_to_string(path).unwrap();
    let mut rows = page.lines().filter(|line| line.starts_with("| `")).collect::<Vec<_>>();
    rows.retain(|row| CauseKind::ALL.iter().any(|facts| row.starts_with(&format!("| `{}", facts.name))));
    assert_eq!(rows.len(), CauseKind::ALL.len());
    for (row, facts) in rows.iter().zip(&CauseKind::ALL) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let subject = match facts.kind {
            CauseKind::Demand | CauseKind::Fallback => "(metric)",
            CauseKind::Schedule => "(name)",
            _ => "",
        };
        let [_, name, cooldown, rate, starts, meaning, ""] = cells[..] else { panic!("{row}") };
        assert_eq!(name, format!("`{}{subject}`", facts.name));
        let found = [cooldown, rate, starts];
        let wanted = [facts.obeys_cooldown, facts.obeys_rate, facts.starts_cooldown].map(word);
        assert_eq!(found, wanted, "{row}");
        assert!(!meaning.is_empty(), "{row}");
    }
}
