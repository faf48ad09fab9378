//! Events on our objects.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

use csop_shared::names::managers;

/// Something to tell of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Whether somebody should look at it.
    pub warning: bool,
    /// A word for why, in CamelCase.
    pub reason: String,
    /// A word for what was done, in CamelCase.
    pub action: String,
    /// A sentence.
    pub note: String,
    /// Another object that it is about. Events that differ in their note alone are counted as one.
    pub related: Option<ObjectReference>,
}

impl Notice {
    /// Tells of an ordinary change.
    pub fn normal(reason: impl Into<String>, action: impl Into<String>, note: impl Into<String>) -> Self {
        Self {
            warning: false,
            reason: reason.into(),
            action: action.into(),
            note: note.into(),
            related: None,
        }
    }

    /// Names another object that it is about.
    pub fn about(mut self, related: ObjectReference) -> Self {
        self.related = Some(related);
        self
    }

    /// Tells of something that somebody should look at.
    pub fn warning(reason: impl Into<String>, action: impl Into<String>, note: impl Into<String>) -> Self {
        Self { warning: true, ..Self::normal(reason, action, note) }
    }
}

/// Longest note that the API accepts, in bytes.
const NOTE_LIMIT: usize = 1024;

/// The process's one recorder.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
}

impl Events {
    /// A recorder that writes with this client.
    pub fn new(client: Client) -> Self {
        Self { recorder: Recorder::new(client, Reporter::from(managers::OPERATOR)) }
    }

    /// Publishes notices on an object. An event that cannot be written is logged: it decides nothing.
    pub async fn publish(&self, regarding: &ObjectReference, notices: &[Notice]) {
        for notice in notices {
            let event = Event {
                type_: if notice.warning { EventType::Warning } else { EventType::Normal },
                reason: notice.reason.clone(),
                note: Some(notice.note[..notice.note.floor_char_boundary(NOTE_LIMIT)].to_owned()),
                action: notice.action.clone(),
                secondary: notice.related.clone(),
            };
            if let Err(error) = self.recorder.publish(&event, regarding).await {
                tracing::warn!(reason = %notice.reason, %error, "cannot publish an event");
            }
        }
    }
}
