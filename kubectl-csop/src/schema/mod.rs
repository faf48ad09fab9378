//! The structural schema of a CRD, checked on this side: what the API server would say of an object.

mod keys;
pub mod pattern;
pub mod rules;

use crate::manifest::Problem;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::CustomResourceExt;
use serde_json::{Map, Value};

/// The problems of an object of csop in its JSON form, CEL rules apart.
pub fn check<K: CustomResourceExt>(object: &Value) -> Vec<Problem> {
    let root = root::<K>();
    let mut problems = vec![];
    let Value::Object(fields) = object else {
        return vec![Problem::new("", "must be an object")];
    };
    for (name, value) in fields {
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => metadata(value, &mut problems),
            _ => match root.properties.as_ref().and_then(|known| known.get(name)) {
                Some(schema) => walk(value, schema, name, &mut problems),
                None => problems
                    .push(unknown(name, ["apiVersion", "kind", "metadata", "spec", "status"].into_iter())),
            },
        }
    }
    for required in ["metadata", "spec"] {
        if !fields.contains_key(required) {
            problems.push(Problem::new(required, MISSING));
        }
    }
    problems
}

/// The schema of a kind.
fn root<K: CustomResourceExt>() -> JSONSchemaProps {
    K::crd()
        .spec
        .versions
        .into_iter()
        .find_map(|version| version.schema?.open_api_v3_schema)
        .unwrap_or_default()
}

const MISSING: &str = "required, but missing";

/// The CRD leaves metadata to the API server: its fields are those of every object.
fn metadata(value: &Value, problems: &mut Vec<Problem>) {
    let known = match serde_json::from_value::<ObjectMeta>(value.clone()).map(serde_json::to_value) {
        Ok(Ok(known)) => known,
        Ok(Err(error)) | Err(error) => return problems.push(Problem::new("metadata", error.to_string())),
    };
    for name in value.as_object().into_iter().flat_map(Map::keys) {
        if known.get(name).is_none() && !is_empty(&value[name]) {
            problems.push(unknown(
                &format!("metadata.{name}"),
                ["name", "namespace", "labels", "annotations"].into_iter(),
            ));
        }
    }
    let named = known.get("name").or_else(|| known.get("generateName"));
    if named.is_none() {
        problems.push(Problem::new("metadata.name", MISSING));
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

fn walk(value: &Value, schema: &JSONSchemaProps, path: &str, problems: &mut Vec<Problem>) {
    if !is_of_type(value, schema) {
        let wanted = if schema.x_kubernetes_int_or_string == Some(true) {
            "an integer or a string".to_owned()
        } else {
            with_article(schema.type_.as_deref().unwrap_or("value"))
        };
        return problems.push(Problem::new(path, format!("must be {wanted}, not {}", shown(value))));
    }
    limits(value, schema, path, problems);
    match value {
        Value::Object(fields) => object(fields, schema, path, problems),
        Value::Array(items) => {
            if let Some(JSONSchemaPropsOrArray::Schema(item)) = &schema.items {
                for (at, value) in items.iter().enumerate() {
                    walk(value, item, &format!("{path}[{at}]"), problems);
                }
            }
            problems.extend(keys::twice(items, schema, path));
        }
        _ => {}
    }
}

fn object(fields: &Map<String, Value>, schema: &JSONSchemaProps, path: &str, problems: &mut Vec<Problem>) {
    let free = schema.x_kubernetes_preserve_unknown_fields == Some(true);
    for (name, value) in fields {
        let at = format!("{path}.{name}");
        let known = schema.properties.as_ref();
        match (known.and_then(|properties| properties.get(name)), &schema.additional_properties) {
            (Some(property), _) => walk(value, property, &at, problems),
            (None, Some(JSONSchemaPropsOrBool::Schema(every))) => walk(value, every, &at, problems),
            (None, Some(JSONSchemaPropsOrBool::Bool(true))) => {}
            (None, _) if free => {}
            (None, _) => {
                let names = known.into_iter().flat_map(|properties| properties.keys()).map(String::as_str);
                problems.push(unknown(&at, names));
            }
        }
    }
    for required in schema.required.iter().flatten().filter(|name| !fields.contains_key(*name)) {
        problems.push(Problem::new(format!("{path}.{required}"), MISSING));
    }
}

fn is_of_type(value: &Value, schema: &JSONSchemaProps) -> bool {
    if schema.x_kubernetes_int_or_string == Some(true) {
        return value.is_i64() || value.is_u64() || value.is_string();
    }
    match schema.type_.as_deref() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        _ => true,
    }
}

fn limits(value: &Value, schema: &JSONSchemaProps, path: &str, problems: &mut Vec<Problem>) {
    let mut problem = |message: String| problems.push(Problem::new(path, message));
    if let Some(choices) = &schema.enum_
        && !choices.iter().any(|choice| choice.0 == *value)
    {
        let names: Vec<_> = choices.iter().filter_map(|choice| choice.0.as_str()).collect();
        problem(format!("must be one of {}, not {}", names.join(", "), shown(value)));
    }
    if let (Some(pattern), Some(text)) = (&schema.pattern, value.as_str())
        && !pattern::matches(pattern, text)
    {
        let wanted =
            pattern::wanted(pattern).map_or_else(|| format!("match {pattern}"), |is| format!("be {is}"));
        problem(format!("must {wanted}, not {}", shown(value)));
    }
    if let Some(number) = value.as_f64() {
        match (schema.minimum, schema.maximum) {
            (Some(least), _) if number < least => problem(format!("must be at least {least}, not {number}")),
            (_, Some(most)) if number > most => problem(format!("must be at most {most}, not {number}")),
            _ => {}
        }
    }
    let size = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let (length, least, most, unit) = match value {
        Value::String(text) => {
            (size(text.chars().count()), schema.min_length, schema.max_length, "characters")
        }
        Value::Array(items) => (size(items.len()), schema.min_items, schema.max_items, "items"),
        Value::Object(fields) => {
            (size(fields.len()), schema.min_properties, schema.max_properties, "entries")
        }
        _ => return,
    };
    if least.is_some_and(|least| length < least) {
        problem(if length == 0 { "must not be empty".to_owned() } else { format!("has too few {unit}") });
    }
    if let Some(most) = most.filter(|most| length > *most) {
        problem(format!("has {length} {unit}, at most {most} are allowed"));
    }
}

fn with_article(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {name}")
}

fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        plain => plain.to_string(),
    }
}

fn unknown<'a>(path: &str, known: impl Iterator<Item = &'a str>) -> Problem {
    let name = path.rsplit('.').next().unwrap_or(path);
    let nearest = known.map(|candidate| (distance(name, candidate), candidate)).min();
    let message = match nearest {
        Some((near, candidate)) if near <= 2.max(name.len() / 4) => {
            format!("unknown field; did you mean {candidate}?")
        }
        _ => "unknown field".to_owned(),
    };
    Problem::new(path, message)
}

/// Edits between two names, whatever their case.
fn distance(one: &str, other: &str) -> usize {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.chars().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.chars().count()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use csop_shared::api::CashService;
    use serde_json::json;

    fn problems(spec: Value) -> Vec<String> {
        let object = json!({"apiVersion": "csop.dev/v1alpha1", "kind": "CashService", "metadata": {"name": "shop"}, "spec": spec});
        check::<CashService>(&object).iter().map(ToString::to_string).collect()
    }

    fn spec(extra: Value) -> Value {
        let mut spec = json!({"image": "shop:1", "autoscaling": {"maxReplicas": 10}});
        spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        spec
    }

    #[test]
    fn a_good_spec_has_no_problems() {
        let extra = json!({
            "labels": {"team": "pay"},
            "resources": {"limits": {"cpu": 1, "memory": "1Gi"}},
            "autoscaling": {"mode": "GeneralScaler", "scaler": {"metrics": [{"type": "redis", "config": {"address": "r:6379", "key": "k"}, "targetValue": 5}]}},
            "rollout": {"maxSurge": "25%"},
        });
        assert_eq!(problems(spec(extra)), Vec::<String>::new());
    }

    #[test]
    fn types_ranges_and_choices_are_told() {
        for (extra, want) in [
            (json!({"replicas": "two"}), "spec.replicas: must be an integer, not \"two\""),
            (json!({"contract": {"port": 70000}}), "spec.contract.port: must be at most 65535, not 70000"),
            (
                json!({"autoscaling": {"mode": "Manual"}}),
                "spec.autoscaling.mode: must be one of HPA, GeneralScaler, Fixed, External, not \"Manual\"",
            ),
            (json!({"image": ""}), "spec.image: must not be empty"),
            (json!({"env": [{"name": "A"}, {"value": "b"}]}), "spec.env[1].name: required, but missing"),
            (
                json!({"env": [{"nam": "A", "name": "A"}]}),
                "spec.env[0].nam: unknown field; did you mean name?",
            ),
            (json!({"whatever": 1}), "spec.whatever: unknown field"),
            (
                json!({"env": [{"name": "A"}, {"name": "B"}, {"name": "A"}]}),
                "spec.env[2]: has name \"A\", as spec.env[0] has",
            ),
            (
                json!({"resources": {"requests": {"memory": "10 GB"}}}),
                "spec.resources.requests.memory: must be a quantity that is not negative such as 2 or 500m or 1Gi, not \"10 GB\"",
            ),
            (
                json!({"volumes": [{"name": "data", "emptyDir": {"sizeLimit": "1.5.x"}}]}),
                "spec.volumes[0].emptyDir.sizeLimit: must be a quantity that is not negative such as 2 or 500m or 1Gi, not \"1.5.x\"",
            ),
        ] {
            assert_eq!(problems(spec(extra)), [want]);
        }
    }

    #[test]
    fn edits_are_counted_whatever_the_case() {
        assert_eq!(distance("minreplica", "minReplicas"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("image", "image"), 0);
    }
}
