//! Leader election: of all replicas, the one that holds the lease acts. It stops by its own clock when it cannot renew the
//! lease, before anybody else may take it, and goes on when it has it again.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Api, ObjectMeta, PostParams};
use kube::{Client, Error};

use super::lease::{Sighting, Timing, held, released};
use super::mandate::Mandate;
use super::metrics::Metrics;

/// How long the return of the lease may take at the end.
const FAREWELL: Duration = Duration::from_secs(2);

/// Who takes part in an election, and where.
#[derive(Clone, Debug)]
pub struct Candidacy {
    /// Namespace of the lease.
    pub namespace: String,
    /// Name of the lease.
    pub lease: String,
    /// Name of this process; no other candidate may have it.
    pub identity: String,
    /// After this long without a renewal, others may take the lease.
    pub duration: Duration,
}

/// Takes part in the election for one process.
pub(super) struct Election {
    api: Api<Lease>,
    name: String,
    identity: String,
    timing: Timing,
    mandate: Mandate,
    metrics: Arc<Metrics>,
    /// The lease as we wrote it, while nobody else is known to have written it.
    own: Option<Lease>,
    /// The lease as it was read last.
    seen: Option<Sighting>,
    leading: bool,
    failing: bool,
}

/// The lease changed between reading and writing it.
fn is_overtaken(error: &Error) -> bool {
    matches!(error, Error::Api(status) if [404, 409].contains(&status.code))
}

impl Election {
    /// The client must not depend on the mandate.
    pub(super) fn new(client: Client, candidacy: Candidacy, mandate: Mandate, metrics: Arc<Metrics>) -> Self {
        Self {
            api: Api::namespaced(client, &candidacy.namespace),
            name: candidacy.lease,
            identity: candidacy.identity,
            timing: Timing { lasts: candidacy.duration },
            mandate,
            metrics,
            own: None,
            seen: None,
            leading: false,
            failing: false,
        }
    }

    /// Takes part until `resign` is done, and then gives the lease back. Everything that acts must have ended by then.
    pub(super) async fn run(mut self, resign: impl Future<Output = ()>) {
        let campaign = async {
            loop {
                let pause = self.round().await;
                tokio::time::sleep(pause).await;
            }
        };
        tokio::select! {
            biased;
            () = resign => {}
            () = campaign => {}
        }
        self.mandate.end();
        match tokio::time::timeout(FAREWELL, self.release()).await {
            Ok(Ok(true)) => tracing::info!("gave the lease back"),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "cannot give the lease back"),
            Err(_) => tracing::warn!("cannot give the lease back in time"),
        }
        self.metrics.leads(false);
    }

    /// One attempt to hold the lease; returns how long to wait for the next.
    async fn round(&mut self) -> Duration {
        let (begun, limit) = (Instant::now(), self.timing.attempts_for());
        let limit = if self.leading { limit.min(self.mandate.left()) } else { limit };
        let pause = match tokio::time::timeout(limit, self.attempt()).await {
            Ok(Ok(pause)) => {
                self.failing = false;
                match &self.own {
                    Some(_) => self.mandate.extend(begun + self.timing.acts_for()),
                    None => self.mandate.end(),
                }
                pause
            }
            Ok(Err(error)) => self.failed(&error.to_string()),
            Err(_) => self.failed("no answer in time"),
        };
        self.tell();
        pause
    }

    fn failed(&mut self, reason: &str) -> Duration {
        if !std::mem::replace(&mut self.failing, true) {
            tracing::warn!(lease = self.name, reason, "cannot read or renew the lease; it is tried again");
        }
        let pause = self.timing.looks_every();
        if self.leading { pause.min(self.mandate.left()) } else { pause }
    }

    /// Ends a mandate that has run out, and tells of changes.
    fn tell(&mut self) {
        let leads = self.mandate.is_valid();
        if !leads {
            self.mandate.end();
        }
        match (std::mem::replace(&mut self.leading, leads), leads) {
            (false, true) => tracing::info!(identity = self.identity, "leading"),
            (true, false) => tracing::warn!(identity = self.identity, "no longer leading"),
            _ => {}
        }
        self.metrics.leads(leads);
    }

    async fn attempt(&mut self) -> Result<Duration, Error> {
        if let Some(own) = self.own.clone() {
            match self.write(own).await {
                Err(error) if is_overtaken(&error) => self.own = None,
                written => return written,
            }
        }
        let Some(lease) = self.api.get_opt(&self.name).await? else {
            let name = Some(self.name.clone());
            return self
                .contend(Lease { metadata: ObjectMeta { name, ..Default::default() }, ..Default::default() })
                .await;
        };
        let now = Instant::now();
        let before = self.seen.take();
        let knew = before.as_ref().and_then(Sighting::holder).map(str::to_owned);
        let seen = Sighting::of(&lease, before, now);
        let wait = seen.taken_in(&self.identity, &self.timing, now);
        if seen.holder() != knew.as_deref() && !wait.is_zero() {
            tracing::info!(leader = seen.holder(), "standing by");
        }
        self.seen = Some(seen);
        if wait.is_zero() { self.contend(lease).await } else { Ok(wait.min(self.timing.looks_every())) }
    }

    /// Tries to take the lease; somebody else may be faster.
    async fn contend(&mut self, lease: Lease) -> Result<Duration, Error> {
        match self.write(lease).await {
            Err(error) if is_overtaken(&error) => Ok(self.timing.looks_every()),
            written => written,
        }
    }

    /// Writes the lease as held by us, unless it has changed since it was read.
    async fn write(&mut self, lease: Lease) -> Result<Duration, Error> {
        let exists = lease.metadata.resource_version.is_some();
        let lease = held(lease, &self.identity, &self.timing, Timestamp::now());
        let params = PostParams::default();
        let written = match exists {
            true => self.api.replace(&self.name, &params, &lease).await?,
            false => self.api.create(&params, &lease).await?,
        };
        self.own = Some(written);
        Ok(self.timing.renews_every())
    }

    /// Gives the lease back, if it is ours; returns whether it was.
    async fn release(&self) -> Result<bool, Error> {
        // An attempt may have been cut off: what it wrote is not known.
        let Some(lease) = self.api.get_opt(&self.name).await? else { return Ok(false) };
        let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref());
        if holder != Some(&self.identity) {
            return Ok(false);
        }
        let lease = released(lease, Timestamp::now());
        self.api.replace(&self.name, &PostParams::default(), &lease).await.map(|_| true)
    }
}
