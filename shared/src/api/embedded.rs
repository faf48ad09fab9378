//! Limits for the Kubernetes types that csop's own embed. Their schemas admit what the API server refuses later, on a child.

use schemars::Schema;
use serde_json::{Map, Value, json};

/// Most entries of a list or map that a rule goes through.
const MOST: u32 = 16;
/// Longest name of an environment variable.
const LONGEST_NAME: u32 = 256;
/// Longest range of addresses, in its longest IPv6 form.
const LONGEST_RANGE: u32 = 64;

/// A quantity that is not negative, in the grammar of `k8s.io/apimachinery/pkg/api/resource.Quantity`.
///
/// The API server's refusal shows a pattern as it is, so the name of its group says what to write. A rule could say it
/// better, but there is none on values without a type, which those of resources are.
const POSITIVE_QUANTITY: &str = "^(?P<a_quantity_that_is_not_negative_such_as_2_or_500m_or_1Gi>[+]?([0-9]+([.][0-9]*)?|[.][0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]{1,2})?)$";

/// Requests and limits: integers, strings, and numbers such as `0.5`, which "integer or string" would not admit.
pub(super) fn resources(schema: &mut Schema) {
    let root = object(schema);
    property(root, &[]).remove("claims");
    for list in ["limits", "requests"] {
        let map = property(root, &[list]);
        map.insert("maxProperties".to_owned(), json!(MOST));
        map.insert(
            "additionalProperties".to_owned(),
            json!({
                "description": "A number, or a string with a unit, such as 0.5, \"500m\" or \"2Gi\"; not negative.",
                "x-kubernetes-preserve-unknown-fields": true,
                "pattern": POSITIVE_QUANTITY,
                "maxLength": 40,
                "minimum": 0,
                // A node without a type admits everything else too.
                "not": { "enum": [true, false, {}, []] },
                "maxItems": 0,
                "maxProperties": 0,
            }),
        );
    }
}

/// Every quantity in the schema is one. This is a pattern, since rules over so many fields would exceed what the API server
/// grants to a definition.
pub(super) fn quantities(schema: &mut Schema) {
    walk("", object(schema), &mut |name, node| {
        if node.contains_key("x-kubernetes-int-or-string") && name != "port" {
            node.insert("pattern".to_owned(), json!(POSITIVE_QUANTITY));
            node.insert("minimum".to_owned(), json!(0));
        }
    });
}

/// Names that a rule reads are bounded.
pub(super) fn env(schema: &mut Schema) {
    quantities(schema);
    property(item(object(schema)), &["name"]).insert("maxLength".to_owned(), json!(LONGEST_NAME));
}

/// The values of labels are bounded.
pub(super) fn label_values(schema: &mut Schema) {
    let values = object(schema).get_mut("additionalProperties").and_then(Value::as_object_mut);
    values.expect("labels are a map").insert("maxLength".to_owned(), json!(63));
}

/// Names of objects are bounded.
pub(super) fn names(schema: &mut Schema) {
    property(item(object(schema)), &["name"]).insert("maxLength".to_owned(), json!(253));
}

/// Ranges of addresses are bounded.
pub(super) fn peers(schema: &mut Schema) {
    let block = property(item(object(schema)), &["ipBlock"]);
    property(block, &["cidr"]).insert("maxLength".to_owned(), json!(LONGEST_RANGE));
    let except = property(block, &["except"]);
    except.insert("maxItems".to_owned(), json!(MOST));
    item(except).insert("maxLength".to_owned(), json!(LONGEST_RANGE));
}

/// What tells constraints apart is bounded.
pub(super) fn spread(schema: &mut Schema) {
    let constraint = item(object(schema));
    property(constraint, &["topologyKey"]).insert("maxLength".to_owned(), json!(317));
    property(constraint, &["whenUnsatisfiable"])
        .insert("enum".to_owned(), json!(["DoNotSchedule", "ScheduleAnyway"]));
}

/// The sources of a projected volume are bounded.
pub(super) fn projected(schema: &mut Schema) {
    quantities(schema);
    property(object(schema), &["sources"]).insert("maxItems".to_owned(), json!(MOST));
}

/// The metrics of an autoscaler.
pub(super) fn metrics(schema: &mut Schema) {
    quantities(schema);
    walk("", object(schema), &mut |name, node| {
        if name == "averageUtilization" {
            node.insert("minimum".to_owned(), json!(1));
        }
    });
}

/// The behavior of an autoscaler, with the bounds of `autoscaling/v2`.
pub(super) fn behavior(schema: &mut Schema) {
    quantities(schema);
    walk("", object(schema), &mut |name, node| match name {
        "policies" => drop(node.insert("maxItems".to_owned(), json!(MOST))),
        "value" => bound(node, 1, None),
        "periodSeconds" => bound(node, 1, Some(1800)),
        "stabilizationWindowSeconds" => bound(node, 0, Some(3600)),
        "selectPolicy" => drop(node.insert("enum".to_owned(), json!(["Max", "Min", "Disabled"]))),
        "type" => drop(node.insert("enum".to_owned(), json!(["Pods", "Percent"]))),
        _ => {}
    });
}

/// The numbers and ports of a probe.
pub(super) fn probe(schema: &mut Schema) {
    walk("", object(schema), &mut |name, node| match name {
        "initialDelaySeconds"
        | "periodSeconds"
        | "timeoutSeconds"
        | "failureThreshold"
        | "successThreshold" => {
            bound(node, 0, None);
        }
        "terminationGracePeriodSeconds" => bound(node, 1, None),
        "port" if node.contains_key("x-kubernetes-int-or-string") => rule(
            node,
            "string(self).matches('^[0-9]{1,5}$') ? (self == int(string(self)) && int(string(self)) >= 1 && int(string(self)) <= 65535) : string(self).matches('^[a-z0-9-]{0,15}$') && string(self).matches('[a-z]')",
            "a probe's port is a number from 1 to 65535, without quotes, or a port's name: app, health or one of contract.ports",
        ),
        "port" => bound(node, 1, Some(65535)),
        "scheme" => drop(node.insert("enum".to_owned(), json!(["HTTP", "HTTPS"]))),
        _ => {}
    });
}

fn object(schema: &mut Schema) -> &mut Map<String, Value> {
    schema.as_object_mut().expect("schemas of structs, lists and maps are objects")
}

/// The properties of `node`, or, at the end of `path`, the property itself.
fn property<'a>(node: &'a mut Map<String, Value>, path: &[&str]) -> &'a mut Map<String, Value> {
    let properties = node.get_mut("properties").and_then(Value::as_object_mut);
    let properties = properties.expect("the embedded type has properties");
    match path {
        [] => properties,
        [name, ..] => {
            let found = properties.get_mut(*name).and_then(Value::as_object_mut);
            found.expect("the embedded type has this property")
        }
    }
}

fn item(list: &mut Map<String, Value>) -> &mut Map<String, Value> {
    list.get_mut("items").and_then(Value::as_object_mut).expect("the embedded type is a list")
}

fn bound(node: &mut Map<String, Value>, least: i32, most: Option<i32>) {
    node.insert("minimum".to_owned(), json!(least));
    node.extend(most.map(|most| ("maximum".to_owned(), json!(most))));
}

fn rule(node: &mut Map<String, Value>, rule: &str, message: &str) {
    node.insert("x-kubernetes-validations".to_owned(), json!([{ "rule": rule, "message": message }]));
}

/// Visits every property and map value in the schema, with the name under which it is found.
fn walk(name: &str, node: &mut Map<String, Value>, visit: &mut impl FnMut(&str, &mut Map<String, Value>)) {
    visit(name, node);
    let properties = node.get_mut("properties").and_then(Value::as_object_mut);
    for (name, child) in properties.into_iter().flatten() {
        if let Value::Object(child) = child {
            walk(name, child, visit);
        }
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(Value::Object(child)) = node.get_mut(inner) {
            walk(name, child, visit);
        }
    }
}
