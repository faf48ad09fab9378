//! Series from Prometheus' range API.

use super::plain::{self, Refusal};
use crate::error::Error;
use csop_shared::api::general_scaler::Reduce;
use http::Uri;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// A server answers at most 11,000 points of a series at once.
const POINTS: i64 = 10_000;

/// A value for each time.
pub type Values = BTreeMap<Timestamp, f64>;

/// A range of time.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The first time.
    pub from: Timestamp,
    /// The last time.
    pub to: Timestamp,
    /// Seconds between two times.
    pub step: i64,
}

/// A server, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct Server<'a> {
    /// Its address.
    pub url: &'a Uri,
    /// How long one request may take.
    pub timeout: Duration,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: Vec<Matrix>,
}

#[derive(Deserialize)]
struct Matrix {
    #[serde(default)]
    values: Vec<(f64, String)>,
}

impl Server<'_> {
    /// The values of a query over a range of time, several series made one.
    ///
    /// # Errors
    /// When the server cannot be reached, or refuses the query.
    pub async fn range(&self, what: &str, query: &str, span: Span, reduce: Reduce) -> Result<Values, Error> {
        let wrong = |reason: String| Error::Metrics {
            what: what.to_owned(),
            server: plain::address(self.url),
            reason,
        };
        let mut all = BTreeMap::<Timestamp, Vec<f64>>::new();
        let mut from = span.from;
        while from <= span.to {
            let to = (from + SignedDuration::from_secs(span.step * (POINTS - 1))).min(span.to);
            let path = format!(
                "/api/v1/query_range?query={}&start={}&end={}&step={}",
                plain::escaped(query),
                from.as_second(),
                to.as_second(),
                span.step
            );
            let text = match tokio::time::timeout(self.timeout, plain::get(self.url, &path)).await {
                Ok(Ok(text)) => text,
                Ok(Err(Refusal::Other(reason))) => return Err(wrong(reason)),
                Ok(Err(Refusal::NotFound)) => return Err(wrong("it has no /api/v1/query_range".to_owned())),
                Err(_) => return Err(wrong(format!("no answer in {}", crate::duration::text(self.timeout)))),
            };
            read(&text, &mut all).map_err(wrong)?;
            from = to + SignedDuration::from_secs(span.step);
        }
        all.into_iter().map(|(time, values)| Ok((time, one(&values, reduce).map_err(wrong)?))).collect()
    }
}

fn read(text: &str, all: &mut BTreeMap<Timestamp, Vec<f64>>) -> Result<(), String> {
    let answer: Answer = serde_json::from_str(text)
        .map_err(|error| format!("the answer makes no sense ({error}): is it a Prometheus?"))?;
    if answer.data.result_type != "matrix" {
        return Err(format!("the answer is a {}, and no series over time", answer.data.result_type));
    }
    for (seconds, value) in answer.data.result.iter().flat_map(|series| &series.values) {
        let time = Timestamp::from_microsecond((seconds * 1e6).round() as i64);
        let time = time.map_err(|_| format!("{seconds} is no time"))?;
        let value = value.parse().map_err(|_| format!("{value:?} is no number"))?;
        all.entry(time).or_default().push(value);
    }
    Ok(())
}

/// One value of those of several series.
fn one(values: &[f64], reduce: Reduce) -> Result<f64, String> {
    Ok(match reduce {
        Reduce::Single if values.len() > 1 => {
            return Err("the answer has several series, but reduce is Single".to_owned());
        }
        Reduce::Single | Reduce::Sum => values.iter().sum(),
        Reduce::Avg => values.iter().sum::<f64>() / values.len() as f64,
        Reduce::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Reduce::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"pod":"a"},"values":[[1764230400,"1.5"],[1764230415.0,"2"]]},
        {"metric":{"pod":"b"},"values":[[1764230415,"4"]]}]}}"#;

    #[test]
    fn several_series_become_one() {
        let mut all = BTreeMap::new();
        read(ANSWER, &mut all).unwrap();
        let values: Vec<_> = all.into_values().collect();
        assert_eq!(values, [vec![1.5], vec![2.0, 4.0]]);
        for (reduce, want) in [(Reduce::Sum, 6.0), (Reduce::Max, 4.0), (Reduce::Min, 2.0), (Reduce::Avg, 3.0)]
        {
            assert_eq!(one(&values[1], reduce), Ok(want));
        }
        assert!(one(&values[1], Reduce::Single).unwrap_err().contains("several series"));
        assert_eq!(one(&values[0], Reduce::Single), Ok(1.5));
    }

    #[test]
    fn what_is_no_answer_of_prometheus_says_so() {
        let read = |text: &str| read(text, &mut BTreeMap::new()).unwrap_err();
        assert!(read("<html>").contains("is it a Prometheus?"));
        assert!(read(r#"{"data":{"resultType":"vector","result":[]}}"#).contains("is a vector"));
        assert!(
            read(r#"{"data":{"resultType":"matrix","result":[{"values":[[1,"x"]]}]}}"#)
                .contains("\"x\" is no number")
        );
    }
}
