//! Unified diffs.

use super::paint::Paint;
use similar::{ChangeTag, TextDiff};

/// Lines around a change.
const CONTEXT: usize = 3;

/// What differs between two texts, under the names of the two; empty when nothing does.
pub fn unified(before: &str, after: &str, (old, new): (&str, &str), paint: Paint) -> String {
    let diff = TextDiff::from_lines(before, after);
    let groups = diff.grouped_ops(CONTEXT);
    if groups.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n{}\n", paint.bold(&format!("--- {old}")), paint.bold(&format!("+++ {new}")));
    for group in groups {
        let range = |start: usize, end: usize| {
            format!("{},{}", if end > start { start + 1 } else { start }, end - start)
        };
        if let (Some(first), Some(last)) = (group.first(), group.last()) {
            let old = range(first.old_range().start, last.old_range().end);
            let new = range(first.new_range().start, last.new_range().end);
            text.push_str(&format!("{}\n", paint.dim(&format!("@@ -{old} +{new} @@"))));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let line = change.value().trim_end_matches('\n');
            text.push_str(&match change.tag() {
                ChangeTag::Equal => format!(" {line}"),
                ChangeTag::Delete => paint.bad(&format!("-{line}")),
                ChangeTag::Insert => paint.good(&format!("+{line}")),
            });
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown_with_what_is_around() {
        let before: String = (1..=12).map(|n| format!("line {n}\n")).collect();
        let after = before.replace("line 6\n", "line six\n");
        assert_eq!(
            unified(&before, &after, ("live", "wanted"), Paint::new(false)),
            "--- live\n+++ wanted\n@@ -3,7 +3,7 @@\n line 3\n line 4\n line 5\n-line 6\n+line six\n line 7\n line 8\n line 9\n"
        );
        assert_eq!(unified(&before, &before, ("a", "b"), Paint::new(false)), "");
        let new = unified("", "a\n", ("a", "b"), Paint::new(true));
        assert!(new.contains("@@ -0,0 +1,1 @@") && new.contains("\u{1b}[32m+a\u{1b}[0m\n"), "{new:?}");
    }
}
