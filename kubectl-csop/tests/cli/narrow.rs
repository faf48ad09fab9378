//! Every command that reads, on a terminal of 40 columns.

use crate::rows::{Ends, ROWS};
use crate::support::server::Server;
use crate::support::world::{IMAGE_PULL, READY, World};
use console::measure_text_width;
use kubectl_csop::terminal::{Size, Terminal};

const COLUMNS: usize = 40;
const LONG: &str = "shop-of-the-other-department";

/// Whether the line is a single word, such as an image, after its key or mark at most: it can neither wrap nor be cut.
fn is_a_word(line: &str) -> bool {
    let words: Vec<_> = line.split_whitespace().collect();
    match words[..] {
        [] | [_] => true,
        [key, _] => key.ends_with([':', ']']),
        _ => false,
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for (fixture, name) in [(READY, "shop"), (READY, LONG), (IMAGE_PULL, "shop"), (IMAGE_PULL, LONG)] {
        let world = World::of(fixture, name);
        let server = Server::with(move |_, method, target| world.answer(method, target));
        for row in ROWS.iter().filter(|row| row.fits && row.ends == Ends::Always) {
            let words: Vec<_> = row.rest.iter().map(|word| word.replace("shop", name)).collect();
            for unicode in [true, false] {
                let fixed = Some(Size { rows: 50, columns: COLUMNS });
                let terminal = Terminal { stdout: true, plain: true, unicode, fixed, ..Terminal::none() };
                let flag = server.flag();
                let mut all: Vec<&str> = row.command.split(' ').collect();
                all.extend(words.iter().map(String::as_str));
                all.push(&flag);
                let ran = crate::support::run_on(&all, terminal, "");
                assert!(!ran.err.contains("error: "), "{all:?}: {ran:?}");
                // The fixture of a broken service has no revisions.
                assert_eq!(
                    ran.out.is_empty(),
                    fixture == IMAGE_PULL && row.command == "history",
                    "{all:?}: {ran:?}"
                );
                for line in ran.out.lines() {
                    assert!(
                        measure_text_width(line) <= COLUMNS || is_a_word(line),
                        "{all:?}: {line:?}\n{}",
                        ran.out
                    );
                }
            }
        }
    }
}
