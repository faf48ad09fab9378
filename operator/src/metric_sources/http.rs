//! Any server that answers JSON with a number in it.

use std::sync::Arc;
use std::time::Duration;

use csop_shared::api::general_scaler::{HttpMethod, SourceConfig};
use csop_shared::expressions::OverBody;
use csop_shared::scale::{Invalid, Reading, Series};
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value;

use super::http_client::{Call, address, headers, timeout};
use super::json_path::JsonPath;
use super::{Credentials, Failure, Query, Sources, promql};

/// A request, and where the number is in its answer.
struct Http {
    call: Call,
    timeout: Duration,
    pick: Pick,
}

enum Pick {
    Path(JsonPath),
    Expression(OverBody),
}

/// The query of a metric.
pub(super) fn build(
    sources: &Sources,
    config: &SourceConfig,
    field: &str,
) -> Result<Arc<dyn Query>, Invalid> {
    let url_field = format!("{field}.url");
    let url = config.url.as_deref().ok_or_else(|| Invalid::new(&url_field, "is missing: say what to ask"))?;
    let url = address(&sources.hosts, url, &url_field)?;
    let headers = headers(&config.headers, &format!("{field}.headers"))?;
    let pick = pick(config, field)?;
    let method = match config.method.unwrap_or_default() {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
    };
    let call = Call::new(&sources.http, method, url).headers(headers);
    Ok(Arc::new(Http { call, timeout: timeout(config), pick }))
}

fn pick(config: &SourceConfig, field: &str) -> Result<Pick, Invalid> {
    match (&config.json_path, &config.expression) {
        (Some(path), None) => {
            let problem = |problem| Invalid::new(format!("{field}.jsonPath"), problem);
            JsonPath::new(path).map(Pick::Path).map_err(problem)
        }
        (None, Some(expression)) => {
            let problem = |problem| Invalid::new(format!("{field}.expression"), problem);
            OverBody::new(expression).map(Pick::Expression).map_err(problem)
        }
        _ => Err(Invalid::new(field, "needs either jsonPath or expression, to say where the number is")),
    }
}

impl Pick {
    /// The numbers of an answer; none where there is nothing to be found.
    fn numbers(&self, body: &Value) -> Result<Vec<f64>, String> {
        match self {
            Self::Path(path) => path.find(body)?.into_iter().map(number).collect(),
            Self::Expression(expression) => expression.numbers(body),
        }
    }
}

fn number(value: &Value) -> Result<f64, String> {
    let what = match value {
        Value::Number(number) => {
            return number.as_f64().ok_or_else(|| "a number that is too large".to_owned());
        }
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => return Ok(number),
            _ => "a text that is no number",
        },
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Array(_) => "a list: point at its elements, as by [*]",
        Value::Object(_) => "an object: point at one of its fields",
    };
    Err(format!("{what}, where a number is expected"))
}

impl Query for Http {
    fn origin(&self) -> &str {
        self.call.origin()
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn ask<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<Reading, Failure>> {
        async move {
            let answer = self.call.send(credentials).await?;
            if !answer.status.is_success() {
                return Err(self.call.refused(answer.status, credentials));
            }
            let body = serde_json::from_slice(&answer.body);
            let body: Value =
                body.map_err(|error| self.call.unusable(promql::instead(&answer.body, &error)))?;
            let numbers = self.pick.numbers(&body).map_err(|problem| self.call.unusable(&problem))?;
            Ok(reading(&numbers, Timestamp::now()))
        }
        .boxed()
    }
}

fn reading(numbers: &[f64], time: Timestamp) -> Reading {
    let values = match numbers {
        [] => return Reading::Empty { time },
        [value] => Series::One(*value),
        values => Series::Many(values.into()),
    };
    Reading::Sample { values, time, active: None, target: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_and_texts_of_numbers_are_numbers() {
        for (value, is) in [(json!(3), 3.0), (json!(-2.5), -2.5), (json!(" 1e3 "), 1000.0), (json!("7"), 7.0)]
        {
            assert_eq!(number(&value), Ok(is));
        }
    }

    #[test]
    fn anything_else_is_named() {
        for value in
            [json!(null), json!(true), json!("x"), json!("NaN"), json!("inf"), json!([1]), json!({"a": 1})]
        {
            let problem = number(&value).unwrap_err();
            assert!(problem.ends_with("where a number is expected"), "{problem}");
        }
    }
}
