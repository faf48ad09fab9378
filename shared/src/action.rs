//! Verbs that are no declaration: they arrive in the annotation `csop.dev/action` and are answered in `status.lastAction`.

use crate::api::common::{ActionOutcome, LastAction};
use serde::Deserialize;

/// A verb, as its caller wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Action {
    verb: String,
    id: String,
}

/// The answer to the annotation's verb; the last one stands as long as the id is the same.
///
/// This version knows no verbs, so that every one is refused, by name.
pub fn answer(annotation: Option<&String>, last: Option<&LastAction>) -> Option<LastAction> {
    let Some(text) = annotation else { return last.cloned() };
    let (id, verb, message) = match serde_json::from_str::<Action>(text) {
        Ok(Action { id, verb }) => {
            let message = format!("{verb:?} is no verb that this version of csop knows for this kind");
            (id, verb, message)
        }
        Err(error) => {
            let message = format!(
                "the annotation csop.dev/action is no JSON object with the strings verb and id: {error}"
            );
            (String::new(), String::new(), message)
        }
    };
    match last {
        Some(last) if last.id == id && last.verb == verb => Some(last.clone()),
        _ => Some(LastAction { id, verb, outcome: ActionOutcome::Refused, message }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_verb_is_refused_by_name_and_once() {
        let asked = r#"{"verb": "promote", "id": "7", "revision": "abc"}"#.to_owned();
        let answered = answer(Some(&asked), None).unwrap();
        assert_eq!((answered.id.as_str(), answered.outcome), ("7", ActionOutcome::Refused));
        assert!(answered.message.contains("promote"));
        assert_eq!(answer(Some(&asked), Some(&answered)), Some(answered.clone()));
        assert_eq!(answer(None, Some(&answered)), Some(answered));
    }

    #[test]
    fn what_is_no_action_is_said() {
        assert!(answer(Some(&"promote!".to_owned()), None).unwrap().message.contains("no JSON object"));
    }
}
