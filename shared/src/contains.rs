//! Whether a live object still holds an intent, in spite of what the API server adds, drops and rewrites.

use crate::quantity;
use serde_json::{Map, Value};

/// Lists that are maps in disguise: the field's name and the keys of its items, in the API server's own schema.
const KEYED: [(&str, &[&str]); 16] = [
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("env", &["name"]),
    ("volumes", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
    ("imagePullSecrets", &["name"]),
    ("secrets", &["name"]),
    ("hostAliases", &["ip"]),
    ("resourceClaims", &["name"]),
    ("schedulingGates", &["name"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    ("ownerReferences", &["uid"]),
    ("conditions", &["type"]),
    ("claims", &["name"]),
];

const CONTAINER_PORT: &[&str] = &["containerPort", "protocol"];
const SERVICE_PORT: &[&str] = &["port", "protocol"];

/// Maps whose values are quantities.
const QUANTITY_MAPS: [&str; 5] = ["limits", "requests", "hard", "capacity", "overhead"];
/// Fields that are quantities.
const QUANTITIES: [&str; 4] = ["sizeLimit", "divisor", "averageValue", "tolerance"];

/// Booleans and integers that the API server drops when they are `false` or `0`. Others keep the difference between "no" and
/// "not said", as `allowPrivilegeEscalation` does.
const DROPPED_WHEN_ZERO: [&str; 12] = [
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "initialDelaySeconds",
    "minReadySeconds",
    "nodePort",
    "paused",
    "publishNotReadyAddresses",
    "readOnly",
    "stdin",
    "stdinOnce",
    "tty",
];

/// Whether every field of `intent` is in `live` with an equal value. Type and identity are taken to be the same.
pub fn contains(live: &Value, intent: &Value) -> bool {
    let Some(intent) = intent.as_object() else { return false };
    let content = intent.iter().filter(|(key, _)| !matches!(key.as_str(), "apiVersion" | "kind"));
    content.into_iter().all(|(key, wanted)| field("", key, live.get(key), wanted))
}

/// Compares the field `key` of a map that is itself the field `parent`.
fn field(parent: &str, key: &str, live: Option<&Value>, wanted: &Value) -> bool {
    let live = match live {
        None | Some(Value::Null) => return is_nothing(key, wanted),
        Some(live) => live,
    };
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => object(key, live, wanted),
        (Value::Array(live), Value::Array(wanted)) => list(parent, key, live, wanted),
        _ => {
            live == wanted
                || same_number(live, wanted)
                || is_quantity(parent, key) && same_quantity(live, wanted)
        }
    }
}

fn object(key: &str, live: &Map<String, Value>, wanted: &Map<String, Value>) -> bool {
    wanted.iter().all(|(name, value)| field(key, name, live.get(name), value))
}

fn list(parent: &str, key: &str, live: &[Value], wanted: &[Value]) -> bool {
    match merge_keys(parent, key, wanted) {
        Some(keys) => wanted.iter().all(|item| {
            let same = |other: &&Value| keys.iter().all(|k| key_value(other, k) == key_value(item, k));
            live.iter().find(same).is_some_and(|other| field(key, "", Some(other), item))
        }),
        None => {
            live.len() == wanted.len()
                && live.iter().zip(wanted).all(|(live, wanted)| field(key, "", Some(live), wanted))
        }
    }
}

/// `live` as it is once `intent` is merged into it: what is equal keeps the spelling of `live`.
pub fn merged(live: &Value, intent: &Value) -> Value {
    merge("", "", live, intent)
}

fn merge(parent: &str, key: &str, live: &Value, wanted: &Value) -> Value {
    if field(parent, key, Some(live), wanted) {
        return live.clone();
    }
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => merge_objects(key, live, wanted),
        (Value::Array(live), Value::Array(wanted)) => merge_lists(parent, key, live, wanted),
        _ => wanted.clone(),
    }
}

fn merge_objects(key: &str, live: &Map<String, Value>, wanted: &Map<String, Value>) -> Value {
    let mut all = live.clone();
    for (name, value) in wanted {
        match live.get(name) {
            None | Some(Value::Null) if is_nothing(name, value) => {}
            None | Some(Value::Null) => drop(all.insert(name.clone(), value.clone())),
            Some(live) => drop(all.insert(name.clone(), merge(key, name, live, value))),
        }
    }
    Value::Object(all)
}

fn merge_lists(parent: &str, key: &str, live: &[Value], wanted: &[Value]) -> Value {
    let Some(keys) = merge_keys(parent, key, wanted) else {
        let same_length = live.len() == wanted.len();
        let pairs = live.iter().zip(wanted).map(|(live, wanted)| merge(key, "", live, wanted));
        return if same_length { pairs.collect() } else { Value::from(wanted) };
    };
    let same = |one: &Value, other: &Value| keys.iter().all(|k| key_value(one, k) == key_value(other, k));
    let kept = live.iter().map(|item| match wanted.iter().find(|other| same(item, other)) {
        Some(wanted) => merge(key, "", item, wanted),
        None => item.clone(),
    });
    let mut all: Vec<Value> = kept.collect();
    // A new item stands behind the one that it follows in the intent.
    let mut next = 0;
    for item in wanted {
        next = match all.iter().position(|other| same(item, other)) {
            Some(at) => at + 1,
            None => {
                all.insert(next, item.clone());
                next + 1
            }
        };
    }
    Value::Array(all)
}

fn merge_keys(parent: &str, key: &str, wanted: &[Value]) -> Option<&'static [&'static str]> {
    let keys = match key {
        "ports" if wanted.iter().all(|item| item.get("containerPort").is_some()) => CONTAINER_PORT,
        "ports" if parent == "spec" => SERVICE_PORT,
        _ => KEYED.iter().find(|(name, _)| *name == key).map(|(_, keys)| *keys)?,
    };
    // A list of plain strings under such a name is an ordinary list.
    wanted.iter().all(|item| item.get(keys[0]).is_some()).then_some(keys)
}

/// The value of a merge key; a port that names no protocol is one of TCP.
fn key_value(item: &Value, key: &str) -> Value {
    let default = || if key == "protocol" { Value::from("TCP") } else { Value::Null };
    item.get(key).cloned().unwrap_or_else(default)
}

/// Whether the API server stores the same thing when it is not given this value at all.
fn is_nothing(key: &str, wanted: &Value) -> bool {
    match wanted {
        Value::Null => true,
        Value::Object(map) => map.iter().all(|(key, value)| is_nothing(key, value)),
        Value::Array(list) => list.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(false) => DROPPED_WHEN_ZERO.contains(&key),
        Value::Number(number) => number.as_i64() == Some(0) && DROPPED_WHEN_ZERO.contains(&key),
        Value::Bool(true) => false,
    }
}

fn is_quantity(parent: &str, key: &str) -> bool {
    QUANTITY_MAPS.contains(&parent) || QUANTITIES.contains(&key) || parent == "target" && key == "value"
}

/// A whole number is written back without the decimals that it may have been sent with.
fn same_number(a: &Value, b: &Value) -> bool {
    a.is_number() && (a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64()
}

fn same_quantity(a: &Value, b: &Value) -> bool {
    matches!((nanos(a), nanos(b)), (Some(a), Some(b)) if a == b)
}

fn nanos(value: &Value) -> Option<i128> {
    match value {
        Value::String(text) => quantity::parse_nanos(text),
        Value::Number(number) => quantity::parse_nanos(&number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
#[path = "contains_tests.rs"]
mod tests;
