//! `scaler replay`, offline.

use crate::support::{Ran, check_generated, repository, run};
use serde_json::Value;
use std::path::Path;

fn example(file: &str) -> String {
    repository(&format!("examples/replay/{file}")).to_string_lossy().into_owned()
}

fn replay(spec: &str, trace: &str, more: &[&str]) -> Ran {
    let args = ["scaler", "replay", "-f", spec, "--trace", trace, "--kubeconfig=/nowhere"];
    run(&args.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file.to_string_lossy().into_owned()
}

#[test]
fn the_example_is_replayed_beside_an_autoscaler_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let plot = folder.path().join("out.svg");
    let flag = format!("--plot={}", plot.display());
    let more = ["--against=hpa", "--pod-start=20s", &flag];
    let ran = replay(&example("scaler.yaml"), &example("trace.csv"), &more);
    assert_eq!(ran.exit.code(), 0, "{ran:?}");
    assert_eq!(ran.err, format!("the picture is in {}\n", plot.display()));
    check_generated("examples/replay/output.txt", &ran.out);
    let page = std::fs::read_to_string(repository("docs/scaling/replay.md")).unwrap();
    assert!(
        page.contains(&ran.out),
        "docs/scaling/replay.md shows another output than examples/replay/output.txt"
    );
    check_generated("examples/replay/plot.svg", &std::fs::read_to_string(plot).unwrap());
}

#[test]
fn json_has_every_change() {
    let ran = replay(&example("scaler.yaml"), &example("trace.csv"), &["-o", "json"]);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&json["schemaVersion"], &json["kind"], &json["trace"]["rows"]),
        (&1.into(), &"Replay".into(), &480.into())
    );
    let run = &json["runs"][0];
    assert_eq!(run["summary"]["operations"], run["operations"].as_array().unwrap().len());
    assert_eq!(run["operations"][0]["cause"], "Demand(rps)");
}

#[test]
fn another_scaler_is_compared_by_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(example("scaler.yaml")).unwrap();
    let other = written(folder.path(), "other.yaml", &text.replace("minReplicas: 3", "minReplicas: 9"));
    let ran = replay(&example("scaler.yaml"), &example("trace.csv"), &["--against", &other, "-o", "json"]);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&json["runs"][0]["name"], &json["runs"][1]["name"]), (&"shop".into(), &other.clone().into()));
    let hours = |at: usize| json["runs"][at]["summary"]["podHours"].as_f64().unwrap();
    assert!(hours(1) > hours(0), "{json}");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let scaler = example("scaler.yaml");
    for (trace, said) in [
        ("time,rps\n0,1\n15,abc\n", "trace.csv: line 3, column rps: \"abc\" is no number"),
        ("time,qps\n0,1\n", "trace.csv: the trace has no column for rps: add one named so"),
        ("time,rps\n15,1\n0,1\n", "line 3, column time: 0 is earlier than the row before"),
    ] {
        let ran = replay(&scaler, &written(folder.path(), "trace.csv", trace), &[]);
        assert_eq!((ran.exit.code(), ran.out.as_str()), (1, ""), "{ran:?}");
        assert!(ran.err.contains(said), "{ran:?}");
    }
    let none = replay(&scaler, "/nowhere/trace.csv", &[]);
    assert!(none.err.contains("cannot read /nowhere/trace.csv"), "{none:?}");
    let typo = std::fs::read_to_string(&scaler).unwrap().replace("targetValue", "targetvalue");
    let ran = replay(&written(folder.path(), "typo.yaml", &typo), &example("trace.csv"), &[]);
    assert!(
        ran.err.contains("spec.metrics[0].targetvalue: unknown field; did you mean targetValue?"),
        "{ran:?}"
    );
    let ran = replay(&repository("examples/smallest.yaml").to_string_lossy(), &example("trace.csv"), &[]);
    assert!(ran.err.contains("only a GeneralScaler of csop.dev/v1alpha1 can be replayed"), "{ran:?}");
}

#[test]
fn assumptions_are_part_of_the_output() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(example("scaler.yaml")).unwrap();
    let ratio =
        text.replace("mode: PerReplica", "mode: Ratio").replace("spec:\n", "spec:\n  mode: Recommend\n");
    let ran = replay(
        &written(folder.path(), "ratio.yaml", &ratio),
        &written(folder.path(), "trace.csv", "time,rps,errors\n0,300,1\n15,300,1\n"),
        &["--start=4"],
    );
    assert_eq!(ran.exit.code(), 0, "{ran:?}");
    for note in [
        "rps is taken as measured, whatever the size here",
        "no metric is named like the column errors: it is not read",
        "shop has mode Recommend, and is tried as if it were Auto",
    ] {
        assert!(ran.out.contains(note), "{ran:?}");
    }
}

#[test]
fn expressions_are_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(example("scaler.yaml")).unwrap();
    let with = |expression: &str| {
        let policy = format!("policies:\n    - type: cel\n      config: {{expression: '{expression}'}}\n");
        let spec = text.replace("policies:\n", &policy);
        let file = written(folder.path(), "cel.yaml", &spec);
        replay(&file, &written(folder.path(), "trace.csv", "time,rps\n0,1000\n15,1000\n"), &["-o", "json"])
    };
    let ran = with("desired + 4");
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["runs"][0]["operations"][0]["to"], 9, "{ran:?}");
    let wrong = with("desired + nothing");
    assert_eq!(wrong.exit.code(), 1);
    assert!(
        wrong.err.contains("spec.policies[cel].config.expression: it uses nothing, which is not there"),
        "{wrong:?}"
    );
}
