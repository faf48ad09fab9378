//! What the Secrets of scalers hold, read again only when they change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use csop_shared::api::general_scaler::AuthRef;
use k8s_openapi::api::core::v1::Secret;
use kube::api::Api;

use crate::metric_sources::Credentials;
use crate::runtime::context::Context;
use crate::runtime::error::Error;

/// Namespace, name and fingerprint of a Secret.
type Version = (String, String, String);

/// A Secret and the fingerprint of what it held.
type Held = (String, Arc<Secret>);

/// Secrets that were read, by namespace and name.
#[derive(Debug, Default)]
pub(super) struct Wallet(Mutex<HashMap<(String, String), Held>>);

impl Wallet {
    /// What a Secret with this fingerprint holds for a source.
    ///
    /// # Errors
    /// When it cannot be read, or has none of the keys that `auth` names.
    pub(super) async fn open(
        &self,
        ctx: &Context,
        version: Version,
        auth: &AuthRef,
        field: &str,
    ) -> Result<Arc<Credentials>, Error> {
        let (namespace, name, fingerprint) = version;
        let secret = self.secret(ctx, &namespace, &name, &fingerprint).await?;
        let data = secret.data.clone().unwrap_or_default();
        if let Some((wanted, key)) = auth.keys.iter().find(|(_, key)| !data.contains_key(*key)) {
            let keys: Vec<_> = data.keys().map(String::as_str).collect();
            return Err(Error::Invalid(format!(
                "{field}.keys.{wanted} is {key}, which Secret {name} does not have: it has {}",
                if keys.is_empty() { "no keys".to_owned() } else { keys.join(", ") }
            )));
        }
        Ok(Arc::new(Credentials::new(auth, &data, &fingerprint)))
    }

    async fn secret(
        &self,
        ctx: &Context,
        namespace: &str,
        name: &str,
        fingerprint: &str,
    ) -> Result<Arc<Secret>, Error> {
        let key = (namespace.to_owned(), name.to_owned());
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((_, secret)) = known.filter(|(version, _)| version == fingerprint) {
            return Ok(secret);
        }
        let api: Api<Secret> = Api::namespaced(ctx.client().clone(), namespace);
        let attempted = || format!("read Secret {namespace}/{name}");
        let secret = Arc::new(api.get(name).await.map_err(|e| Error::api(attempted(), e))?);
        let entry = (fingerprint.to_owned(), secret.clone());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, entry);
        Ok(secret)
    }
}
