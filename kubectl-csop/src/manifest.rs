//! Manifests: reading YAML or JSON as strictly as the API server would.

use crate::client::Own;
use crate::error::Error;
use crate::schema::{self, definitions};
use csop_shared::api::{CashService, CashServiceScheduledScale, GeneralScaler};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// One thing that is wrong with an object or an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field's path, or the flag; empty for the object as a whole.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl Problem {
    /// A problem of a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            out.write_str(&self.message)
        } else {
            write!(out, "{}: {}", self.field, self.message)
        }
    }
}

/// A kind whose manifests are read.
pub trait Declared: Own + Serialize {
    /// The kind.
    const KIND: &str;
    /// Its definition, as JSON.
    const DEFINITION: &str;
    /// What can be done with a manifest of it: `rendered`.
    const USE: &str;
}

impl Declared for CashService {
    const KIND: &str = "CashService";
    const DEFINITION: &str = definitions::CASH_SERVICES;
    const USE: &str = "rendered";
}

impl Declared for CashServiceScheduledScale {
    const KIND: &str = "CashServiceScheduledScale";
    const DEFINITION: &str = definitions::SCHEDULED_SCALES;
    const USE: &str = "scheduled";
}

impl Declared for GeneralScaler {
    const KIND: &str = "GeneralScaler";
    const DEFINITION: &str = definitions::GENERAL_SCALERS;
    const USE: &str = "replayed";
}

/// Reads every CashService of a YAML stream (JSON is YAML), the items of a List included.
///
/// # Errors
/// When the text is no YAML, holds no CashService or another kind, has a field that the schema does not know, or
/// breaks one of its rules.
pub fn services(origin: &str, text: &str) -> Result<Vec<CashService>, Error> {
    Ok(read(origin, text)?.into_iter().map(|(_, service)| service).collect())
}

/// As [`services`], each with what was written, which has no defaults.
///
/// # Errors
/// As [`services`].
pub fn read<K: Declared>(origin: &str, text: &str) -> Result<Vec<(Value, K)>, Error> {
    let mut objects = vec![];
    for document in documents(origin, text)? {
        let items = match document {
            Value::Null => continue,
            Value::Object(mut list) if list.get("kind").and_then(Value::as_str) == Some("List") => {
                match list.remove("items") {
                    Some(Value::Array(items)) => items,
                    _ => vec![],
                }
            }
            other => vec![other],
        };
        for item in items {
            objects.push((item.clone(), object(origin, item)?));
        }
    }
    if objects.is_empty() {
        let message = format!("holds no {}", K::KIND);
        return Err(Error::Manifest { origin: origin.to_owned(), message });
    }
    Ok(objects)
}

/// Reads one object from its JSON form, strictly.
///
/// # Errors
/// As [`services`].
pub fn object<K: Declared>(origin: &str, mut document: Value) -> Result<K, Error> {
    let manifest = |message: String| Error::Manifest { origin: origin.to_owned(), message };
    expect_kind::<K>(&document).map_err(manifest)?;
    drop_nulls(&mut document);
    let invalid = |problems| Error::Invalid { origin: origin.to_owned(), problems };
    let problems = schema::check::<K>(&document);
    if !problems.is_empty() {
        return Err(invalid(problems));
    }
    let object: K = serde_json::from_value(document).map_err(|error| manifest(error.to_string()))?;
    let broken = rules(&object);
    if broken.is_empty() { Ok(object) } else { Err(invalid(broken)) }
}

/// The CRD's own rules that the object breaks.
pub fn rules<K: Declared>(object: &K) -> Vec<Problem> {
    schema::rules::broken(object)
}

fn documents(origin: &str, text: &str) -> Result<Vec<Value>, Error> {
    let manifest = |message: String| Error::Manifest { origin: origin.to_owned(), message };
    serde_yaml::Deserializer::from_str(text)
        .map(|document| {
            // By way of YAML's own value: it refuses a key that is given twice.
            let value = serde_yaml::Value::deserialize(document)?;
            serde_yaml::from_value(value)
        })
        .collect::<Result<_, _>>()
        .map_err(|error: serde_yaml::Error| manifest(format!("no valid YAML: {error}")))
}

fn expect_kind<K: Declared>(document: &Value) -> Result<(), String> {
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    match (text("apiVersion"), text("kind")) {
        ("csop.dev/v1alpha1", kind) if kind == K::KIND => Ok(()),
        ("", _) | (_, "") => Err("is no Kubernetes object: apiVersion and kind are required".to_owned()),
        (version, kind) => Err(format!(
            "is a {kind} of {version}; only a {} of csop.dev/v1alpha1 can be {}",
            K::KIND,
            K::USE
        )),
    }
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = "apiVersion: csop.dev/v1alpha1\nkind: CashService\nmetadata: {name: shop}\n\
                            spec:\n  image: registry.example.com/shop:1.4.2\n  autoscaling: {maxReplicas: 10}\n";

    fn error_of(text: &str) -> String {
        services("shop.yaml", text).unwrap_err().to_string()
    }

    #[test]
    fn the_smallest_service_is_read() {
        let read = services("shop.yaml", SMALLEST).unwrap();
        assert_eq!(read[0].spec.autoscaling.max_replicas, Some(10));
    }

    #[test]
    fn several_documents_and_lists_are_read() {
        let two = format!("{SMALLEST}---\n{SMALLEST}---\n");
        assert_eq!(services("-", &two).unwrap().len(), 2);
        let indented = SMALLEST.trim_end().replace('\n', "\n  ");
        let list = format!("apiVersion: v1\nkind: List\nitems:\n- {indented}\n");
        assert_eq!(services("-", &list).unwrap().len(), 1);
    }

    #[test]
    fn an_unknown_field_is_named_with_its_path() {
        let typo = SMALLEST.replace("maxReplicas: 10", "maxReplicas: 10, minReplica: 2");
        assert_eq!(
            error_of(&typo),
            "shop.yaml: spec.autoscaling.minReplica: unknown field; did you mean minReplicas?"
        );
    }

    #[test]
    fn every_problem_is_named() {
        let typos =
            SMALLEST.replace("image:", "imagee:").replace("{name: shop}", "{name: shop, label: {a: b}}");
        assert_eq!(
            error_of(&typos),
            "shop.yaml:\n  metadata.label: unknown field; did you mean labels?\n  spec.imagee: unknown field; did you mean \
             image?\n  spec.image: required, but missing"
        );
    }

    #[test]
    fn rules_of_the_crd_are_told_in_its_words() {
        let low = SMALLEST.replace("maxReplicas: 10", "maxReplicas: 2, minReplicas: 3");
        assert_eq!(
            error_of(&low),
            "shop.yaml: spec.autoscaling: autoscaling.maxReplicas must not be below autoscaling.minReplicas"
        );
    }

    #[test]
    fn another_kind_says_so() {
        let other = "apiVersion: v1\nkind: ConfigMap\n";
        assert!(error_of(other).starts_with("shop.yaml: is a ConfigMap of v1; only a CashService"));
        assert!(error_of("hello").contains("is no Kubernetes object"));
        assert!(error_of("").contains("holds no CashService"));
        assert!(error_of("a: [").contains("no valid YAML"));
        assert!(error_of("a: 1\na: 2").contains("no valid YAML"));
    }

    #[test]
    fn null_is_the_same_as_absent() {
        let nulls = SMALLEST.replace("spec:\n", "spec:\n  env: null\n  contract: ~\n");
        assert!(services("-", &nulls).is_ok());
    }
}
