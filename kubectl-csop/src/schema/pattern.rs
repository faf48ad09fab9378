//! Patterns of strings.

use regex::Regex;

/// How a named group begins. That of a pattern of csop's own says, with underscores, what the pattern means.
const NAMED: &str = "(?P<";

/// Whether the pattern is found in the text. The API server's patterns (RE2) are, but for rarities, those of this side; one
/// that cannot be read here is left to the API server.
pub fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).map_or(true, |pattern| pattern.is_match(text))
}

/// What the first pattern in the text asks for: in words where it has some.
pub fn wanted(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(NAMED)?;
    let (words, _) = rest.split_once('>')?;
    Some(words.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_cannot_be_read_is_no_objection() {
        assert!(matches("^[0-9]+$", "12") && !matches("^[0-9]+$", "1x"));
        assert!(matches("(?!x)", "x"));
    }

    #[test]
    fn words_are_in_the_name_of_the_group() {
        assert_eq!(wanted("should match '^(?P<a_number>[0-9]+)$'").as_deref(), Some("a number"));
        assert_eq!(wanted("^[0-9]+$"), None);
    }
}
