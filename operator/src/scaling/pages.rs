//! What the process answers about its scalers, for the plugin: the last decisions. They hold no credentials.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use csop_shared::scale::Records;
use jiff::Timestamp;

use super::Evaluator;

/// The page of [`Records::path`].
pub fn pages(evaluator: Arc<Evaluator>) -> Router {
    let path = Records::path("{namespace}", "{name}");
    Router::new().route(&path, get(records)).with_state(evaluator)
}

async fn records(
    State(evaluator): State<Arc<Evaluator>>,
    Path((namespace, name)): Path<(String, String)>,
) -> Response {
    match evaluator.records(&namespace, &name) {
        Some(records) => Json(Records { as_of: Timestamp::now(), records }).into_response(),
        None => {
            let message = format!("GeneralScaler {namespace}/{name} is not decided here\n");
            (StatusCode::NOT_FOUND, message).into_response()
        }
    }
}
