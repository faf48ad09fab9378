//! What Cloud Monitoring answers.

use std::sync::Arc;

use csop_shared::scale::{Reading, Series};
use jiff::Timestamp;
use reqwest::StatusCode;
use serde::Deserialize;

use crate::metric_sources::answer::quoted;
use crate::metric_sources::{Failure, promql};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    time_series: Vec<TimeSeries>,
}

#[derive(Deserialize)]
struct TimeSeries {
    #[serde(default)]
    points: Vec<Point>,
}

#[derive(Deserialize)]
struct Point {
    interval: Interval,
    value: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Interval {
    end_time: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Value {
    /// A text, since JSON's numbers are not large enough everywhere.
    Int64Value(String),
    DoubleValue(f64),
}

impl Value {
    fn number(&self) -> Option<f64> {
        match self {
            Self::Int64Value(text) => text.parse::<i64>().ok().map(|number| number as f64),
            Self::DoubleValue(number) => Some(*number),
        }
    }
}

/// The latest point of each time series. Its time is that of the oldest among them.
pub(super) fn series(origin: &str, body: &[u8], now: Timestamp) -> Result<Reading, Failure> {
    let unusable =
        |problem: &str| Failure::Unusable { origin: origin.to_owned(), problem: problem.to_owned() };
    let page: Page = serde_json::from_slice(body).map_err(|error| unusable(promql::instead(body, &error)))?;
    let mut time = now;
    let mut values = vec![];
    for series in page.time_series {
        let Some(latest) = series.points.iter().max_by_key(|point| point.interval.end_time) else { continue };
        let value = latest.value.number().ok_or_else(|| unusable("a point that is no number"))?;
        time = time.min(latest.interval.end_time);
        values.push(value);
    }
    let values = match values[..] {
        [] => return Ok(Reading::Empty { time: now }),
        [value] => Series::One(value),
        _ => Series::Many(Arc::from(values)),
    };
    Ok(Reading::Sample { values, time, active: None, target: None })
}

#[derive(Deserialize)]
struct Refusal {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: String,
}

/// What an answer without success means.
pub(super) fn refusal(origin: &str, status: StatusCode, body: &[u8], project: &str) -> Failure {
    let origin = origin.to_owned();
    let words = match serde_json::from_slice::<Refusal>(body) {
        Ok(Refusal { error }) => quoted(&format!("{}: {}", error.status, error.message)),
        Err(_) => promql::refusal(body).unwrap_or_else(|| format!("it answers {status}")),
    };
    if status.is_server_error() {
        return Failure::Unreachable { origin, problem: words };
    }
    let problem = match status {
        StatusCode::UNAUTHORIZED => format!("the token is not accepted ({words})"),
        StatusCode::FORBIDDEN => format!(
            "the account may not read metrics of the project {project}: it needs the role Monitoring Viewer, and the project the Cloud \
             Monitoring API ({words})"
        ),
        StatusCode::NOT_FOUND => {
            format!("there is no project {project}, or nothing at that endpoint ({words})")
        }
        _ => words,
    };
    Failure::Refused { origin, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_point_counts_with_its_own_time() {
        let body = br#"{
          "timeSeries": [{
            "metric": {"type": "pubsub.googleapis.com/subscription/num_undelivered_messages"},
            "resource": {"type": "pubsub_subscription", "labels": {"project_id": "shop", "subscription_id": "orders"}},
            "metricKind": "GAUGE", "valueType": "INT64",
            "points": [
              {"interval": {"startTime": "2026-03-01T11:57:00Z", "endTime": "2026-03-01T11:57:00Z"}, "value": {"int64Value": "42"}},
              {"interval": {"startTime": "2026-03-01T11:56:00Z", "endTime": "2026-03-01T11:56:00Z"}, "value": {"int64Value": "7"}}
            ]
          }],
          "unit": "1"
        }"#;
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let time = "2026-03-01T11:57:00Z".parse().unwrap();
        let expected = Reading::Sample { values: Series::One(42.0), time, active: None, target: None };
        assert_eq!(series("m", body, now), Ok(expected));
        assert_eq!(series("m", b"{}", now), Ok(Reading::Empty { time: now }));
        assert!(series("m", b"<html>", now).unwrap_err().to_string().contains("HTML"));
    }

    #[test]
    fn refusals_say_what_is_needed() {
        let body = br#"{"error": {"code": 403, "message": "Permission monitoring.timeSeries.list denied", "status": "PERMISSION_DENIED"}}"#;
        let refused = refusal("m", StatusCode::FORBIDDEN, body, "shop").to_string();
        assert!(
            refused.contains("role Monitoring Viewer") && refused.contains("PERMISSION_DENIED"),
            "{refused}"
        );
        let down = refusal("m", StatusCode::SERVICE_UNAVAILABLE, b"{}", "shop");
        assert!(down.concerns_origin());
    }
}
