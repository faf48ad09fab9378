//! The field reference of a kind, as Markdown.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray,
};
use std::fmt::Write;

/// How deep a path is followed; deeper fields are those of embedded Kubernetes types.
const DEPTH: usize = 4;
/// Fields, by name or by the end of their path, whose inside is a Kubernetes type, documented by Kubernetes.
const EMBEDDED: [&str; 22] = [
    "affinity",
    "autoscaling.behavior",
    "conditions",
    "configMap",
    "csi",
    "downwardAPI",
    "egressTo",
    "emptyDir",
    "env",
    "envFrom",
    "ephemeral",
    "imagePullSecrets",
    "ingressFrom",
    "liveness",
    "autoscaling.metrics",
    "persistentVolumeClaim",
    "projected",
    "readiness",
    "resources",
    "startup",
    "tolerations",
    "topologySpreadConstraints",
];

/// The page of one kind.
pub(crate) fn page(crd: &CustomResourceDefinition) -> String {
    let (names, version) = (&crd.spec.names, &crd.spec.versions[0]);
    let schema = version.schema.as_ref().and_then(|s| s.open_api_v3_schema.as_ref()).unwrap();
    let mut out = format!("# {}\n\n", names.kind);
    writeln!(out, "{}\n", schema.description.as_deref().unwrap_or_default()).unwrap();
    writeln!(
        out,
        "`{}/{}`, plural `{}`, short `{}`.\n",
        crd.spec.group,
        version.name,
        names.plural,
        names.short_names.iter().flatten().cloned().collect::<Vec<_>>().join(", ")
    )
    .unwrap();
    for part in ["spec", "status"] {
        let Some(root) = schema.properties.as_ref().and_then(|p| p.get(part)) else { continue };
        writeln!(out, "## {part}\n\n| field | type | meaning |\n|---|---|---|").unwrap();
        fields(&mut out, "", root, 0);
        let rules = rules(part, root);
        if !rules.is_empty() {
            writeln!(out, "\nRefused with these messages:\n\n{}", rules.join("\n")).unwrap();
        }
        out.push('\n');
    }
    out.trim_end().to_owned() + "\n"
}

fn fields(out: &mut String, path: &str, schema: &JSONSchemaProps, depth: usize) {
    let required = schema.required.clone().unwrap_or_default();
    for (name, field) in schema.properties.iter().flatten() {
        let inner = match &field.items {
            Some(JSONSchemaPropsOrArray::Schema(item)) => item,
            _ => field,
        };
        let shown = format!("{path}{name}{}", if field.items.is_some() { "[]" } else { "" });
        let must = if required.contains(name) { ", required" } else { "" };
        let meaning = field.description.as_deref().unwrap_or_default().replace('|', "\\|");
        writeln!(out, "| `{shown}` | {}{must} | {meaning} |", type_of(field)).unwrap();
        if depth < DEPTH && !embedded(&shown) {
            fields(out, &format!("{shown}."), inner, depth + 1);
        }
    }
}

fn embedded(path: &str) -> bool {
    let path = path.trim_end_matches("[]");
    EMBEDDED
        .iter()
        .any(|end| path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

fn type_of(field: &JSONSchemaProps) -> String {
    if let Some(values) = &field.enum_ {
        let shown = values.iter().filter_map(|v| v.0.as_str()).map(|v| format!("`{v}`"));
        return shown.collect::<Vec<_>>().join(", ");
    }
    let base = match field.type_.as_deref() {
        Some("array") => "list",
        Some("object") if field.additional_properties.is_some() => "map",
        Some(other) => other,
        None if field.x_kubernetes_int_or_string == Some(true) => "integer or string",
        None => "any",
    };
    match (field.minimum, field.maximum) {
        (Some(low), Some(high)) => format!("{base} {low}..{high}"),
        _ => base.to_owned(),
    }
}

fn rules(path: &str, schema: &JSONSchemaProps) -> Vec<String> {
    let mut all: Vec<_> = schema
        .x_kubernetes_validations
        .iter()
        .flatten()
        .filter_map(|r| r.message.as_ref().map(|m| format!("- `{path}`: {m}")))
        .collect();
    for (name, field) in schema.properties.iter().flatten() {
        if embedded(&format!("{path}.{name}")) {
            continue;
        }
        let inner = match &field.items {
            Some(JSONSchemaPropsOrArray::Schema(item)) => rules(&format!("{path}.{name}[]"), item),
            _ => rules(&format!("{path}.{name}"), field),
        };
        all.extend(inner);
    }
    all
}
