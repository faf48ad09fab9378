//! How far a metric may be off its target before anything happens.

use crate::scale::Number;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A number for both directions, or one for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "tolerance must be a number such as 0.1, or an object with up and down")]
pub enum Tolerance {
    /// The same in both directions.
    Both(Number),
    /// One for each direction.
    Each(UpDown),
}

/// A tolerance for each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpDown {
    /// Above the target. Default: 0.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up: Option<Number>,
    /// Below the target. Default: 0.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<Number>,
}

/// A structural schema knows no field that is a number or an object, so this one has no type; the limits hold for whichever it is.
impl JsonSchema for Tolerance {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Tolerance".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-preserve-unknown-fields": true,
            "minimum": 0,
            "maximum": 10,
            "maxLength": 0,
            "maxItems": 0,
            "maxProperties": 2,
        })
    }
}
