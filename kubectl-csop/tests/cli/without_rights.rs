//! Every command when one of its calls is forbidden.

use crate::rows::{Ends, Needs, ROWS, Row};
use crate::support::Ran;
use crate::support::server::{Server, failure};
use crate::support::world::{READY, SHOP, World, place};
use kubectl_csop::terminal::Terminal;
use std::collections::BTreeSet;

/// A call: its method and its path.
type Call = (String, String);

fn call(method: &str, target: &str) -> Call {
    (method.to_owned(), target.split('?').next().unwrap_or_default().to_owned())
}

/// Runs a command in a whole world in which this call is forbidden; what it has called, too.
fn run(row: &Row, forbidden: Option<&Call>) -> (Ran, BTreeSet<Call>) {
    let (world, forbidden) = (World::of(READY, SHOP), forbidden.cloned());
    let server = Server::with(move |_, method, target| {
        if forbidden.as_ref() != Some(&call(method, target)) {
            return world.answer(method, target);
        }
        let said = r#"x is forbidden: User "jane" cannot do that to resource "x" in API group """#;
        (403, failure(403, "Forbidden", said).to_string())
    });
    let ran = row.run(&[&server.flag()], Terminal::none());
    (ran, server.seen().iter().map(|(method, target)| call(method, target)).collect())
}

/// Whether a command has nothing to say without this call.
fn is_essential(row: &Row, (method, path): &Call) -> bool {
    let resource = |name: &str| path.split('/').any(|part| part == name);
    // A schedule outlives its service, and can be cancelled without it.
    let is_service = resource("cashservices") && row.command != "scale cancel";
    method != "GET" || is_service || row.essential.iter().any(|name| resource(name))
}

/// Whether the call looks for one child, only to see whether a list has missed it.
fn is_second_look(row: &Row, (_, path): &Call) -> bool {
    row.command == "diff"
        && place(path).is_some_and(|(kind, _, name)| kind != "CashService" && !name.is_empty())
}

#[test]
fn what_is_missing_is_said_and_the_rest_is_shown() {
    for row in ROWS.iter().filter(|row| row.needs != Needs::Nothing && row.ends == Ends::Always) {
        let (whole, calls) = run(row, None);
        assert!(!calls.is_empty() && !whole.err.contains("you may not"), "{row:?}: {whole:?}");
        for call in &calls {
            let (ran, _) = run(row, Some(call));
            let case = format!("{row:?} without {call:?}: {ran:?}");
            if is_second_look(row, call) {
                assert_eq!((ran.exit.code(), &ran.out), (whole.exit.code(), &whole.out), "{case}");
                continue;
            }
            let told = format!("{}{}", ran.out, ran.err);
            assert!(told.contains("you may not "), "{case}");
            if row.needs == Needs::Partly {
                assert!(!ran.out.is_empty(), "{case}");
            } else if row.command == "diff" && call.0 == "PATCH" {
                // Compared without the API server's defaults.
                assert!(ran.err.contains("incomplete: "), "{case}");
            } else if is_essential(row, call) {
                assert_eq!((ran.exit.code(), ran.err.matches("error: ").count()), (7, 1), "{case}");
            } else {
                let code = if row.command == "diff" && ran.exit.code() != 1 { 7 } else { whole.exit.code() };
                assert_eq!((ran.exit.code(), ran.err.contains("incomplete: ")), (code, true), "{case}");
                assert!(!ran.out.is_empty() || row.command == "diff", "{case}");
            }
        }
    }
}
