//! YAML for readers of its version 1.1, as kubectl is: they take words such as `Off` and `yes` for true or false.

/// The words that version 1.1 of YAML takes for true or false, and version 1.2 for texts, in lower case.
const WORDS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];

/// The same YAML, written by a serialiser of version 1.2, with such words in quotes where they are values or keys.
pub fn quoted(yaml: &str) -> String {
    let mut text = String::with_capacity(yaml.len());
    // The indentation of the key whose text goes over the next lines.
    let mut block: Option<usize> = None;
    for line in yaml.lines() {
        let indent = line.len() - line.trim_start().len();
        // Dashes before a key are part of its indentation.
        let column = line.len() - line.trim_start_matches([' ', '-']).len();
        if block.is_some_and(|block| indent > block || line.trim().is_empty()) {
            text.push_str(line);
        } else {
            block = begins_block(line).then_some(column);
            push_quoted(&mut text, line);
        }
        text.push('\n');
    }
    text
}

/// Whether the line ends with the mark of a text that goes over the next lines.
fn begins_block(line: &str) -> bool {
    let mark = line.rsplit([' ', ':']).next().unwrap_or_default();
    mark.starts_with(['|', '>']) && mark[1..].chars().all(|c| c.is_ascii_digit() || "+-".contains(c))
}

fn push_quoted(text: &mut String, line: &str) {
    let mut rest = line.trim_start();
    text.push_str(&line[..line.len() - rest.len()]);
    while let Some(item) = rest.strip_prefix("- ") {
        text.push_str("- ");
        rest = item;
    }
    match rest.split_once(": ").or_else(|| Some((rest.strip_suffix(':')?, ""))) {
        Some((key, value)) => {
            push_word(text, key);
            text.push_str(if value.is_empty() { ":" } else { ": " });
            push_word(text, value);
        }
        None => push_word(text, rest),
    }
}

fn push_word(text: &mut String, word: &str) {
    if WORDS.contains(&word.to_ascii_lowercase().as_str()) {
        text.extend(["\"", word, "\""]);
    } else {
        text.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;
    use serde_json::{Value, json};

    #[test]
    fn words_that_old_readers_take_for_truth_values_are_quoted() {
        let value = json!({
            "mode": "Off", "on": "yes", "enum": ["Auto", "Off", "n"], "true": true, "office": "no way",
            "nested": [{"y": "N", "text": "first: off\n- no\n\non: it"}, [["off"]]], "after": "on",
        });
        let plain = serde_yaml::to_string(&value).unwrap();
        let text = quoted(&plain);
        assert_eq!(serde_yaml::from_str::<Value>(&text).unwrap(), value, "{text}");
        for line in [
            "mode: \"Off\"",
            "\"on\": \"yes\"",
            "- \"Off\"",
            "\"y\": \"N\"",
            "after: \"on\"",
            "- - - \"off\"",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        for line in ["'true': true\n", "office: no way\n", "    first: off\n", "    on: it\n"] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert_eq!(quoted(&text), text);
    }
}
