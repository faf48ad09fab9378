//! Long sentences on narrow terminals.

use console::measure_text_width;

/// Breaks a text between words so that no line is wider than `width` where words allow it.
pub fn lines(text: &str, width: Option<usize>) -> Vec<String> {
    let width = width.map_or(usize::MAX, |width| width.max(20));
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if measure_text_width(line) + 1 + measure_text_width(word) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_gets_one_line() {
        assert_eq!(lines("one  two\nthree", None), ["one two three"]);
    }

    #[test]
    fn words_stay_whole() {
        assert_eq!(
            lines("twelve chars and a-word-that-is-longer-than-the-line x", Some(20)),
            ["twelve chars and", "a-word-that-is-longer-than-the-line", "x"]
        );
    }
}
