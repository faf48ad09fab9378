//! A terminal of 40 columns.

use std::num::NonZeroU16;

use serde_json::json;
use vt100::Parser;

use crate::{
    plugin::Shell,
    plugin_terminal::{CTRL_C, Terminal},
    scene::{SHOP, Scene},
};

const COLUMNS: u16 = 40;
/// Wider and higher than all that is written to the narrow one.
const PAPER: NonZeroU16 = NonZeroU16::new(400).unwrap();

/// What was written, as it would be without the terminal's own wrapping.
fn written(raw: &str) -> Vec<String> {
    let mut paper = Parser::new(PAPER, PAPER, 0);
    paper.process(raw.as_bytes());
    paper.screen().rows(0, PAPER.get()).map(|row| row.trim_end().to_owned()).collect()
}

/// Whether the line is a single word, such as an image, after its key at most: it can neither wrap nor be cut.
fn is_a_word(line: &str) -> bool {
    let words: Vec<_> = line.split_whitespace().collect();
    matches!(words[..], [_]) || matches!(words[..], [key, _] if key.ends_with(':'))
}

#[tokio::test]
async fn what_is_read_fits() {
    let scene = Scene::new("narrow").await;
    scene.service(SHOP, json!({"secrets": [{"name": "db", "generate": {"password": {}}}]})).await;
    scene.ready(SHOP).await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    for words in [
        &["status"][..],
        &["status", "-A"],
        &["status", SHOP],
        &["tree", SHOP],
        &["events", SHOP],
        &["history", SHOP],
        &["check"],
        &["version"],
    ] {
        let ended = Terminal::start_wide(&shell, &[words, &["-n", ns]].concat(), COLUMNS).ended().await;
        let lines = written(&ended.raw);
        assert!(ended.code == 0 && lines.iter().any(|line| !line.is_empty()), "{words:?}\n{}", ended.raw);
        for line in lines {
            let width = line.chars().count();
            assert!(width <= usize::from(COLUMNS) || is_a_word(&line), "{words:?}: {line:?}\n{}", ended.raw);
        }
    }
    for (words, sign) in [
        (&["status", SHOP, "-w"][..], "Replicas:"),
        (&["status", "-w"], "NAME"),
        (&["events", SHOP, "-w"], "CashService/shop"),
        (&["wait", SHOP, "--for", "deleted"], "nobody"),
    ] {
        let mut terminal = Terminal::start_wide(&shell, &[words, &["-n", ns]].concat(), COLUMNS);
        terminal.answers(sign, CTRL_C).await;
        let ended = terminal.ended().await;
        assert_eq!(ended.code, 130, "{words:?}\n{}", ended.screen);
    }
}
