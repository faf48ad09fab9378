//! The requests that the API server was asked to change something with, read from its audit log.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use serde::Deserialize;
use serde_json::json;

use crate::{Error, namespace::unique, wait};

/// A place in the audit log, to look from there on.
#[derive(Debug, Clone, Copy)]
pub struct Mark(u64);

/// A request that wanted to change something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Who made it.
    pub user: String,
    /// The program that made it, in its own words.
    pub agent: String,
    /// `create`, `update`, `patch`, `delete` or `deletecollection`.
    pub verb: String,
    /// The API group, empty for the core.
    pub group: String,
    /// The resource, with its subresource after a slash.
    pub resource: String,
    /// The namespace, empty for objects of the cluster.
    pub namespace: String,
    /// The name; empty in a create that was refused.
    pub name: String,
    /// The code of the response.
    pub code: u16,
}

/// The audit log of a local control plane.
#[derive(Clone)]
pub struct Requests {
    log: PathBuf,
    client: Client,
}

impl Write {
    /// Whether it is about an event or a lease, which come and go without anybody's doing.
    pub fn is_upkeep(&self) -> bool {
        matches!(
            (self.group.as_str(), self.resource.as_str()),
            ("" | "events.k8s.io", "events") | ("coordination.k8s.io", "leases")
        )
    }
}

impl Requests {
    pub(crate) fn new(log: PathBuf, client: Client) -> Self {
        Self { log, client }
    }

    /// Remembers this moment.
    ///
    /// # Panics
    /// When the API server does not answer or does not write its log.
    pub async fn mark(&self) -> Mark {
        let start = std::fs::metadata(&self.log).map_or(0, |metadata| metadata.len());
        let end = self.settled(start).await.1;
        Mark(end)
    }

    /// The requests since then that wanted to change something, refused ones too, but for events, leases and tokens.
    ///
    /// # Panics
    /// When the API server does not answer or does not write its log.
    pub async fn mutating(&self, since: Mark) -> Vec<Write> {
        let all = self.all(since).await;
        all.into_iter()
            .filter(|write| !write.is_upkeep() && write.resource != "serviceaccounts/token")
            .collect()
    }

    /// All requests since then that wanted to change something.
    ///
    /// # Panics
    /// When the API server does not answer or does not write its log.
    pub async fn all(&self, since: Mark) -> Vec<Write> {
        self.settled(since.0).await.0
    }

    /// Makes a request of its own and waits until that is in the log, because then those before it are too.
    async fn settled(&self, start: u64) -> (Vec<Write>, u64) {
        let name = format!("{MARK}{}", unique());
        let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), "default");
        // There is no such object, so this changes nothing.
        let _ = api.patch(&name, &PatchParams::default(), &Patch::Merge(json!({}))).await;
        wait::until_ok(Duration::from_secs(10), "the audit log is written", async || {
            let (writes, end) = read(&self.log, start).map_err(|error| error.to_string())?;
            match writes.iter().any(|write| write.name == name) {
                true => Ok((writes.into_iter().filter(|write| !write.name.starts_with(MARK)).collect(), end)),
                false => Err("a request is missing in it".to_owned()),
            }
        })
        .await
    }
}

const MARK: &str = "audit-log-mark-";

/// Reads the whole lines from this place on, and returns where they end.
fn read(log: &Path, start: u64) -> Result<(Vec<Write>, u64), Error> {
    let mut file = File::open(log).map_err(Error::file("open", log))?;
    let mut text = String::new();
    file.seek(SeekFrom::Start(start)).map_err(Error::file("read", log))?;
    file.read_to_string(&mut text).map_err(Error::file("read", log))?;
    let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    let writes = whole.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok()).map(Write::from);
    Ok((writes.collect(), start + whole.len() as u64))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    verb: String,
    user: User,
    #[serde(default)]
    user_agent: String,
    #[serde(default)]
    object_ref: Object,
    #[serde(default)]
    response_status: Status,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Object {
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
    api_group: String,
}

#[derive(Deserialize, Default)]
struct Status {
    #[serde(default)]
    code: u16,
}

impl From<Entry> for Write {
    fn from(entry: Entry) -> Self {
        let object = entry.object_ref;
        let resource = match object.subresource.as_str() {
            "" => object.resource,
            subresource => format!("{}/{subresource}", object.resource),
        };
        Self {
            user: entry.user.username,
            agent: entry.user_agent,
            verb: entry.verb,
            group: object.api_group,
            resource,
            namespace: object.namespace,
            name: object.name,
            code: entry.response_status.code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_line_is_left_for_the_next_time() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let line = json!({
            "verb": "patch", "user": {"username": "me"}, "responseStatus": {"code": 200},
            "objectRef": {"resource": "deployments", "subresource": "scale", "namespace": "a", "name": "b", "apiGroup": "apps"},
        });
        std::fs::write(file.path(), format!("{line}\n{{\"verb\": \"del")).unwrap();
        let (writes, end) = read(file.path(), 0).unwrap();
        assert_eq!(writes.len(), 1);
        assert_eq!((writes[0].resource.as_str(), writes[0].code), ("deployments/scale", 200));
        assert_eq!(read(file.path(), end).unwrap().0, []);
    }
}
