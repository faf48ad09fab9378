//! As much of Google Cloud as the source pubsub talks to: the token endpoint, the metadata server, both calls of Cloud Monitoring. It
//! refuses what the real one refuses, in the same form.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use axum::{
    Form, Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub const EMAIL: &str = "scaler@shop-prod.iam.gserviceaccount.com";
pub const PROJECT: &str = "shop-prod";
pub const SUBSCRIPTION: &str = "orders";
const KEY: &str = include_str!("service-account.pem");
const SCOPE: &str = "https://www.googleapis.com/auth/monitoring.read";

/// How this Google Cloud is, and what happened to it.
#[derive(Debug)]
pub struct Settings {
    /// Whether the account's key is known.
    pub knows_key: bool,
    /// Whether pods have an identity.
    pub workload_identity: bool,
    /// With what the PromQL endpoint refuses everybody.
    pub promql_refuses: Option<StatusCode>,
    /// Whether the account may read metrics.
    pub permitted: bool,
    /// Seconds that a token lives.
    pub expires_in: u64,
    pub backlog: Option<i64>,
    pub oldest_age: i64,
    pub point: Timestamp,
    /// Tokens that are good.
    pub tokens: BTreeSet<String>,
    /// Paths of requests, in order.
    pub requests: Vec<String>,
    granted: usize,
}

#[derive(Clone)]
pub struct Google {
    pub address: String,
    settings: Arc<Mutex<Settings>>,
}

impl Google {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let settings = Settings {
            knows_key: true,
            workload_identity: true,
            promql_refuses: None,
            permitted: true,
            expires_in: 3600,
            backlog: Some(1234),
            oldest_age: 77,
            // A whole second, as points have it.
            point: Timestamp::from_second(Timestamp::now().as_second() - 150).unwrap(),
            tokens: BTreeSet::new(),
            requests: vec![],
            granted: 0,
        };
        let google = Self { address, settings: Arc::new(Mutex::new(settings)) };
        let router = Router::new()
            .route("/token", post(token))
            .route("/computeMetadata/v1/instance/service-accounts/default/token", get(metadata))
            .route("/v1/projects/{project}/location/global/prometheus/api/v1/query", get(promql))
            .route("/v3/projects/{project}/timeSeries", get(time_series))
            .with_state(google.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        google
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn set<T>(&self, change: impl FnOnce(&mut Settings) -> T) -> T {
        change(&mut self.settings.lock().unwrap())
    }

    /// How many requests there were whose path contains this.
    pub fn count(&self, part: &str) -> usize {
        self.set(|settings| settings.requests.iter().filter(|path| path.contains(part)).count())
    }

    /// The key of the account, as Google gives it out.
    pub fn key(&self) -> Value {
        let pem = KEY.split_once('\n').unwrap().1;
        json!({
            "type": "service_account", "project_id": PROJECT, "private_key_id": "0123456789abcdef",
            "private_key": pem, "client_email": EMAIL, "client_id": "1",
            "token_uri": format!("{}/token", self.endpoint()),
        })
    }

    fn grant(&self) -> Response {
        self.set(|settings| {
            settings.granted += 1;
            let token = format!("ya29.secret-{}", settings.granted);
            settings.tokens.insert(token.clone());
            Json(json!({"access_token": token, "expires_in": settings.expires_in, "token_type": "Bearer"}))
                .into_response()
        })
    }

    /// Why this request may not read metrics of the project.
    fn refusal(&self, path: &str, headers: &HeaderMap, project: &str) -> Option<Response> {
        let bearer =
            headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        self.set(|settings| {
            settings.requests.push(path.to_owned());
            if !bearer.is_some_and(|token| settings.tokens.contains(token)) {
                let message = "Request had invalid authentication credentials.";
                return Some(error(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message));
            }
            if project != PROJECT || !settings.permitted {
                let message = format!(
                    "Permission monitoring.timeSeries.list denied (or the resource may not exist): projects/{project}"
                );
                return Some(error(StatusCode::FORBIDDEN, "PERMISSION_DENIED", &message));
            }
            None
        })
    }
}

fn error(status: StatusCode, name: &str, message: &str) -> Response {
    let body = json!({"error": {"code": status.as_u16(), "message": message, "status": name}});
    (status, Json(body)).into_response()
}

async fn token(State(google): State<Google>, Form(form): Form<BTreeMap<String, String>>) -> Response {
    google.set(|settings| settings.requests.push("/token".to_owned()));
    let granted =
        form.get("grant_type").map(String::as_str) == Some("urn:ietf:params:oauth:grant-type:jwt-bearer");
    match form.get("assertion").filter(|_| granted).map(|assertion| google.verify(assertion)) {
        None => denied("unsupported_grant_type", "Invalid grant_type"),
        Some(Err(problem)) => denied("invalid_grant", problem),
        Some(Ok(())) => google.grant(),
    }
}

fn denied(error: &str, description: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error, "error_description": description}))).into_response()
}

impl Google {
    fn verify(&self, assertion: &str) -> Result<(), &'static str> {
        let (signed, signature) = assertion.rsplit_once('.').ok_or("Invalid JWT")?;
        let (header, claims) = signed.split_once('.').ok_or("Invalid JWT")?;
        let json = |text: &str| serde_json::from_slice::<Value>(&decoded(text)?).ok();
        let (header, claims) = (json(header).ok_or("Invalid JWT")?, json(claims).ok_or("Invalid JWT")?);
        let key = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
        let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public());
        let signature = decoded(signature).ok_or("Invalid JWT")?;
        let valid = public.verify(signed.as_bytes(), &signature).is_ok();
        if header["alg"] != "RS256" || !valid || !self.set(|settings| settings.knows_key) {
            return Err("Invalid JWT Signature.");
        }
        let now = Timestamp::now().as_second();
        let (issued, expires) = (claims["iat"].as_i64().unwrap_or(0), claims["exp"].as_i64().unwrap_or(0));
        if (issued - now).abs() > 300 || expires <= now || expires - issued > 3600 {
            return Err(
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
            );
        }
        if claims["iss"] != EMAIL {
            return Err("Invalid grant: account not found");
        }
        if claims["aud"] != format!("{}/token", self.endpoint()) {
            return Err("Invalid JWT: Failed audience check.");
        }
        if claims["scope"] != SCOPE {
            return Err("Invalid OAuth scope");
        }
        Ok(())
    }
}

async fn metadata(
    State(google): State<Google>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    google.set(|settings| settings.requests.push("/computeMetadata".to_owned()));
    if headers.get("metadata-flavor").is_none_or(|flavor| flavor != "Google") {
        return (StatusCode::FORBIDDEN, "Missing Metadata-Flavor:Google header.").into_response();
    }
    if !google.set(|settings| settings.workload_identity) {
        return (StatusCode::NOT_FOUND, "404 page not found").into_response();
    }
    assert_eq!(query["scopes"], SCOPE);
    google.grant()
}

async fn promql(
    State(google): State<Google>,
    Path(project): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if let Some(status) = google.set(|settings| settings.promql_refuses) {
        google.set(|settings| settings.requests.push("/promql".to_owned()));
        return error(status, "PERMISSION_DENIED", "The method is not available.");
    }
    if let Some(refusal) = google.refusal("/promql", &headers, &project) {
        return refusal;
    }
    let labels = |name: &str| {
        format!(
            "{name}{{monitored_resource=\"pubsub_subscription\",project_id=\"{PROJECT}\",subscription_id=\"{SUBSCRIPTION}\"}}"
        )
    };
    let asked = &query["query"];
    google.set(|settings| {
        let value = if *asked == labels("pubsub_googleapis_com:subscription_num_undelivered_messages") {
            settings.backlog
        } else if *asked == labels("pubsub_googleapis_com:subscription_oldest_unacked_message_age") {
            Some(settings.oldest_age)
        } else if asked.contains("subscription_id=\"unknown\"") {
            None
        } else {
            let message = "invalid parameter \"query\": parse error";
            let body = json!({"status": "error", "errorType": "bad_data", "error": message});
            return (StatusCode::BAD_REQUEST, Json(body)).into_response();
        };
        let series = value.map(|value| {
            json!({
                "metric": {"__name__": "m", "project_id": PROJECT, "subscription_id": SUBSCRIPTION},
                "value": [settings.point.as_second(), value.to_string()],
            })
        });
        let result: Vec<_> = series.into_iter().collect();
        Json(json!({"status": "success", "data": {"resultType": "vector", "result": result}})).into_response()
    })
}

async fn time_series(
    State(google): State<Google>,
    Path(project): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = google.refusal("/timeSeries", &headers, &project) {
        return refusal;
    }
    let filter = &query["filter"];
    let time = |name: &str| query[name].parse::<Timestamp>().unwrap();
    let (start, end) = (time("interval.startTime"), time("interval.endTime"));
    google.set(|settings| {
        let value = if filter
            .contains("metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\"")
        {
            settings.backlog
        } else if filter
            .contains("metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\"")
        {
            Some(settings.oldest_age)
        } else {
            let message =
                "Field filter had an invalid value: The lefthand side of each expression must be prefixed";
            return error(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", message);
        };
        let known = filter.contains(&format!("resource.labels.subscription_id = \"{SUBSCRIPTION}\""));
        let within = start <= settings.point && settings.point <= end;
        let Some(value) = value.filter(|_| known && within) else {
            return Json(json!({"unit": "1"})).into_response();
        };
        let point = |time: Timestamp, value: i64| {
            json!({
                "interval": {"startTime": time.to_string(), "endTime": time.to_string()},
                "value": {"int64Value": value.to_string()},
            })
        };
        let earlier = settings.point - SignedDuration::from_mins(1);
        Json(json!({
            "timeSeries": [{
                "metric": {"type": "pubsub.googleapis.com/subscription/num_undelivered_messages"},
                "resource": {
                    "type": "pubsub_subscription",
                    "labels": {"project_id": PROJECT, "subscription_id": SUBSCRIPTION},
                },
                "metricKind": "GAUGE", "valueType": "INT64",
                "points": [point(settings.point, value), point(earlier, value + 5)],
            }],
            "unit": "1",
        }))
        .into_response()
    })
}

/// Base64 for addresses (RFC 4648, section 5).
fn decoded(text: &str) -> Option<Vec<u8>> {
    let sextet = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    };
    let (mut bytes, mut bits, mut held) = (vec![], 0, 0u32);
    for c in text.bytes() {
        held = held << 6 | u32::from(sextet(c)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    Some(bytes)
}
