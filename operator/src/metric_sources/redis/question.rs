//! What is asked of a key, and what the replies mean.

use csop_shared::api::general_scaler::{RedisKind, Signal, SourceConfig};
use csop_shared::scale::Invalid;
use redis::{Pipeline, Value};

use super::error;
use super::place::invalid;
use crate::metric_sources::Failure;

/// A number has fewer characters than this; of a longer text no more is read.
const LONGEST_NUMBER: usize = 64;

/// What of a key is wanted.
pub(super) struct Question {
    key: String,
    /// What the key must hold; without it, whatever it holds.
    pub kind: Option<RedisKind>,
    group: Option<Group>,
}

struct Group {
    name: String,
    signal: GroupSignal,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum GroupSignal {
    Lag,
    Pending,
}

/// What became of a question.
pub(super) enum Answer {
    Value(f64),
    /// The key holds this, so that another command has to be sent.
    Other(RedisKind),
}

impl Question {
    /// Reads it from a configuration.
    pub fn of(config: &SourceConfig, field: &str) -> Result<Self, Invalid> {
        let key = config.key.clone().ok_or_else(|| invalid(field, ".key", "is missing"))?;
        let signal = match config.signal {
            None | Some(Signal::Lag) => GroupSignal::Lag,
            Some(Signal::Pending) => GroupSignal::Pending,
            Some(Signal::Backlog | Signal::OldestAge) => {
                return Err(invalid(field, ".signal", "must be lag or pending"));
            }
        };
        let group = config.group.clone().map(|name| Group { name, signal });
        let kind = match (&group, config.kind) {
            (None, _) if config.signal.is_some() => {
                return Err(invalid(field, ".signal", "needs config.group, the consumer group"));
            }
            (Some(_), Some(kind)) if kind != RedisKind::Stream => {
                return Err(invalid(
                    field,
                    ".group",
                    "is only for streams: leave it out, or set config.kind to stream",
                ));
            }
            (Some(_), _) => Some(RedisKind::Stream),
            (None, kind) => kind,
        };
        Ok(Self { key, kind, group })
    }

    /// The type of the key and, of what it is expected to hold, the value.
    pub fn commands(&self, expected: Option<RedisKind>) -> Pipeline {
        let mut pipeline = redis::pipe();
        pipeline.cmd("TYPE").arg(&self.key);
        let Some(kind) = expected else { return pipeline };
        match (kind, &self.group) {
            (RedisKind::List, _) => pipeline.cmd("LLEN").arg(&self.key),
            (RedisKind::Set, _) => pipeline.cmd("SCARD").arg(&self.key),
            (RedisKind::Zset, _) => pipeline.cmd("ZCARD").arg(&self.key),
            (RedisKind::Hash, _) => pipeline.cmd("HLEN").arg(&self.key),
            (RedisKind::String, _) => pipeline.cmd("GETRANGE").arg(&self.key).arg(0).arg(LONGEST_NUMBER),
            (RedisKind::Stream, None) => pipeline.cmd("XLEN").arg(&self.key),
            (RedisKind::Stream, Some(Group { signal: GroupSignal::Lag, .. })) => {
                pipeline.cmd("XINFO").arg("GROUPS").arg(&self.key)
            }
            (RedisKind::Stream, Some(Group { signal: GroupSignal::Pending, name })) => {
                pipeline.cmd("XPENDING").arg(&self.key).arg(name)
            }
        };
        pipeline
    }

    /// Reads the replies to [`Self::commands`].
    pub fn read(
        &self,
        expected: Option<RedisKind>,
        replies: Vec<Value>,
        origin: &str,
    ) -> Result<Answer, Failure> {
        let mut replies = replies.into_iter();
        let type_ = text(next(&mut replies, origin)?).unwrap_or_default();
        if type_ == "none" {
            return Ok(Answer::Value(0.0));
        }
        let Some(kind) = kind_of(&type_) else {
            return Err(
                self.unusable(origin, &format!("holds something of the type {type_:?}, which has no size"))
            );
        };
        if Some(kind) != expected {
            return match self.kind {
                Some(wanted) if wanted != kind => {
                    let wanted = name_of(wanted);
                    Err(self.unusable(origin, &format!("holds a {type_} where config expects a {wanted}")))
                }
                _ => Ok(Answer::Other(kind)),
            };
        }
        let reply = next(&mut replies, origin)?;
        self.value(kind, reply).map(Answer::Value).map_err(|problem| self.unusable(origin, &problem))
    }

    fn value(&self, kind: RedisKind, reply: Value) -> Result<f64, String> {
        match (kind, &self.group, reply) {
            (RedisKind::String, _, reply) => {
                let number = text(reply).and_then(|text| text.trim().parse::<f64>().ok());
                number
                    .filter(|number| number.is_finite())
                    .ok_or_else(|| "holds a text that is no number".to_owned())
            }
            (RedisKind::Stream, Some(group), reply) if group.signal == GroupSignal::Lag => group.lag(reply),
            (RedisKind::Stream, Some(_), Value::Array(summary)) => match summary.first() {
                Some(Value::Int(count)) => Ok(*count as f64),
                _ => Err("has a summary of pending entries that cannot be read".to_owned()),
            },
            (_, _, Value::Int(count)) => Ok(count as f64),
            _ => Err("has a size that is no number".to_owned()),
        }
    }

    /// A failure about the key.
    pub fn unusable(&self, origin: &str, problem: &str) -> Failure {
        Failure::Unusable {
            origin: origin.to_owned(),
            problem: format!("a key {:?} that {problem}", self.key),
        }
    }
}

impl Group {
    /// Reads the lag of this group from the reply to XINFO GROUPS.
    fn lag(&self, reply: Value) -> Result<f64, String> {
        let Value::Array(groups) = reply else {
            return Err("has consumer groups that cannot be read".to_owned());
        };
        let group = groups.into_iter().find(|group| {
            matches!(field(group, "name"), Some(Value::BulkString(name)) if name == self.name.as_bytes())
        });
        let name = &self.name;
        let group = group.ok_or_else(|| format!("has no consumer group {name:?}"))?;
        match field(&group, "lag") {
            Some(Value::Int(lag)) => Ok(*lag as f64),
            Some(_) => Err(format!(
                "has a consumer group {name:?} whose lag the server cannot tell, because entries were deleted or the group did not begin at \
                 an entry; config.signal: pending can be told"
            )),
            None => Err(format!(
                "has a consumer group {name:?} without a lag, which came with Redis 7.0; config.signal: pending is older"
            )),
        }
    }
}

/// The value after a name in a list of names and values.
fn field<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    let Value::Array(items) = list else { return None };
    let mut pairs = items.chunks_exact(2);
    pairs.find_map(|pair| match &pair[0] {
        Value::BulkString(key) if key == name.as_bytes() => Some(&pair[1]),
        _ => None,
    })
}

fn next(replies: &mut impl Iterator<Item = Value>, origin: &str) -> Result<Value, Failure> {
    let reply = replies.next().unwrap_or_default();
    reply.extract_error().map_err(|error| error::failure(origin, &error))
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::SimpleString(text) => Some(text),
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn kind_of(type_: &str) -> Option<RedisKind> {
    match type_ {
        "list" => Some(RedisKind::List),
        "set" => Some(RedisKind::Set),
        "zset" => Some(RedisKind::Zset),
        "hash" => Some(RedisKind::Hash),
        "string" => Some(RedisKind::String),
        "stream" => Some(RedisKind::Stream),
        _ => None,
    }
}

fn name_of(kind: RedisKind) -> &'static str {
    match kind {
        RedisKind::List => "list",
        RedisKind::Set => "set",
        RedisKind::Zset => "zset",
        RedisKind::Hash => "hash",
        RedisKind::String => "string",
        RedisKind::Stream => "stream",
    }
}
