//! Every reason that a condition or an event gives, with the words that explain it to a service's owner.
//!
//! The page of troubleshooting is made of them. A new reason is a constant here and an entry beside it; a test finds those
//! that have none.

pub mod driver;
pub mod events;
pub mod health;
pub mod scaler;
pub mod schedule;
pub mod service;
pub mod untold;

/// A reason, or several that call for the same, explained.
#[derive(Clone, Copy, Debug)]
pub struct Explained {
    /// The reasons, in CamelCase.
    pub names: &'static [&'static str],
    /// Where they are seen: conditions as `Type=Status`, `event`, or the plugin's own word.
    pub seen: &'static [&'static str],
    /// What they mean, in Markdown.
    pub meaning: &'static str,
    /// What an owner does, one step each, in Markdown; commands of the plugin before those of kubectl. None: nothing is to be
    /// done.
    pub next: &'static [&'static str],
}

/// A part of the page: a title, what its reasons have in common, and the reasons.
#[derive(Clone, Copy, Debug)]
pub struct Chapter {
    /// The heading.
    pub title: &'static str,
    /// A sentence or two, in Markdown.
    pub about: &'static str,
    /// The reasons, in the order of the page.
    pub reasons: &'static [Explained],
}

/// All reasons.
pub const CHAPTERS: [Chapter; 7] = [
    Chapter {
        title: "The pods do not serve",
        about: "The first of these that is found, in the order of what an owner can act on, is the cause in `Ready`.",
        reasons: &health::EXPLAINED,
    },
    Chapter {
        title: "The service and its rollout",
        about: "How far the service is on its way to what its spec asks for.",
        reasons: &service::EXPLAINED,
    },
    Chapter {
        title: "The scaler",
        about: "What a GeneralScaler says of itself. `kubectl csop scaler status NAME --explain` tells why it decided what it did.",
        reasons: &scaler::EXPLAINED,
    },
    Chapter {
        title: "The schedule",
        about: "What a CashServiceScheduledScale says of itself. `kubectl csop scale list` shows its windows; [schedules](scaling/schedules.md) \
                explains them.",
        reasons: &schedule::EXPLAINED,
    },
    Chapter {
        title: "csop cannot do its work",
        about: "The operator could not apply what the spec asks for. What runs goes on running.",
        reasons: &driver::EXPLAINED,
    },
    Chapter {
        title: "No condition tells",
        about: "`kubectl csop status` has words of its own where the service has no condition that could tell.",
        reasons: &untold::EXPLAINED,
    },
    Chapter {
        title: "Events that are no condition",
        about: "`kubectl csop events NAME` lists them with those of the service's objects and pods. The causes above are told \
                by an event of the same reason too, once each time they begin.",
        reasons: &events::EXPLAINED,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_is_explained_once_and_in_full() {
        let mut seen = BTreeSet::new();
        for reason in CHAPTERS.iter().flat_map(|chapter| chapter.reasons) {
            for name in reason.names {
                assert!(seen.insert(*name), "{name} is explained twice");
            }
            assert!(!reason.names.is_empty() && !reason.seen.is_empty(), "{reason:?}");
            assert!(reason.meaning.ends_with('.'), "{reason:?}");
        }
    }

    #[test]
    fn commands_of_the_plugin_come_before_those_of_kubectl() {
        for reason in CHAPTERS.iter().flat_map(|chapter| chapter.reasons) {
            let steps = reason.next.concat();
            let (plugin, kubectl) = (steps.find("`kubectl csop "), first_of_kubectl(&steps));
            assert!(kubectl.is_none() || plugin < kubectl, "{reason:?}");
        }
    }

    fn first_of_kubectl(steps: &str) -> Option<usize> {
        let mut all = steps.match_indices("`kubectl ").map(|(at, _)| at);
        all.find(|at| !steps[*at..].starts_with("`kubectl csop "))
    }
}
