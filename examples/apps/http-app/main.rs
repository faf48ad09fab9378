//! An HTTP server whose `/work?ms=50` takes 50 milliseconds. It counts requests in `http_requests_total`.

use std::collections::BTreeMap;

use axum::{extract::Query, routing::get};
use csop_examples::{Failure, pages, start, work};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (requests, pages) = pages("http_requests", "Requests of /work that have been answered");
    let answer = async move |Query(query): Query<BTreeMap<String, u64>>| {
        work(query.get("ms").copied().unwrap_or(10)).await;
        requests.inc();
        "done\n"
    };
    let (_, served) = start(pages.route("/work", get(answer))).await?;
    served.await
}
