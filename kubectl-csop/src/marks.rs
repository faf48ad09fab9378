//! A text of the command line with what is wrong of it marked below.

use console::measure_text_width;
use std::ops::Range;

/// `--at: MESSAGE`, the text, and carets below the wrong part, or below all of it.
pub fn marked(flag: &str, text: &str, part: Option<Range<usize>>, message: &str) -> String {
    let width = |part: Range<usize>| text.get(part).map_or(0, measure_text_width);
    let part = part.filter(|part| text.get(part.clone()).is_some()).unwrap_or(0..text.len());
    let before = width(0..part.start);
    let below = width(part).max(1);
    format!("{flag}: {message}\n  {text}\n  {}{}", " ".repeat(before), "^".repeat(below))
}

#[cfg(test)]
mod tests {
    use super::marked;

    #[test]
    fn the_wrong_part_is_marked_by_its_width() {
        let told = marked("--at", "2026-02-30 08:00", Some(8..10), "no such day");
        assert_eq!(told, "--at: no such day\n  2026-02-30 08:00\n          ^^");
        assert_eq!(marked("--tz", "übe", None, "none"), "--tz: none\n  übe\n  ^^^");
        assert_eq!(marked("--tz", "übe", Some(2..4), "none"), "--tz: none\n  übe\n   ^^");
        assert_eq!(marked("--for", "", Some(0..0), "empty"), "--for: empty\n  \n  ^");
        assert_eq!(marked("--for", "ab", Some(7..9), "x"), "--for: x\n  ab\n  ^^");
    }
}
