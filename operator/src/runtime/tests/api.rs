//! An API server in memory, as far as the runtime needs one: server-side apply with owners of fields, deletes with
//! preconditions, lists. Watches stay silent, so that nothing but our own writes keeps the caches right.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use csop_shared::fields::{self, Fields};
use http::{Method, Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use serde_json::{Map, Value, json};

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) body: Value,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    seen: Vec<Seen>,
    refusals: Vec<(String, u16, String)>,
    hiccups: Vec<(String, u16, String)>,
    frozen: BTreeMap<String, Value>,
    version: u64,
}

/// The server.
#[derive(Clone, Default)]
pub(super) struct Api {
    state: Arc<Mutex<State>>,
}

impl Api {
    /// A client of this server.
    pub(super) fn client(&self) -> Client {
        let (service, mut handle) = tower_test::mock::pair::<Request<Body>, Response<Body>>();
        let api = self.clone();
        tokio::spawn(async move {
            while let Some((request, send)) = handle.next_request().await {
                if request.uri().query().is_some_and(|q| q.contains("watch=true")) {
                    // Holding the answer back keeps the watch open.
                    tokio::spawn(async move {
                        std::future::pending::<()>().await;
                        drop(send);
                    });
                    continue;
                }
                let (parts, body) = request.into_parts();
                let body = body.collect_bytes().await.unwrap();
                let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                let seen = Seen {
                    method: parts.method,
                    path: parts.uri.path().to_owned(),
                    query: parts.uri.query().unwrap_or_default().to_owned(),
                    body,
                };
                let (code, answer) = api.answer(seen);
                let answer =
                    Response::builder().status(code).body(Body::from(answer.to_string().into_bytes()));
                send.send_response(answer.unwrap());
            }
        });
        Client::new(service, "default")
    }

    /// Puts an object there, as somebody else would.
    pub(super) fn put(&self, path: &str, mut object: Value) -> Value {
        let mut state = self.state.lock().unwrap();
        state.stamp(&mut object, path);
        state.objects.insert(path.to_owned(), object.clone());
        object
    }

    /// Stores this as the data of an object from now on, whatever is applied.
    pub(super) fn freeze(&self, path: &str, data: Value) {
        let mut object = self.get(path).unwrap();
        object["data"] = data.clone();
        self.put(path, object);
        self.state.lock().unwrap().frozen.insert(path.to_owned(), data);
    }

    /// Takes an object away, as somebody else would.
    pub(super) fn remove(&self, path: &str) {
        self.state.lock().unwrap().objects.remove(path);
    }

    pub(super) fn get(&self, path: &str) -> Option<Value> {
        self.state.lock().unwrap().objects.get(path).cloned()
    }

    /// Answers requests whose method and path begin like this with a failure.
    pub(super) fn refuse(&self, request: &str, code: u16, message: &str) {
        self.state.lock().unwrap().refusals.push((request.into(), code, message.into()));
    }

    /// Answers the next request whose method and path begin like this with a failure.
    pub(super) fn refuse_once(&self, request: &str, code: u16, message: &str) {
        self.state.lock().unwrap().hiccups.push((request.into(), code, message.into()));
    }

    pub(super) fn relent(&self) {
        self.state.lock().unwrap().refusals.clear();
    }

    /// All requests since the last call of this or `writes`.
    pub(super) fn requests(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state.lock().unwrap().seen)
    }

    /// The requests that change something, but for events, since the last call.
    pub(super) fn writes(&self) -> Vec<Seen> {
        self.requests()
            .into_iter()
            .filter(|s| s.method != Method::GET && !s.path.contains("/events"))
            .collect()
    }

    /// The reasons of the events since the last call of this or `writes`.
    pub(super) fn events(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let events = state.seen.iter().filter(|s| s.path.contains("/events"));
        events.map(|s| s.body["reason"].as_str().unwrap_or_default().to_owned()).collect()
    }

    fn answer(&self, seen: Seen) -> (StatusCode, Value) {
        let mut state = self.state.lock().unwrap();
        state.seen.push(seen.clone());
        let line = format!("{} {}", seen.method, seen.path);
        if let Some((_, code, message)) = state.refusals.iter().find(|(start, ..)| line.starts_with(start)) {
            return failure(*code, message);
        }
        if let Some(at) = state.hiccups.iter().position(|(start, ..)| line.starts_with(start)) {
            let (_, code, message) = state.hiccups.remove(at);
            return failure(code, &message);
        }
        if seen.path.contains("/events") {
            return (StatusCode::CREATED, seen.body);
        }
        match seen.method.as_str() {
            "PATCH" if seen.query.contains("fieldManager=") => state.apply(&seen),
            "PUT" => state.replace(&seen),
            "DELETE" => state.delete(&seen),
            _ => state.read(&seen.path),
        }
    }
}

fn failure(code: u16, message: &str) -> (StatusCode, Value) {
    let reason = if code == 404 { "NotFound" } else { "Failed" };
    let body =
        json!({"kind": "Status", "status": "Failure", "code": code, "message": message, "reason": reason});
    (StatusCode::from_u16(code).unwrap(), body)
}

impl State {
    fn stamp(&mut self, object: &mut Value, path: &str) {
        // The first object is written when storage has counted to 2.
        self.version = self.version.max(1) + 1;
        let meta = &mut object["metadata"];
        meta["resourceVersion"] = json!(self.version.to_string());
        meta["namespace"] = json!("n");
        meta["name"] = json!(path.rsplit('/').next());
        if meta["uid"].is_null() {
            meta["uid"] = json!(format!("uid-{}", self.version));
            meta["creationTimestamp"] = json!("2024-01-01T00:00:00Z");
        }
    }

    fn read(&self, path: &str) -> (StatusCode, Value) {
        if let Some(object) = self.objects.get(path) {
            return (StatusCode::OK, object.clone());
        }
        if path.ends_with("s")
            && path.split('/').next_back().is_some_and(|l| l.ends_with("s") && !l.contains('-'))
        {
            let under = |p: &&String| {
                let collection = path.rsplit('/').next().unwrap();
                p.contains(&format!("/{collection}/"))
            };
            let items: Vec<&Value> = self.objects.keys().filter(under).map(|p| &self.objects[p]).collect();
            return (
                StatusCode::OK,
                json!({"metadata": {"resourceVersion": self.version.to_string()}, "items": items}),
            );
        }
        failure(404, "not found")
    }

    fn apply(&mut self, seen: &Seen) -> (StatusCode, Value) {
        let status = seen.path.ends_with("/status");
        let path = seen.path.trim_end_matches("/status").to_owned();
        let manager = seen.query.split('&').find_map(|p| p.strip_prefix("fieldManager=")).unwrap();
        let manager = manager.replace("%2F", "/");
        let before = self.objects.get(&path).cloned();
        let wanted_uid = &seen.body["metadata"]["uid"];
        if before.is_none() && (wanted_uid.is_string() || status) {
            return failure(if status { 404 } else { 409 }, "no existing object was found");
        }
        let mut object = before.clone().unwrap_or_else(|| json!({"metadata": {}}));
        let wanted_version = &seen.body["metadata"]["resourceVersion"];
        let has_other_version = |o: &Value| o["metadata"]["resourceVersion"] != *wanted_version;
        if wanted_version.is_string() && before.as_ref().is_some_and(has_other_version) {
            return failure(409, "the object has been modified");
        }
        let mut body = seen.body.clone();
        for key in ["uid", "resourceVersion", "namespace", "name"] {
            body["metadata"].as_object_mut().unwrap().remove(key);
        }
        own(&mut object, &manager, &fields_of(&body));
        merge(&mut object, &body);
        if let Some(data) = self.frozen.get(&path) {
            object["data"] = data.clone();
        }
        if before.as_ref() != Some(&object) {
            self.stamp(&mut object, &path);
            self.objects.insert(path, object.clone());
        }
        (StatusCode::OK, object)
    }

    fn replace(&mut self, seen: &Seen) -> (StatusCode, Value) {
        let version = &self.objects[&seen.path]["metadata"]["resourceVersion"];
        if *version != seen.body["metadata"]["resourceVersion"] {
            return failure(409, "the object has been modified");
        }
        let mut object = seen.body.clone();
        self.stamp(&mut object, &seen.path);
        self.objects.insert(seen.path.clone(), object.clone());
        (StatusCode::OK, object)
    }

    fn delete(&mut self, seen: &Seen) -> (StatusCode, Value) {
        let Some(object) = self.objects.get(&seen.path) else { return failure(404, "not found") };
        if object["metadata"]["uid"] != seen.body["preconditions"]["uid"] {
            return failure(409, "the UID does not match");
        }
        self.objects.remove(&seen.path);
        (StatusCode::OK, json!({"kind": "Status", "apiVersion": "v1", "status": "Success"}))
    }
}

/// Makes `manager` the owner of `fields`, and removes what it owned before and nobody owns now.
fn own(object: &mut Value, manager: &str, fields: &Fields) {
    let managed = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let mut now: Vec<Value> = vec![];
    let mut kept = fields.clone();
    let mut lost = Fields::new();
    for entry in managed {
        let set = entry["fieldsV1"].as_object().cloned().unwrap();
        if entry["manager"] == manager && entry["operation"] == "Apply" {
            lost = set;
        } else {
            fields::add(&mut kept, &set);
            now.push(entry);
        }
    }
    fields::remove(object, &fields::subtract(&lost, &kept));
    now.push(json!({"manager": manager, "operation": "Apply", "fieldsV1": fields}));
    object["metadata"]["managedFields"] = json!(now);
}

fn fields_of(value: &Value) -> Fields {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| !matches!(key.as_str(), "apiVersion" | "kind"))
            .map(|(key, value)| (format!("f:{key}"), Value::Object(fields_of(value))))
            .collect(),
        Value::Array(list) if list.iter().all(|item| item["name"].is_string()) => list
            .iter()
            .map(|item| {
                let mut set = fields_of(item);
                set.insert(".".into(), json!({}));
                (format!("k:{}", json!({"name": item["name"]})), Value::Object(set))
            })
            .collect(),
        _ => Map::new(),
    }
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(from)) if from.iter().all(|item| item["name"].is_string()) => {
            for item in from {
                match into.iter_mut().find(|other| other["name"] == item["name"]) {
                    Some(other) => merge(other, item),
                    None => into.push(item.clone()),
                }
            }
        }
        (into, from) => *into = from.clone(),
    }
}
