use super::plan::{Amount, Draft};
use super::{ask, name};
use crate::commands::target;
use crate::io::Io;
use crate::terminal::Terminal;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::io;

const TAIL: &str = "x7k2";

fn now() -> Timestamp {
    "2026-11-21T14:30:00Z".parse().unwrap()
}

fn new_york() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

fn set(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn draft() -> Draft {
    Draft {
        target: target::scheduled("shop").unwrap(),
        at: set("2026-11-27 08:00"),
        until: None,
        length: set("4h"),
        cron: None,
        exclude: vec![],
        tz: set("America/New_York"),
        amount: Some(Amount::Add(20)),
        from_current: false,
        lead: None,
        raise_max: false,
        respect_rate_limit: false,
        called: None,
    }
}

/// The manifest, or the error with its hint.
fn made(change: impl Fn(&mut Draft), machine: Option<&TimeZone>) -> String {
    let mut draft = draft();
    change(&mut draft);
    let made = draft.plan(now(), machine, TAIL).and_then(|plan| plan.check_rules().map(|()| plan));
    match made {
        Ok(plan) => crate::output::yaml(&plan.manifest()),
        Err(error) => {
            assert_eq!(error.exit().code(), 2, "{error}");
            format!("{error}\nhint: {}\n", error.hint().unwrap_or_default())
        }
    }
}

#[test]
fn flags_become_a_manifest_with_nothing_but_what_was_chosen() {
    let again = |d: &mut Draft| {
        (d.at, d.cron) = (None, set("0 9 * * MON-FRI"));
        (d.amount, d.exclude) = (Some(Amount::Replicas(12)), vec!["2026-12-25".to_owned()]);
    };
    let scaler = |d: &mut Draft| {
        d.target = target::scheduled("gs/shop").unwrap();
        (d.at, d.length, d.until) = (set("friday 18:00"), None, set("23:00"));
        (d.lead, d.raise_max, d.respect_rate_limit) = (set("auto"), true, true);
    };
    let soon = |d: &mut Draft| {
        (d.at, d.tz, d.length) = (set("in 30m"), None, set("1d12h"));
        (d.amount, d.from_current, d.lead) = (Some(Amount::Percent(50)), true, set("10m"));
    };
    let here = |d: &mut Draft| d.tz = None;
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    insta::assert_snapshot!(
        [
            made(|_| {}, None),
            made(again, None),
            made(scaler, None),
            made(soon, Some(&berlin)),
            made(here, Some(&berlin)),
            made(here, None),
        ]
        .join("---\n")
    );
}

#[test]
fn what_cannot_be_is_refused_with_the_wrong_part_marked() {
    type Change = fn(&mut Draft);
    let cases: [Change; 20] = [
        |d| d.tz = set("America/NewYork"),
        |d| d.tz = set("EST5"),
        |d| d.tz = set("Mars/Olympus"),
        |d| d.at = set("2026-02-30 08:00"),
        |d| d.at = set("2026-11-20 08:00"),
        |d| d.at = set("today 08:00"),
        |d| d.at = set("fridya 08:00"),
        |d| (d.length, d.until) = (None, set("2026-11-27 07:00")),
        |d| (d.length, d.until) = (None, set("2026-11-31 07:00")),
        |d| d.length = set("4x"),
        |d| d.length = set("40d"),
        |d| d.length = set("0s"),
        |d| d.lead = set("25h"),
        |d| (d.at, d.cron) = (None, set("61 9 * * *")),
        |d| (d.at, d.cron) = (None, set("0 9 * *")),
        |d| (d.at, d.cron) = (None, set("0 9 30 2 *")),
        |d| {
            (d.at, d.cron, d.exclude) =
                (None, set("0 9 * * *"), vec!["2026-12-25".into(), "2026-02-29".into()]);
        },
        |d| (d.lead, d.from_current) = (set("auto"), true),
        |d| (d.tz, d.at, d.length) = (set("Europe/Lodnon"), set("25:00"), set("4")),
        |d| d.called = set("Friday!"),
    ];
    insta::assert_snapshot!(cases.map(|change| made(change, None)).join("\n"));
}

#[test]
fn a_start_of_this_very_minute_is_no_start_in_the_past() {
    let at = |text: &'static str| made(move |d| (d.at, d.tz) = (set(text), None), None);
    assert!(at("now").contains("at: 2026-11-21T14:30:00Z"), "{}", at("now"));
    assert!(at("2026-11-21 14:29:10").contains("spec:"));
    assert!(at("2026-11-21 14:28").contains("this is in the past: it was 2m ago"));
}

#[test]
fn missing_flags_are_named() {
    let told = made(|d| (d.at, d.length, d.amount) = (None, None, None), None);
    assert!(
        told.starts_with(
            "there is no terminal to ask at, and these are missing: --at or --cron; --for or --until; --replicas, --add or --add-percent\n"
        ),
        "{told}"
    );
    // What is there is judged all the same.
    assert!(made(|d| (d.amount, d.tz) = (None, set("Nowhere")), None).starts_with("--tz: "));
    assert!(made(|d| (d.amount, d.at, d.cron) = (None, None, set("* * * *")), None).starts_with("--cron: "));
}

#[test]
fn names_tell_the_target_and_the_start() {
    let plan = |change: fn(&mut Draft)| {
        let mut draft = draft();
        change(&mut draft);
        draft.plan(now(), None, TAIL).unwrap().name
    };
    assert_eq!(plan(|_| {}), "shop-20261127-0800-x7k2");
    assert_eq!(plan(|d| (d.at, d.cron) = (None, set("0 9 * * *"))), "shop-cron-x7k2");
    assert_eq!(plan(|d| d.called = set("friday")), "friday");
    let long = plan(|d| d.target = target::scheduled(&"a".repeat(63)).unwrap());
    assert_eq!(long.len(), 63, "{long}");
    let tails: std::collections::BTreeSet<_> = (0..50).map(|_| name::tail()).collect();
    assert!(tails.len() > 40 && tails.iter().all(|tail| tail.len() == 4), "{tails:?}");
    assert!(
        name::check("2026-friday.a").is_ok() && name::check("-a").is_err() && name::check("a..b").is_err()
    );
}

#[test]
fn on_a_terminal_what_is_missing_is_asked_for() {
    let terminal =
        Terminal { stdin: true, stderr: true, plain: true, zone: Some(new_york()), ..Terminal::none() };
    let ask = |answers: &'static str, draft: Draft| {
        let mut io = Io {
            out: Box::new(io::sink()),
            err: Box::new(io::sink()),
            input: Box::new(answers.as_bytes()),
            terminal: terminal.clone(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(ask::complete(draft, now(), &mut io))
    };
    let bare = Draft { at: None, length: None, amount: None, tz: None, ..draft() };
    let asked =
        ask("yesterday\n2026-11-20 08:00\ntomorrow 18:00\n4x\n90m\n2\n0\n20\n", bare.clone()).unwrap();
    assert_eq!((asked.at.as_deref(), asked.length.as_deref()), (Some("tomorrow 18:00"), Some("90m")));
    assert_eq!(asked.amount, Some(Amount::Add(20)));
    let asked = ask("\n1\n\n", Draft { at: set("now"), ..bare.clone() }).unwrap();
    assert_eq!((asked.length.as_deref(), asked.amount), (Some("1h"), Some(Amount::Replicas(10))));
    assert!(ask("", bare).is_err());
}
