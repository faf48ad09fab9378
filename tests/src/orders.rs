//! What the supervisor of a control plane can be told to do with one of its components: a line such as `stop etcd`.

use std::{fmt, str::FromStr};

use crate::Error;

/// What happens to a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It is killed, and stays away.
    Stop,
    /// It is started as before, after it was killed.
    Start,
    /// It hangs.
    Pause,
    /// It goes on.
    Resume,
}

const WORDS: [(&str, Act); 4] =
    [("stop", Act::Stop), ("start", Act::Start), ("pause", Act::Pause), ("resume", Act::Resume)];

/// An act and the name of the component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What happens.
    pub act: Act,
    /// To whom.
    pub component: String,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = WORDS.iter().find(|(_, act)| *act == self.act).map_or("", |(word, _)| word);
        write!(f, "{word} {}", self.component)
    }
}

impl FromStr for Order {
    type Err = Error;

    fn from_str(line: &str) -> Result<Self, Error> {
        let parts = line.trim().split_once(' ');
        let known = parts.and_then(|(word, component)| {
            let (_, act) = WORDS.iter().find(|(known, _)| *known == word)?;
            Some(Self { act: *act, component: component.to_owned() })
        });
        known.ok_or_else(|| Error::Order { order: line.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_as_they_are_written() {
        for (_, act) in WORDS {
            let order = Order { act, component: "kube-apiserver".to_owned() };
            assert_eq!(order.to_string().parse::<Order>().unwrap(), order);
        }
        assert!("destroy etcd".parse::<Order>().is_err() && "stop".parse::<Order>().is_err());
    }
}
