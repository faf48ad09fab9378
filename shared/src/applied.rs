//! What a child becomes when the operator applies an intent to it: told in advance, without a write.

use crate::{
    contains,
    fields::{self, Fields},
    names::managers,
};
use serde_json::Value;

/// What the operator keeps beside an intent, and no rendering of it holds.
const BESIDE: [&[&str]; 3] = [
    &["f:spec", "f:replicas"],
    &["f:metadata", "f:ownerReferences"],
    &["f:metadata", "f:annotations", "f:csop.dev/intent"],
];

/// `live`, with its managed fields, as the operator's server-side apply of `intent` would leave it: fields that the
/// intent once had and has no longer are gone, its own are set, all others stay.
pub fn applied(live: &Value, intent: &Value) -> Value {
    let (mut ours, mut others) = (Fields::new(), Fields::new());
    for entry in live.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten() {
        let manager = entry["manager"].as_str().unwrap_or_default();
        if let Some(set) = entry["fieldsV1"].as_object() {
            fields::add(if applies_intents(manager) { &mut ours } else { &mut others }, set);
        }
    }
    for path in BESIDE {
        fields::add(&mut others, &fields::at_path(&ours, path));
    }
    let dropped = fields::subtract(&fields::absent(&ours, intent), &others);
    let mut rest = live.clone();
    fields::remove(&mut rest, &dropped);
    contains::merged(&rest, intent)
}

fn applies_intents(manager: &str) -> bool {
    let ours = manager.strip_prefix(managers::OPERATOR).is_some_and(|rest| rest.starts_with('/'));
    ours && manager != managers::SCALE && manager != managers::STATUS
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn live() -> Value {
        let owned = json!({
            "f:metadata": {
                "f:annotations": {"f:csop.dev/intent": {}, "f:old": {}, "f:both": {}},
                "f:ownerReferences": {"k:{\"uid\":\"u\"}": {}},
            },
            "f:spec": {"f:replicas": {}, "f:env": {
                "k:{\"name\":\"A\"}": {".": {}, "f:name": {}, "f:value": {}},
                "k:{\"name\":\"B\"}": {".": {}, "f:name": {}, "f:value": {}},
            }},
        });
        json!({
            "metadata": {
                "annotations": {"csop.dev/intent": "x", "old": "1", "both": "2", "foreign": "3"},
                "ownerReferences": [{"uid": "u"}],
                "managedFields": [
                    {"manager": "csop-operator/cash-service", "fieldsV1": owned},
                    {"manager": "somebody", "fieldsV1": {"f:metadata": {"f:annotations": {"f:both": {}, "f:foreign": {}}}}},
                ],
            },
            "spec": {"replicas": 3, "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}], "more": true},
        })
    }

    #[test]
    fn what_the_intent_has_no_longer_goes() {
        let after = applied(&live(), &json!({"spec": {"env": [{"name": "A", "value": "9"}]}}));
        let spec = json!({"replicas": 3, "env": [{"name": "A", "value": "9"}], "more": true});
        assert_eq!(after["spec"], spec);
        let annotations = json!({"csop.dev/intent": "x", "both": "2", "foreign": "3"});
        assert_eq!(after["metadata"]["annotations"], annotations);
        assert_eq!(after["metadata"]["ownerReferences"], json!([{"uid": "u"}]));
    }

    #[test]
    fn an_unchanged_intent_changes_nothing() {
        let intent = json!({
            "metadata": {"annotations": {"old": "1", "both": "2"}},
            "spec": {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
        });
        assert_eq!(applied(&live(), &intent), live());
    }
}
