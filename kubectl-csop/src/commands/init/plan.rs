//! From flags and answers to the service that is to be created: pure, and strict before anything is written.

use super::{Args, image};
use crate::error::Error;
use crate::manifest::{self, Problem};
use crate::presets;
use csop_shared::api::CashService;
use csop_shared::api::cash_service::{Autoscaling, Contract};
use serde::Serialize;
use serde_json::Value;

/// Most replicas that the API takes.
const MOST: i64 = 10_000;
/// Fewest replicas, where nothing else was said.
const DEFAULT_MIN: i32 = 2;

/// What is known so far.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub name: Option<String>,
    pub image: Option<String>,
    pub preset: Option<presets::Name>,
    pub port: Option<i64>,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub replicas: Option<i64>,
}

impl From<&Args> for Draft {
    fn from(args: &Args) -> Self {
        Self {
            name: args.name.clone(),
            image: args.image.clone(),
            preset: args.preset,
            port: args.port,
            min: args.min,
            max: args.max,
            replicas: args.replicas,
        }
    }
}

/// A service that can be created.
#[derive(Clone, Debug)]
pub struct Plan {
    pub name: String,
    pub namespace: Option<String>,
    pub image: String,
    pub preset: Option<presets::Name>,
    autoscaling: Autoscaling,
    replicas: Option<i32>,
    contract: Option<Contract>,
}

/// The manifest of a plan: what was chosen, and nothing else.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    spec: Spec<'a>,
}

#[derive(Debug, Serialize)]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Spec<'a> {
    image: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    replicas: Option<i32>,
    autoscaling: &'a Autoscaling,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<&'a Contract>,
}

impl Draft {
    /// The flags that cannot be done without, and are not there.
    pub fn missing(&self) -> Vec<&'static str> {
        let needed =
            [("NAME", self.name.is_none()), ("--image", self.image.is_none()), ("--max", self.max.is_none())];
        needed.into_iter().filter(|(_, missing)| *missing).map(|(flag, _)| flag).collect()
    }

    /// Judges what is there.
    pub fn check(&self) -> Result<(), Error> {
        let mut problems = vec![];
        let mut judge = |field: &str, verdict: Result<(), String>| {
            if let Err(message) = verdict {
                problems.push(Problem::new(field, message));
            }
        };
        judge("NAME", self.name.as_deref().map_or(Ok(()), name));
        judge("--image", self.image.as_deref().map_or(Ok(()), image::check));
        judge("--port", self.port.map_or(Ok(()), |value| port(value, self.preset)));
        judge("--min", self.min.map_or(Ok(()), |value| replicas(value, 1)));
        judge("--max", self.max.map_or(Ok(()), |value| most(value, self.min, "--min")));
        judge("--replicas", self.replicas.map_or(Ok(()), |value| first(value, self.max)));
        if problems.is_empty() { Ok(()) } else { Err(Error::Input(problems)) }
    }

    /// The plan, once nothing is missing.
    pub fn plan(self) -> Result<Plan, Error> {
        self.check()?;
        let missing = self.missing();
        let (Some(name), Some(image), Some(_)) = (self.name, self.image, self.max) else {
            return Err(Error::usage(
                format!("there is no terminal to ask at, and these are missing: {}", missing.join(", ")),
                "give them on the command line; `kubectl csop init --help` has examples",
            ));
        };
        let small = |value: Option<i64>| value.and_then(|value| i32::try_from(value).ok());
        let preset = self.preset.unwrap_or(presets::Name::Misk).preset();
        Ok(Plan {
            name,
            namespace: None,
            image,
            preset: self.preset,
            autoscaling: Autoscaling {
                min_replicas: small(self.min),
                max_replicas: small(self.max),
                ..Autoscaling::default()
            },
            replicas: small(self.replicas),
            contract: preset.contract(self.port.and_then(|port| u16::try_from(port).ok())),
        })
    }
}

/// Whether a service may have this name: it becomes the name of a Service.
pub fn name(text: &str) -> Result<(), String> {
    let (inner, end) =
        (|c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-', |c: char| c == '-');
    let why = if text.is_empty() {
        "must not be empty"
    } else if text.len() > 63 {
        "has more than 63 characters"
    } else if text.chars().any(|c| c.is_ascii_uppercase()) {
        "has an upper-case letter"
    } else if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        "must begin with a lower-case letter"
    } else if let Some(bad) = text.chars().find(|c| !inner(*c)) {
        return Err(format!("{text:?} has {bad:?} in it; a name has lower-case letters, digits and dashes"));
    } else if text.ends_with(end) {
        "must not end with a dash"
    } else {
        return Ok(());
    };
    Err(format!("{text:?} {why}; a name has lower-case letters, digits and dashes"))
}

/// Whether traffic may arrive on this port.
pub fn port(value: i64, preset: Option<presets::Name>) -> Result<(), String> {
    if preset == Some(presets::Name::Worker) {
        return Err("a worker takes no traffic; leave the port out, or choose another preset".to_owned());
    }
    if (1..=65_535).contains(&value) {
        Ok(())
    } else {
        Err(format!("{value} is no port: it must be between 1 and 65535"))
    }
}

/// Whether there may be this many replicas.
pub fn replicas(value: i64, least: i64) -> Result<(), String> {
    if (least..=MOST).contains(&value) {
        Ok(())
    } else {
        Err(format!("must be between {least} and {MOST}, not {value}"))
    }
}

/// Whether there may be this many replicas at most; `fewest` is how whoever gave the least knows it: a flag, or a question.
pub fn most(value: i64, min: Option<i64>, fewest: &str) -> Result<(), String> {
    replicas(value, 1)?;
    match min {
        Some(min) if value < min => Err(format!("must not be below {fewest} ({value} < {min})")),
        _ => Ok(()),
    }
}

fn first(value: i64, max: Option<i64>) -> Result<(), String> {
    replicas(value, 0)?;
    match max {
        Some(max) if value > max => Err(format!("must not be above --max ({value} > {max})")),
        _ => Ok(()),
    }
}

impl Plan {
    /// The manifest.
    pub fn manifest(&self) -> Manifest<'_> {
        Manifest {
            api_version: "csop.dev/v1alpha1",
            kind: "CashService",
            metadata: Metadata { name: &self.name, namespace: self.namespace.as_deref() },
            spec: Spec {
                image: &self.image,
                replicas: self.replicas,
                autoscaling: &self.autoscaling,
                contract: self.contract.as_ref(),
            },
        }
    }

    /// The manifest as JSON.
    pub fn json(&self) -> Value {
        serde_json::to_value(self.manifest()).expect("a manifest has only string keys")
    }

    /// Judges the whole by the rules of the CRD itself.
    pub fn check_rules(&self) -> Result<(), Error> {
        manifest::object::<CashService>(&format!("cashservice/{}", self.name), self.json()).map(drop)
    }

    /// Whether the manifest has a contract of its own.
    pub fn has_contract(&self) -> bool {
        self.contract.is_some()
    }

    /// What will change, from what it is now.
    pub fn change(&self, namespace: Option<&str>) -> String {
        let place = namespace.map(|namespace| format!(" in namespace {namespace}")).unwrap_or_default();
        let max = self.autoscaling.max_replicas.unwrap_or(DEFAULT_MIN);
        let min = self.autoscaling.min_replicas.unwrap_or(max.min(DEFAULT_MIN));
        format!("cashservice/{}{place}: new, with image {}, {min} to {max} replicas", self.name, self.image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            name: Some("shop".into()),
            image: Some("registry.example.com/shop:1.4.2".into()),
            max: Some(10),
            ..Draft::default()
        }
    }

    type Change = Box<dyn Fn(&mut Draft)>;

    fn problem_of(change: impl Fn(&mut Draft)) -> String {
        let mut draft = draft();
        change(&mut draft);
        draft.check().unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_be_is_refused_saying_which_and_why() {
        let set = |text: &str| Some(text.to_owned());
        let cases: [(Change, &str); 14] = [
            (Box::new(move |d| d.name = set("Shop")), "NAME: \"Shop\" has an upper-case letter"),
            (Box::new(move |d| d.name = set("9shop")), "NAME: \"9shop\" must begin with a lower-case letter"),
            (Box::new(move |d| d.name = set("sh_op")), "NAME: \"sh_op\" has '_' in it"),
            (Box::new(move |d| d.name = set("shop-")), "must not end with a dash"),
            (Box::new(move |d| d.name = set(&"a".repeat(64))), "more than 63 characters"),
            (Box::new(move |d| d.name = set("")), "must not be empty"),
            (Box::new(move |d| d.image = set("sh op")), "--image: \"sh op\" has a space in it"),
            (Box::new(|d| d.port = Some(70_000)), "--port: 70000 is no port: it must be between 1 and 65535"),
            (Box::new(|d| d.port = Some(0)), "--port: 0 is no port"),
            (
                Box::new(|d| (d.port, d.preset) = (Some(80), Some(presets::Name::Worker))),
                "--port: a worker takes no traffic",
            ),
            (Box::new(|d| d.min = Some(0)), "--min: must be between 1 and 10000, not 0"),
            (Box::new(|d| d.min = Some(11)), "--max: must not be below --min (10 < 11)"),
            (Box::new(|d| d.max = Some(10_001)), "--max: must be between 1 and 10000, not 10001"),
            (Box::new(|d| d.replicas = Some(11)), "--replicas: must not be above --max (11 > 10)"),
        ];
        for (change, want) in cases {
            let told = problem_of(change);
            assert!(told.contains(want), "{told}");
        }
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let told = problem_of(|d| (d.name, d.port) = (Some("A".into()), Some(0)));
        assert_eq!(told.lines().count(), 3, "{told}");
    }

    #[test]
    fn missing_flags_are_named() {
        let error = Draft { name: Some("shop".into()), ..Draft::default() }.plan().unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no terminal to ask at, and these are missing: --image, --max"
        );
        assert_eq!(error.exit().code(), 2);
    }

    #[test]
    fn every_preset_passes_the_rules_of_the_crd() {
        for preset in presets::ALL {
            for port in [None, preset.default_port.map(i64::from), preset.default_port.map(|_| 3000)] {
                let plan = Draft { preset: Some(preset.name), port, ..draft() }.plan().unwrap();
                plan.check_rules().unwrap();
            }
        }
    }

    #[test]
    fn the_smallest_manifest_has_nothing_but_what_was_given() {
        let json = draft().plan().unwrap().json();
        assert_eq!(
            json["spec"],
            serde_json::json!({"image": "registry.example.com/shop:1.4.2", "autoscaling": {"maxReplicas": 10}})
        );
        assert_eq!(json["metadata"], serde_json::json!({"name": "shop"}));
    }
}
