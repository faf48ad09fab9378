//! What the derived schemas need before they are published.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

/// The definition as it is installed: descriptions of embedded Kubernetes types are cut to their first sentence.
///
/// A client-side `kubectl apply` keeps the whole manifest in an annotation, which may hold 256 KiB at most.
pub(super) fn published(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut crd.spec.versions {
        if let Some(schema) = version.schema.as_mut().and_then(|s| s.open_api_v3_schema.as_mut()) {
            shorten(schema);
        }
    }
    crd
}

fn shorten(schema: &mut JSONSchemaProps) {
    if let Some(text) = &mut schema.description {
        *text = first_sentences(text);
    }
    for child in schema.properties.iter_mut().flat_map(|p| p.values_mut()) {
        shorten(child);
    }
    match &mut schema.items {
        Some(JSONSchemaPropsOrArray::Schema(item)) => shorten(item),
        Some(JSONSchemaPropsOrArray::Schemas(items)) => items.iter_mut().for_each(shorten),
        None => {}
    }
    if let Some(JSONSchemaPropsOrBool::Schema(value)) = &mut schema.additional_properties {
        shorten(value);
    }
}

/// Longest description that stays whole, in bytes: those of csop's own fields are shorter.
const WHOLE: usize = 420;

fn first_sentences(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if one_line.len() <= WHOLE {
        return one_line;
    }
    match one_line.find(". ") {
        Some(end) if end <= WHOLE => one_line[..=end].to_owned(),
        _ => format!("{}…", &one_line[..one_line.floor_char_boundary(WHOLE)]),
    }
}

#[cfg(test)]
mod tests {
    use super::first_sentences;

    #[test]
    fn long_descriptions_keep_their_first_sentence() {
        assert_eq!(first_sentences("Short.\nTwo."), "Short. Two.");
        let long = format!("First one. {}", "more ".repeat(200));
        assert_eq!(first_sentences(&long), "First one.");
    }
}
