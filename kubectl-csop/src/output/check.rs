//! What `check` found, a line for each check.

use super::paint::Paint;
use super::wrap;
use crate::view::check::{CheckView, Outcome};

/// The report; `width` is that of the terminal, `None` for pipes.
pub fn text(view: &CheckView, width: Option<usize>, unicode: bool, paint: Paint) -> String {
    let indent = if unicode { 2 } else { 7 };
    let mut text = String::new();
    let mut section = "";
    for finding in &view.findings {
        if finding.section != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{gap}{}\n", paint.bold(finding.section)));
            section = finding.section;
        }
        let mark = mark(finding.outcome, unicode, paint);
        text.push_str(&format!("{mark} {}\n", paragraph(&finding.text, indent, width)));
        if !finding.hint.is_empty() {
            let indent = if unicode { 4 } else { 8 };
            let gap = " ".repeat(indent);
            text.push_str(&format!("{gap}{}\n", paragraph(&finding.hint, indent, width)));
        }
    }
    let verdict = match view.outcome {
        Outcome::Ok => paint.good("All is well."),
        Outcome::Warning => paint.warn("It works, with the warnings above."),
        Outcome::Failed => paint.bad("Something has to be done first."),
    };
    text + "\n" + &verdict + "\n"
}

/// A text whose lines but the first are indented.
fn paragraph(text: &str, indent: usize, width: Option<usize>) -> String {
    match width {
        None => text.to_owned(),
        Some(width) => {
            wrap::lines(text, Some(width.saturating_sub(indent))).join(&format!("\n{}", " ".repeat(indent)))
        }
    }
}

fn mark(outcome: Outcome, unicode: bool, paint: Paint) -> String {
    match (outcome, unicode) {
        (Outcome::Ok, true) => paint.good("✔"),
        (Outcome::Warning, true) => paint.warn("!"),
        (Outcome::Failed, true) => paint.bad("✘"),
        (Outcome::Ok, false) => paint.good("[ok]  "),
        (Outcome::Warning, false) => paint.warn("[warn]"),
        (Outcome::Failed, false) => paint.bad("[fail]"),
    }
}
