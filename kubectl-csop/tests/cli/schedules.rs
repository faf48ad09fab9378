//! `scale` against a scripted API server.

use crate::support::server::Server;
use crate::support::world::{READY, SHOP, World};
use crate::support::{run, run_on};
use kubectl_csop::terminal::{Size, Terminal};
use serde_json::json;

fn server() -> Server {
    let world = World::of(READY, SHOP);
    Server::with(move |_, method, target| world.answer(method, target))
}

const PLAN: [&str; 7] = ["scale", "schedule", "shop", "--cron", "0 9 * * MON-FRI", "--for", "2h"];

#[test]
fn what_is_created_is_what_was_shown() {
    let server = server();
    let flag = server.flag();
    let rest = [
        "--add",
        "4",
        "--tz",
        "Europe/London",
        "--exclude",
        "2026-12-25",
        "--name",
        "mornings",
        "--yes",
        &flag,
    ];
    let ran = run(&[&PLAN[..], &rest[..]].concat());
    assert_eq!(
        (ran.exit.code(), ran.out.as_str()),
        (0, "created cashservicescheduledscale/mornings\n"),
        "{ran:?}"
    );
    // Another schedule of 12 is in force at all times.
    assert!(ran.err.starts_with("shop: floor 10 -> 10 from "), "{ran:?}");
    assert!(
        ran.err.contains("it adds nothing: there are at least 10 replicas, by other schedules"),
        "{ran:?}"
    );
    assert!(
        ran.err.contains(", and by cron \"0 9 * * MON-FRI\" again (max 10)        quota ok, budget ok\n"),
        "{ran:?}"
    );
    assert_eq!(ran.err.matches("09:00 to 11:00").count() % 3, 0, "three windows on each clock: {ran:?}");
    let (path, body) = server.requests("POST").remove(0);
    assert!(path.contains("fieldManager=kubectl-csop"), "{path}");
    assert_eq!(
        body["spec"],
        json!({
            "serviceRef": {"name": "shop"}, "cron": "0 9 * * MON-FRI", "timeZone": "Europe/London", "duration": "2h",
            "addReplicas": 4, "excludeDates": ["2026-12-25"],
        })
    );
}

#[test]
fn a_dry_run_sends_nothing_and_only_names_are_printed_when_asked_for() {
    let server = server();
    let flag = server.flag();
    let ran = run(&[&PLAN[..], &["--replicas", "40", "--dry-run", "-o", "name", &flag]].concat());
    assert!(ran.out.starts_with("cashservicescheduledscale.csop.dev/shop-cron-"), "{ran:?}");
    assert!(
        ran.err.contains("warning: 40 replicas are asked for, and maxReplicas is 10: the floor will be 10"),
        "{ran:?}"
    );
    assert!(server.requests("POST").is_empty());
    let ran = run(&[&PLAN[..], &["--replicas", "40", &flag]].concat());
    assert_eq!((ran.exit.code(), ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(ran.err.contains("nothing is created without --yes"), "{ran:?}");
    let ran = run(&[&PLAN[..], &["--dry-run", &flag]].concat());
    assert!(ran.err.contains("are missing: --replicas, --add or --add-percent"), "{ran:?}");
    assert_eq!(
        run(&["scale", "schedule", "mp/shop", "--at", "now", "--for", "1h", "--add", "1"]).exit.code(),
        6
    );
}

#[test]
fn flags_that_do_not_go_together_are_usage_errors() {
    for more in [
        &["--at", "now", "--add", "1"][..],
        &["--until", "18:00", "--add", "1"],
        &["--add", "1", "--replicas", "2"],
        &["--add", "1", "--add-percent", "2"],
        &["--replicas", "2", "--base", "current"],
        &["--replicas", "0"],
        &["--add", "-1"],
    ] {
        let ran = run(&[&PLAN[..], more].concat());
        assert_eq!((ran.exit.code(), ran.out.as_str()), (2, ""), "{more:?}: {ran:?}");
    }
    let ran = run(&[
        "scale",
        "schedule",
        "shop",
        "--at",
        "now",
        "--for",
        "1h",
        "--add",
        "1",
        "--exclude",
        "2026-12-25",
    ]);
    assert_eq!(ran.exit.code(), 2, "{ran:?}");
}

#[test]
fn the_answer_no_creates_and_cancels_nothing() {
    let server = server();
    let flag = server.flag();
    let fixed = Some(Size { rows: 50, columns: 80 });
    let terminal =
        Terminal { stdin: true, stdout: true, stderr: true, plain: true, fixed, ..Terminal::none() };
    let ran = run_on(&[&PLAN[..], &["--add", "4", &flag]].concat(), terminal.clone(), "n\n");
    assert!(ran.err.contains("Create it? [y/N]") && ran.err.contains("nothing was created"), "{ran:?}");
    assert!(
        ran.err.contains("times are on the clocks of UTC (the zone of this machine is not known)"),
        "{ran:?}"
    );
    let ran = run_on(&["scale", "cancel", SHOP, &flag], terminal, "\n");
    assert!(
        ran.err.contains("shop: floor 10 -> 2 now") && ran.err.contains("nothing was cancelled"),
        "{ran:?}"
    );
    assert!(server.requests("POST").is_empty() && server.requests("DELETE").is_empty());
}

#[test]
fn only_the_schedule_that_was_shown_is_deleted() {
    let server = server();
    let flag = server.flag();
    let ran = run(&["scale", "cancel", "css/shop", SHOP, "--yes", &flag]);
    assert_eq!(
        (ran.exit.code(), ran.out.as_str()),
        (0, "cancelled cashservicescheduledscale/shop\n"),
        "{ran:?}"
    );
    let deleted = server.requests("DELETE");
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0].1["preconditions"]["uid"], "u-schedule-shop");
    let ran = run(&["scale", "cancel", SHOP, "--dry-run=client", &flag]);
    assert_eq!(ran.out, "cancelled cashservicescheduledscale/shop (dry run)\n", "{ran:?}");
    let ran = run(&["scale", "cancel", "nobody", "--yes", &flag]);
    assert!(ran.exit.code() == 1 && ran.err.contains("`kubectl csop scale list -A`"), "{ran:?}");
}

#[test]
fn a_list_is_a_picture_too() {
    let server = server();
    let flag = server.flag();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("capacity.svg").display().to_string();
    let ran = run(&["scale", "list", "-o", "name", "--plot", &file, "--days", "2", &flag]);
    assert_eq!(
        (ran.exit.code(), ran.out.as_str()),
        (0, "cashservicescheduledscale.csop.dev/shop\n"),
        "{ran:?}"
    );
    let svg = std::fs::read_to_string(&file).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains(">shop<") && svg.contains("time (UTC)"), "{svg}");
    let ran = run(&["scale", "list", "--plot", "/nowhere/x.svg", &flag]);
    assert!(ran.err.contains("cannot write /nowhere/x.svg"), "{ran:?}");
    let ran = run(&["scale", "list", "gs/shop", &flag]);
    assert_eq!((ran.exit.code(), ran.out.as_str(), ran.err.lines().count()), (0, "", 1), "{ran:?}");
}
