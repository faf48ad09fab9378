//! The revision of a pod template: a hash that does not depend on the order of fields or on the version of csop.

use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde_json::Value;

const DIGITS: usize = 10;

/// The revision of a pod template: ten hexadecimal digits of the SHA-256 of its canonical JSON.
pub fn of_template(template: &PodTemplateSpec) -> String {
    let value = serde_json::to_value(template).expect("pod templates serialise to JSON");
    hash(&value, DIGITS)
}

/// The first `digits` hexadecimal digits of the SHA-256 of a value's canonical JSON.
pub fn hash(value: &Value, digits: usize) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    crate::names::short_hash(text.as_bytes(), digits)
}

/// JSON without spaces and with sorted keys.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (at, (key, item)) in entries.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(item, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_keys_does_not_matter_and_that_of_items_does() {
        assert_eq!(hash(&json!({"a": 1, "b": [1, 2]}), 10), hash(&json!({"b": [1, 2], "a": 1}), 10));
        assert_ne!(hash(&json!([1, 2]), 10), hash(&json!([2, 1]), 10));
    }
}
