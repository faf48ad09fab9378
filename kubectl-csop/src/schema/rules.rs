//! The CEL rules of a CRD, evaluated on this side.

use crate::manifest::Problem;
use kube::CustomResourceExt;
use kube::core::cel::Validator;
use serde::Serialize;
use serde_json::Value;

/// The rules that an object breaks.
pub fn broken<K: CustomResourceExt + Serialize>(object: &K) -> Vec<Problem> {
    let object = serde_json::to_value(object).expect("a resource serialises to JSON");
    let mut schema = serde_json::to_value(super::root::<K>()).expect("a schema serialises to JSON");
    relevant(&mut schema, &[&object]);
    match Validator::new().validate(&schema, &object, None) {
        Ok(()) => vec![],
        Err(errors) => {
            let problem = |error: &kube::core::cel::ValidationError| {
                Problem::new(error.field_path.as_str(), error.message.as_str())
            };
            errors.iter().map(problem).collect()
        }
    }
}

/// Cuts from a schema the fields that none of these values has: rules of what is not there are never evaluated, and reading all
/// of them takes longer than everything else.
fn relevant(schema: &mut Value, values: &[&Value]) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, field| {
            let given: Vec<&Value> = values.iter().filter_map(|value| value.get(name)).collect();
            relevant(field, &given);
            !given.is_empty() || field.get("default").is_some()
        });
    }
    if let Some(items) = schema.get_mut("items") {
        let given: Vec<&Value> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
        relevant(items, &given);
    }
    if let Some(entries) = schema.get_mut("additionalProperties").filter(|entries| entries.is_object()) {
        let given: Vec<&Value> =
            values.iter().filter_map(|value| value.as_object()).flat_map(|map| map.values()).collect();
        relevant(entries, &given);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_kept_that_one_of_the_values_has() {
        let mut schema = json!({"properties": {
            "list": {"items": {"properties": {"a": {}, "b": {}, "c": {}}}},
            "map": {"additionalProperties": {"properties": {"x": {}, "y": {}}}},
            "gone": {"properties": {"z": {}}},
            "filled": {"default": 1}}});
        relevant(&mut schema, &[&json!({"list": [{"a": 1}, {"b": 2}], "map": {"k": {"x": 1}}})]);
        assert_eq!(
            schema,
            json!({"properties": {
                "list": {"items": {"properties": {"a": {}, "b": {}}}},
                "map": {"additionalProperties": {"properties": {"x": {}}}},
                "filled": {"default": 1}}})
        );
    }
}
