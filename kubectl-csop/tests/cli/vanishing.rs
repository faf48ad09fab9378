//! Every command when the service and all that it owns are deleted between two of its calls.

use crate::rows::{Ends, Needs, ROWS, Row};
use crate::support::Ran;
use crate::support::server::Server;
use crate::support::world::{READY, SHOP, World};
use kubectl_csop::terminal::Terminal;

/// A command that goes on is given this many calls at most before all is gone.
const CALLS: usize = 12;

/// Runs a command in a world that ends with this call; how many calls there were, too.
fn run(row: &Row, last: usize) -> (Ran, usize) {
    let world = World::of(READY, SHOP);
    let server =
        Server::with(
            move |number, method, target| {
                if number < last { world.answer(method, target) } else { world.gone(method, target) }
            },
        );
    let ran = row.run(&[&server.flag()], Terminal::none());
    (ran, server.seen().len())
}

#[track_caller]
fn assert_said(row: &Row, last: usize) {
    let (ran, _) = run(row, last);
    let case = format!("{row:?}, gone with call {last}: {ran:?}");
    let errors: Vec<_> = ran.err.lines().filter(|line| line.starts_with("error: ")).collect();
    let says = |line: &str| line.contains("not found") || line.contains("was deleted");
    match ran.exit.code() {
        // It had all that it needed before.
        0 => assert!(errors.is_empty(), "{case}"),
        1 if row.command == "diff" => assert!(errors.is_empty() && !ran.out.is_empty(), "{case}"),
        code => {
            assert!(code == row.failure() && errors.len() == 1 && says(errors[0]), "{case}");
        }
    }
    if row.ends == Ends::WithService {
        assert!(ran.err.lines().any(says), "{case}");
    }
}

#[test]
fn a_service_that_is_deleted_meanwhile_is_said_to_be() {
    for row in ROWS.iter().filter(|row| row.needs == Needs::Cluster && row.ends != Ends::Never) {
        let calls = if row.ends == Ends::Always { run(row, usize::MAX).1 } else { CALLS };
        (1..=calls).for_each(|last| assert_said(row, last));
    }
}

#[test]
fn what_is_left_of_a_deleted_service_is_no_answer() {
    // Whoever reads the service first, and then what it consists of, notices that nothing is left.
    for row in ROWS.iter().filter(|row| {
        ["tree", "diff", "history", "undo", "logs", "events"].contains(&row.command)
            && row.ends == Ends::Always
    }) {
        let (ran, _) = run(row, 2);
        assert_eq!(ran.exit.code(), row.failure(), "{row:?}: {ran:?}");
        assert!(ran.err.contains("error: ") && ran.out.is_empty(), "{row:?}: {ran:?}");
    }
}
