//! JSON merge patches.

use serde_json::{Map, Value};

/// The merge patch that makes `after` of `before`; nothing when they are equal.
pub fn between(before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else { return Some(after.clone()) };
    let mut patch = Map::new();
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, value) in new {
        let change = match old.get(key) {
            Some(old) => between(old, value),
            None => Some(value.clone()),
        };
        patch.extend(change.map(|change| (key.clone(), change)));
    }
    Some(Value::Object(patch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_patch_sets_what_is_new_and_removes_what_is_gone() {
        let before = json!({"a": 1, "b": {"x": 1, "y": 2}, "c": [1], "same": {"z": 1}});
        let after = json!({"a": 2, "b": {"x": 1, "n": {"m": 3}}, "c": [1, 2], "same": {"z": 1}});
        let patch = json!({"a": 2, "b": {"y": null, "n": {"m": 3}}, "c": [1, 2]});
        assert_eq!(between(&before, &after), Some(patch));
        assert_eq!(between(&before, &before), None);
    }
}
