//! What `check` found, a line for each check.

use super::paint::Paint;
use crate::view::check::{CheckView, Outcome};

/// The report.
pub fn text(view: &CheckView, unicode: bool, paint: Paint) -> String {
    let mut text = String::new();
    let mut section = "";
    for finding in &view.findings {
        if finding.section != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{gap}{}\n", paint.bold(finding.section)));
            section = finding.section;
        }
        let mark = mark(finding.outcome, unicode, paint);
        text.push_str(&format!("{mark} {}\n", finding.text));
        if !finding.hint.is_empty() {
            let indent = if unicode { "    " } else { "        " };
            text.push_str(&format!("{indent}{}\n", finding.hint));
        }
    }
    let verdict = match view.outcome {
        Outcome::Ok => paint.good("All is well."),
        Outcome::Warning => paint.warn("It works, with the warnings above."),
        Outcome::Failed => paint.bad("Something has to be done first."),
    };
    text + "\n" + &verdict + "\n"
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
