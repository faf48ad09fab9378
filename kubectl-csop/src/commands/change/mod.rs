//! Changing an object of csop by a patch of its declaration: shown first, asked for, refused when the object moved.

mod patch;

use super::follow;
use super::prompt::Prompt;
use crate::client::{Cluster, Own, singular};
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::view::gitops::{self, Touched};
use crate::view::verdict::{Verdict, judge};
use clap::ValueEnum;
use csop_shared::api::CashService;
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use tokio::signal::unix::Signal;

pub use patch::between;

/// What was not done when a change is called off.
const NOTHING: &str = "nothing was changed";
/// How often a patch is tried anew when only the status of the object has moved.
const ATTEMPTS: usize = 5;

/// The options of every command that changes an object.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Change nothing: show what would change (client, the default), or have the API server check it too (server)
    #[arg(long, value_name = "WHERE", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "client")]
    pub dry_run: Option<DryRun>,
    /// Change it without asking; required without a terminal
    #[arg(short, long)]
    pub yes: bool,
}

/// How far a dry run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// Nothing is sent.
    Client,
    /// The API server checks it.
    Server,
}

impl Options {
    /// Refuses a change that nobody could agree to, before anything is asked of the cluster.
    ///
    /// # Errors
    /// When there is no terminal, and no `--yes`.
    pub fn check(&self, io: &Io) -> Result<(), Error> {
        if self.dry_run.is_some() || self.yes || io.terminal.can_ask() {
            return Ok(());
        }
        Err(Error::usage(
            "there is no terminal to ask at, so nothing is changed without --yes",
            "add --yes, or --dry-run=server to see the change first",
        ))
    }
}

/// A change of an object.
#[derive(Debug)]
pub struct Change {
    /// What is asked before it is made.
    pub question: &'static str,
    /// What has happened to the object then: `restarted`.
    pub done: &'static str,
    /// What changes, `current -> new`: one line, or several.
    pub shown: String,
    /// The merge patch.
    pub patch: Value,
    /// What it touches, for a GitOps tool that would undo it.
    pub touched: Touched,
}

/// An object that was changed.
pub struct Made<K> {
    /// The object as it is now.
    pub object: K,
    /// Ctrl-C, heard since before it was changed: it must not leave the impression that nothing happened.
    pub interrupted: Signal,
}

/// Reads the object that is to be changed.
///
/// # Errors
/// When it cannot be read, or is being deleted.
pub async fn read<K: Own>(name: &str, cluster: &Cluster) -> Result<K, Error> {
    let object: K = cluster.get(name).await?;
    if object.meta().deletion_timestamp.is_some() {
        let message = format!("{}/{name} is being deleted, so it is not changed", singular::<K>());
        return Err(Error::Precondition { message, hint: String::new() });
    }
    Ok(object)
}

/// Shows the change, asks, and makes it; nothing when it was a dry run.
///
/// # Errors
/// When the answer is no, the object has moved meanwhile, or the API server refuses.
pub async fn make<K: Own>(
    change: &Change,
    object: &K,
    options: &Options,
    cluster: &Cluster,
    io: &mut Io,
) -> Result<Option<Made<K>>, Error> {
    let (name, kind) = (object.name_any(), singular::<K>());
    let asks = options.dry_run.is_none() && !options.yes;
    if asks || !io.terminal.quiet {
        io.say(&shown(change, &format!("{kind}/{name}"), &cluster.namespace));
    }
    if let Some(warning) = gitops::warning(object.meta(), change.touched) {
        io.warn(&warning);
    }
    let written = format!("{kind}.{}/{name}", K::group(&()));
    if options.dry_run == Some(DryRun::Client) {
        io.print(&format!("{written} {} (dry run)\n", change.done))?;
        return Ok(None);
    }
    if asks && !Prompt::new(io, NOTHING).yes(change.question).await? {
        return Err(Error::Declined(NOTHING.to_owned()));
    }
    let dry = options.dry_run.is_some();
    let interrupted = follow::interrupts()?;
    let object = send(change, object, dry, cluster).await?;
    let mark = if dry { " (server dry run)" } else { "" };
    io.print(&format!("{written} {}{mark}\n", change.done))?;
    Ok((!dry).then_some(Made { object, interrupted }))
}

fn shown(change: &Change, subject: &str, namespace: &str) -> String {
    let text = change.shown.trim_end();
    let gap = if text.contains('\n') { "\n" } else { " " };
    format!("{subject} in namespace {namespace}:{gap}{text}")
}

/// Sends the patch for the version that was shown. A newer version counts as the same while only its status differs.
async fn send<K: Own>(change: &Change, shown: &K, dry_run: bool, cluster: &Cluster) -> Result<K, Error> {
    let name = shown.name_any();
    let field_manager = Some(csop_shared::names::managers::PLUGIN.to_owned());
    let params = PatchParams { dry_run, field_manager, ..PatchParams::default() };
    let mut version = shown.resource_version();
    for _ in 0..ATTEMPTS {
        let mut patch = change.patch.clone();
        patch["metadata"]["resourceVersion"] = json!(version);
        let api = cluster.api::<K>();
        let patch = Patch::Merge(&patch);
        let sent = cluster.call(cluster.on::<K>("patch", &name), api.patch(&name, &params, &patch));
        match sent.await {
            Err(Error::Moved(_)) => {}
            other => return other,
        }
        let now: K = cluster.get(&name).await?;
        if !is_same(shown, &now) {
            break;
        }
        version = now.resource_version();
    }
    Err(Error::Moved(cluster.on::<K>("patch", &name)))
}

/// Whether two versions of an object differ in nothing that an owner declares.
fn is_same<K: Own>(shown: &K, now: &K) -> bool {
    let declared = |it: &K| {
        let meta = it.meta();
        (
            it.uid(),
            meta.generation,
            it.annotations().clone(),
            it.labels().clone(),
            meta.deletion_timestamp.clone(),
        )
    };
    declared(shown) == declared(now)
}

/// What to say, and how to end, when the changed service is paused: the operator does not act on it yet.
pub fn held(service: &CashService, io: &mut Io) -> Option<Exit> {
    let paused = judge(service).verdict == Verdict::Paused;
    paused.then(|| {
        let name = service.name_any();
        io.warn(&format!("cashservice/{name} is paused: nothing happens until `kubectl csop resume {name}`"));
        Exit::Paused
    })
}
