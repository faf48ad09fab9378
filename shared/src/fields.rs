//! Sets of fields in the notation of `managedFields` (FieldsV1).
//!
//! A set is a tree: `f:name` is a field, `k:{...}` a list item by its keys, `v:...` an item of a set, `.` the node itself. A
//! node without children is a member.

use serde_json::{Map, Value};

/// A set of fields.
pub type Fields = Map<String, Value>;

const SELF: &str = ".";

/// Adds all of `other` to `set`.
pub fn add(set: &mut Fields, other: &Fields) {
    for (key, theirs) in other {
        let node = set.entry(key.clone()).or_insert_with(|| Value::Object(Fields::new()));
        if let (Some(node), Some(theirs)) = (node.as_object_mut(), theirs.as_object()) {
            add(node, theirs);
        }
    }
}

/// The members of `set` that are not in `other` and do not contain anything of `other`.
pub fn subtract(set: &Fields, other: &Fields) -> Fields {
    let mut rest = Fields::new();
    for (key, ours) in set.iter().filter(|(key, _)| *key != SELF) {
        match (ours.as_object(), other.get(key).and_then(Value::as_object)) {
            (_, None) => {
                rest.insert(key.clone(), ours.clone());
            }
            (Some(ours), Some(theirs)) => {
                let remaining = subtract(ours, theirs);
                if !remaining.is_empty() {
                    rest.insert(key.clone(), Value::Object(remaining));
                }
            }
            (None, Some(_)) => {}
        }
    }
    rest
}

/// The members of `set` that `value` does not have.
pub fn absent(set: &Fields, value: &Value) -> Fields {
    let mut gone = Fields::new();
    for (key, node) in set.iter().filter(|(key, _)| *key != SELF) {
        match (find(value, key), node.as_object()) {
            (None, _) => drop(gone.insert(key.clone(), node.clone())),
            (Some(value), Some(node)) => {
                let below = absent(node, value);
                if !below.is_empty() {
                    gone.insert(key.clone(), Value::Object(below));
                }
            }
            (Some(_), None) => {}
        }
    }
    gone
}

/// The part of `set` at `path`, as a set of its own from the root; empty when the path is not in the set.
pub fn at_path(set: &Fields, path: &[&str]) -> Fields {
    let Some((first, rest)) = path.split_first() else { return set.clone() };
    let Some(node) = set.get(*first).and_then(Value::as_object) else { return Fields::new() };
    let below = at_path(node, rest);
    if below.is_empty() && !rest.is_empty() {
        return below;
    }
    Fields::from_iter([((*first).to_owned(), Value::Object(below))])
}

/// Removes the members of `set` from `value`; list items and maps of which the set holds the node itself go whole.
///
/// Nodes of `set` must hold nothing that is to stay: see [`subtract`].
pub fn remove(value: &mut Value, set: &Fields) {
    for (key, node) in set.iter().filter(|(key, _)| *key != SELF) {
        let whole = node.as_object().is_none_or(|n| n.is_empty() || n.contains_key(SELF));
        match node.as_object() {
            Some(node) if !whole => {
                if let Some(child) = find_mut(value, key) {
                    remove(child, node);
                }
            }
            _ => drop_member(value, key),
        }
    }
}

/// The members of `set` as readable paths, each a node that goes whole.
pub fn paths(set: &Fields) -> Vec<String> {
    let mut found = vec![];
    collect(set, "", &mut found);
    found
}

fn collect(set: &Fields, prefix: &str, found: &mut Vec<String>) {
    for (key, node) in set.iter().filter(|(key, _)| *key != SELF) {
        let path = match key.split_once(':') {
            Some(("f", name)) if prefix.is_empty() => name.to_owned(),
            Some(("f", name)) => format!("{prefix}.{name}"),
            Some((_, item)) => format!("{prefix}[{}]", short(item)),
            None => format!("{prefix}.{key}"),
        };
        match node.as_object() {
            Some(node) if !node.is_empty() && !node.contains_key(SELF) => collect(node, &path, found),
            _ => found.push(path),
        }
    }
}

/// An item by the values of its keys alone: `miner` for `{"name":"miner"}`, `80,TCP` for a port.
fn short(item: &str) -> String {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match serde_json::from_str(item) {
        Ok(Value::Object(keys)) => keys.values().map(word).collect::<Vec<_>>().join(","),
        Ok(value) => word(&value),
        Err(_) => item.to_owned(),
    }
}

fn find<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match key.split_once(':')? {
        ("f", name) => value.get(name),
        _ => value.get(position(value, key)?),
    }
}

fn find_mut<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    match key.split_once(':')? {
        ("f", name) => value.get_mut(name),
        _ => {
            let at = position(value, key)?;
            value.get_mut(at)
        }
    }
}

fn drop_member(value: &mut Value, key: &str) {
    if let (Some(("f", name)), Some(map)) = (key.split_once(':'), value.as_object_mut()) {
        map.remove(name);
    } else if let Some(at) = position(value, key)
        && let Some(list) = value.as_array_mut()
    {
        list.remove(at);
    }
}

/// Where in the list the item is that a key `k:{...}`, `v:...` or `i:...` names.
fn position(list: &Value, key: &str) -> Option<usize> {
    let (notation, text) = key.split_once(':')?;
    let list = list.as_array()?;
    let wanted: Value = serde_json::from_str(text).ok()?;
    match notation {
        "k" => {
            let keys = wanted.as_object()?;
            list.iter().position(|item| keys.iter().all(|(k, v)| is_key(item.get(k), k, v)))
        }
        "v" => list.iter().position(|item| *item == wanted),
        "i" => wanted.as_u64().and_then(|at| usize::try_from(at).ok()).filter(|at| *at < list.len()),
        _ => None,
    }
}

/// Whether an item has this merge key; a port that names no protocol is one of TCP.
fn is_key(have: Option<&Value>, key: &str, wanted: &Value) -> bool {
    have.map_or(key == "protocol" && wanted == "TCP", |have| have == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(value: Value) -> Fields {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn what_contains_something_of_the_other_set_does_not_go_whole() {
        let set = fields(json!({"f:a": {".": {}, "f:x": {}, "f:y": {}}, "f:b": {}}));
        let other = fields(json!({"f:a": {"f:x": {}}, "f:b": {"f:z": {}}}));
        assert_eq!(subtract(&set, &other), fields(json!({"f:a": {"f:y": {}}})));
    }

    #[test]
    fn fields_below_an_owned_empty_node_are_not_owned() {
        let set = fields(json!({"f:emptyDir": {"f:sizeLimit": {}}}));
        let other = fields(json!({"f:emptyDir": {}}));
        assert_eq!(subtract(&set, &other), set);
    }

    #[test]
    fn members_that_a_value_lacks_are_found() {
        let set = fields(json!({"f:spec": {"f:paused": {}, "f:image": {}, "f:ports": {
            "k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:name": {}},
            "k:{\"port\":81,\"protocol\":\"TCP\"}": {".": {}},
        }}}));
        let value = json!({"spec": {"image": "a", "ports": [{"port": 80}]}});
        let gone = json!({"f:spec": {"f:paused": {}, "f:ports": {
            "k:{\"port\":80,\"protocol\":\"TCP\"}": {"f:name": {}},
            "k:{\"port\":81,\"protocol\":\"TCP\"}": {".": {}},
        }}});
        assert_eq!(absent(&set, &value), fields(gone));
    }

    #[test]
    fn members_are_removed_from_maps_keyed_lists_and_sets() {
        let mut value = json!({"spec": {
            "hostNetwork": true,
            "containers": [{"name": "a", "image": "x", "tty": true}, {"name": "evil"}],
            "zones": ["a", "b"],
        }});
        let set = fields(json!({"f:spec": {
            "f:hostNetwork": {},
            "f:containers": {
                "k:{\"name\":\"evil\"}": {".": {}, "f:image": {}},
                "k:{\"name\":\"a\"}": {"f:tty": {}},
                "k:{\"name\":\"gone\"}": {".": {}},
            },
            "f:zones": {"v:\"b\"": {}},
        }}));
        remove(&mut value, &set);
        assert_eq!(value, json!({"spec": {"containers": [{"name": "a", "image": "x"}], "zones": ["a"]}}));
    }

    #[test]
    fn paths_name_what_goes_whole() {
        let set = fields(json!({"f:spec": {
            "f:hostNetwork": {},
            "f:containers": {"k:{\"name\":\"evil\"}": {".": {}, "f:image": {}}},
        }}));
        assert_eq!(paths(&set), ["spec.containers[evil]", "spec.hostNetwork"]);
    }

    #[test]
    fn a_path_is_cut_out_of_a_set() {
        let set = fields(json!({"f:spec": {".": {}, "f:replicas": {}, "f:paused": {}}}));
        assert_eq!(at_path(&set, &["f:spec", "f:replicas"]), fields(json!({"f:spec": {"f:replicas": {}}})));
        assert!(at_path(&set, &["f:spec", "f:template", "f:x"]).is_empty());
        assert!(at_path(&set, &["f:spec", "f:template"]).is_empty());
    }
}
