//! Configuration that depends on a type: one struct of all keys, and a rule for each type that refuses the keys of others.

use kube::core::{Message, Rule};

/// A key of a configuration, and the types that take it.
pub(super) type Key = (&'static str, &'static [&'static str]);

/// The rule that `config` of the given type has no key of another type.
pub(super) fn takes(keys: &[Key], what: &str, kind: &str) -> Rule {
    let (own, foreign): (Vec<_>, Vec<_>) = keys.iter().partition(|(_, kinds)| kinds.contains(&kind));
    let name = |(key, _): &&Key| (*key).to_owned();
    let own = own.iter().map(name).collect::<Vec<_>>().join(", ");
    let foreign = foreign.iter().map(|(key, _)| format!("has(self.config.{key})")).collect::<Vec<_>>();
    Rule::new(format!("self.type != '{kind}' || !has(self.config) || !({})", foreign.join(" || ")))
        .message(Message::Message(format!("the config of a {what} of type {kind} takes only: {own}")))
}
