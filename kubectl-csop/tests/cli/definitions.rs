//! The definitions that the plugin carries are those of the types.

use serde_json::Value;

use crate::support::check_generated;

#[test]
fn definitions_are_up_to_date() {
    for crd in csop_shared::api::all_crds() {
        let mut value = serde_json::to_value(&crd).unwrap();
        drop_descriptions(&mut value);
        let path = format!("kubectl-csop/src/schema/definitions/{}.json", crd.spec.names.plural);
        check_generated(&path, &format!("{value}\n"));
    }
}

fn drop_descriptions(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            // A field of this name has a schema, which is no text.
            fields.retain(|name, field| name != "description" || !field.is_string());
            fields.values_mut().for_each(drop_descriptions);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_descriptions),
        _ => {}
    }
}
