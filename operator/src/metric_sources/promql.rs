//! Answers to instant queries in PromQL, as Prometheus gives them and others do after it.
//!
//! The form is that of <https://prometheus.io/docs/prometheus/latest/querying/api/>. Labels are skipped, and nothing of an answer
//! that is not a number of it gets into a message, but for the error that the server itself states.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use csop_shared::scale::{Reading, Series};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Failure;
use super::answer::quoted;

/// Most series of an answer.
const MOST_SERIES: usize = 10_000;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    data: Option<Data<'a>>,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    #[serde(borrow, default)]
    result_type: Cow<'a, str>,
    result: Found,
}

/// What stands in `result`, whatever its type is called.
#[derive(Default)]
struct Found {
    values: Vec<f64>,
    /// The oldest, in seconds.
    time: Option<f64>,
    elements: usize,
    /// Those that are series of one value.
    series: usize,
    histograms: usize,
    too_many: bool,
}

/// What the body of a successful answer says. What is said to hold in the future holds `now`.
pub(super) fn reading(origin: &str, body: &[u8], now: Timestamp) -> Result<Reading, Failure> {
    read(body, now)
        .map_err(|problem| Failure::Unusable { origin: origin.to_owned(), problem: problem.to_owned() })
}

fn read(body: &[u8], now: Timestamp) -> Result<Reading, &'static str> {
    let envelope: Envelope<'_> = serde_json::from_slice(body).map_err(|error| instead(body, &error))?;
    let data = envelope.data.filter(|_| envelope.status == "success").ok_or("JSON without a result")?;
    let found = data.result;
    match data.result_type.as_ref() {
        "vector" if found.too_many => return Err("more than 10,000 series: make them fewer, as by sum()"),
        "vector" if found.histograms > 0 => {
            return Err("a native histogram: take a number of it, as by histogram_quantile()");
        }
        "vector" if found.series == found.elements => {}
        "scalar" if found.is_scalar() => {}
        "matrix" => {
            return Err("a range vector: put it into a function such as rate(), or take the [range] away");
        }
        "string" => return Err("a string: the query must give numbers"),
        _ => return Err("JSON that is no result of an instant query"),
    }
    let Some(seconds) = found.time else { return Ok(Reading::Empty { time: now }) };
    let time = timestamp(seconds).ok_or("a time that is none")?.min(now);
    let values = match found.values.as_slice() {
        [value] => Series::One(*value),
        values => Series::Many(Arc::from(values)),
    };
    Ok(Reading::Sample { values, time, active: None, target: None })
}

/// Why a query was refused, in the server's own words.
pub(super) fn refusal(body: &[u8]) -> Option<String> {
    let envelope: Envelope<'_> = serde_json::from_slice(body).ok()?;
    envelope.error.filter(|error| !error.is_empty()).map(|error| quoted(&error))
}

/// What a body is that is not what it should be.
pub(super) fn instead(body: &[u8], error: &serde_json::Error) -> &'static str {
    let begin = body.trim_ascii_start();
    match (begin.first(), error.classify()) {
        (None, _) => "an empty body",
        (Some(b'<'), _) => "HTML instead of JSON: is the address right?",
        (_, serde_json::error::Category::Data) => "JSON of another form than expected",
        (_, serde_json::error::Category::Eof) => "JSON that ends too early",
        _ => "something that is no JSON",
    }
}

fn timestamp(seconds: f64) -> Option<Timestamp> {
    let milliseconds = (seconds * 1000.0).round();
    // Within what i64 holds exactly; what is beyond is no time anyway.
    (milliseconds.abs() < 1e15).then(|| Timestamp::from_millisecond(milliseconds as i64).ok())?
}

impl Found {
    fn is_scalar(&self) -> bool {
        self.elements == 2 && self.series == 0 && self.values.len() == 1 && self.time.is_some()
    }

    fn at(&mut self, seconds: f64) {
        self.time = Some(self.time.map_or(seconds, |known| known.min(seconds)));
    }
}

impl<'de> Deserialize<'de> for Found {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements;
        impl<'de> Visitor<'de> for Elements {
            type Value = Found;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Found, A::Error> {
                let mut found = Found::default();
                while let Some(element) = list.next_element()? {
                    found.elements += 1;
                    match element {
                        Element::Point(Point { seconds, value }) => {
                            found.at(seconds);
                            found.values.push(value);
                            found.series += 1;
                        }
                        Element::Histogram => found.histograms += 1,
                        Element::Seconds(seconds) => found.at(seconds),
                        Element::Text(Some(value)) => found.values.push(value),
                        Element::Other | Element::Text(None) => {}
                    }
                    if found.series > MOST_SERIES {
                        found.too_many = true;
                        while list.next_element::<IgnoredAny>()?.is_some() {}
                    }
                }
                Ok(found)
            }
        }
        deserializer.deserialize_seq(Elements)
    }
}

/// One element of `result`: a series of a vector or a matrix, or half of a scalar.
enum Element {
    Point(Point),
    Histogram,
    Seconds(f64),
    Text(Option<f64>),
    Other,
}

/// A time and a value.
struct Point {
    seconds: f64,
    value: f64,
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Element;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a series, a time or a value")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut series: A) -> Result<Element, A::Error> {
                let mut element = Element::Other;
                while let Some(key) = series.next_key::<Key>()? {
                    match key {
                        Key::Value => element = Element::Point(series.next_value()?),
                        Key::Histogram => {
                            series.next_value::<IgnoredAny>()?;
                            element = Element::Histogram;
                        }
                        Key::Other => {
                            series.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(element)
            }

            fn visit_f64<E: Error>(self, seconds: f64) -> Result<Element, E> {
                Ok(Element::Seconds(seconds))
            }

            fn visit_u64<E: Error>(self, seconds: u64) -> Result<Element, E> {
                Ok(Element::Seconds(seconds as f64))
            }

            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Element, E> {
                Ok(Element::Seconds(seconds as f64))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Element, E> {
                Ok(Element::Text(text.parse().ok()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Value,
    Histogram,
    #[serde(other)]
    Other,
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (seconds, Value(value)) = <(f64, Value)>::deserialize(deserializer)?;
        Ok(Self { seconds, value })
    }
}

/// A number as a text, since JSON has neither NaN nor infinities.
struct Value(f64);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number as a string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
                text.parse().map(Value).map_err(|_| E::custom("no number"))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
#[path = "promql_tests.rs"]
mod tests;
