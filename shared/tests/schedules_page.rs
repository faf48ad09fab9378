//! What the page of schedules and its examples say is what the code does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{collections::BTreeMap, fs, path::Path};

use csop_shared::{
    api::{
        CashServiceScheduledScale, CashServiceScheduledScaleSpec as Spec, CashServiceSpec,
        cash_service::AutoscalingMode,
    },
    scale::Floor,
    schedule::{self, Calendar, InForce},
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

const NO_LEAD: SignedDuration = SignedDuration::ZERO;

/// A row of a table: its cells by the names of their columns, without the marks of code.
type Row = BTreeMap<String, String>;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The rows of the page's only table whose first column is called so, at least `least` of them.
fn table(first: &str, least: usize) -> Vec<Row> {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
        inner.split('|').map(|cell| cell.trim().replace('`', "")).collect()
    };
    let page = read("docs/scaling/schedules.md");
    let lines = page.lines().skip_while(|line| cells(line)[0] != first || !line.starts_with('|'));
    let mut lines = lines.take_while(|line| line.starts_with('|'));
    let names = cells(lines.next().unwrap_or_else(|| panic!("no table begins with {first}")));
    let rows: Vec<Row> = lines.skip(1).map(|line| names.iter().cloned().zip(cells(line)).collect()).collect();
    assert!(rows.len() >= least, "{first}: {} rows", rows.len());
    rows
}

/// A time of the page, which is in UTC.
fn at(text: &str) -> Timestamp {
    format!("{}:00Z", text.trim().replace(' ', "T")).parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn spec(fields: Value) -> Spec {
    serde_json::from_value(fields).unwrap()
}

fn yaml<T: for<'a> Deserialize<'a>>(text: &str) -> Vec<T> {
    serde_yaml::Deserializer::from_str(text).map(|document| T::deserialize(document).unwrap()).collect()
}

#[test]
fn windows_are_where_the_page_says() {
    for row in table("at", 12) {
        let (field, value) = row["lasts"].split_once(": ").unwrap();
        let fields = json!({"at": row["at"], field: value, "timeZone": row["timeZone"]});
        let calendar = Calendar::new(&spec(fields)).unwrap_or_else(|e| panic!("{row:?}: {e:?}"));
        let window = calendar.only().unwrap();
        assert_eq!((window.start, window.end), (at(&row["starts (UTC)"]), at(&row["ends (UTC)"])), "{row:?}");
    }
}

#[test]
fn crons_fire_when_the_page_says() {
    for row in table("cron", 12) {
        let excluded: Vec<_> = row["excludeDates"].split_whitespace().collect();
        let fields = json!({"cron": row["cron"], "timeZone": row["timeZone"], "duration": "1h", "excludeDates": excluded});
        let calendar = Calendar::new(&spec(fields)).unwrap_or_else(|e| panic!("{row:?}: {e:?}"));
        let said: Vec<_> = row["next starts (UTC)"].split(',').map(at).collect();
        let upcoming = calendar.upcoming(at(&row["after (UTC)"]), NO_LEAD);
        let found: Vec<_> = upcoming.take(said.len()).map(|window| window.start).collect();
        assert_eq!(found, said, "{row:?}");
    }
}

/// The replicas of a service in mode HPA, whose autoscaler wants what `demand` says.
fn replicas(min: i32, max: i32, floors: &[Floor], demand: i32) -> i32 {
    let service = json!({"image": "i", "autoscaling": {"minReplicas": min, "maxReplicas": max}});
    let service: CashServiceSpec = serde_json::from_value(service).unwrap();
    let bounds = schedule::bounds(&service, floors);
    demand.clamp(bounds.min, bounds.max.unwrap())
}

#[test]
fn floors_come_to_what_the_page_says() {
    for row in table("in force", 14) {
        let number = |column: &str| row[column].parse::<i32>().unwrap();
        let (min, max) = (number("minReplicas"), number("maxReplicas"));
        // Each schedule is `{fields}`, and `from N` where the count at its start matters.
        let schedules: Vec<(Spec, Option<i32>)> = row["in force"]
            .split('{')
            .skip(1)
            .map(|text| {
                let (fields, rest) = text.split_once('}').unwrap();
                let base = rest.split("from ").nth(1).map(|n| n.trim_end_matches(", ").parse().unwrap());
                (yaml(&format!("{{{fields}}}")).remove(0), base)
            })
            .collect();
        assert_eq!(schedules.is_empty(), row["in force"] == "nothing", "{row:?}");
        let in_force: Vec<_> =
            schedules.iter().map(|(spec, base)| InForce { name: "", spec, base: *base }).collect();
        let floors = schedule::floors(&in_force, min, Some(max));
        assert_eq!(replicas(min, max, &floors, number("demand")), number("replicas"), "{row:?}");
    }
}

#[test]
fn overlapping_windows_come_and_go_as_the_page_says() {
    let schedules: Vec<CashServiceScheduledScale> = yaml(&read("examples/schedules/overlapping.yaml"));
    for row in table("at (UTC)", 6) {
        let now = at(&format!("2027-05-10 {}", row["at (UTC)"]));
        let situation = schedule::situation(&schedules, AutoscalingMode::HPA, (2, Some(30)), None, now);
        assert_eq!(situation.names.join(", "), row["windows in force"], "{row:?}");
        assert_eq!(replicas(2, 30, &situation.floors, 3).to_string(), row["replicas"], "{row:?}");
    }
}

#[test]
fn every_example_has_windows_and_says_what_it_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/schedules");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let text = read(&format!("examples/schedules/{name}"));
        assert!(text.starts_with("# "), "{name} does not begin with what it does");
        for schedule in yaml::<CashServiceScheduledScale>(&text) {
            let calendar = Calendar::new(&schedule.spec).unwrap_or_else(|e| panic!("{name}: {e:?}"));
            assert!(calendar.upcoming(at("2026-01-01 00:00"), NO_LEAD).next().is_some(), "{name}");
            seen += 1;
        }
    }
    assert!(seen >= 5, "{seen}");
}
