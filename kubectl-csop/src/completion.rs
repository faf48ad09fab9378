//! Completion of `kubectl csop ...` at the time of typing.
//!
//! kubectl runs `kubectl_complete-csop WORD... CURRENT` and reads candidates, one a line, and a last line with a
//! colon and a number: 4 for "no files", 0 for "files too".

use crate::cli::{Cli, Global};
use crate::client::{self, Cluster, Own};
use crate::commands::{history, target};
use crate::error::{Attempt, Error};
use crate::exit::Exit;
use crate::io::Io;
use clap::{Arg, ArgAction, Command, CommandFactory};
use csop_shared::api::{CashService, CashServiceScheduledScale, GeneralScaler};
use jiff::tz::TimeZoneDatabase;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// Names come from the cluster when it answers within this time, else there are none.
const PATIENCE: Duration = Duration::from_secs(2);

/// What completes a word.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// These words.
    Words(Vec<String>),
    /// Names of services.
    Services,
    /// Names of scalers.
    Scalers,
    /// Names of schedules.
    Schedules,
    /// Names of the time zone database.
    Zones,
    /// Revisions of the service that is named before.
    Revisions,
    /// Names of namespaces.
    Namespaces,
    /// Names of contexts.
    Contexts,
    /// The shell's own completion of files.
    Files,
}

/// The words to complete, when the command line asks for that: the last is the one being typed.
pub fn asked(args: &[OsString]) -> Option<&[OsString]> {
    let (program, rest) = args.split_first()?;
    if Path::new(program).file_stem().is_some_and(|name| name == "kubectl_complete-csop") {
        return Some(rest);
    }
    let (first, words) = rest.split_first()?;
    (first == "__complete").then_some(words)
}

/// Prints the candidates.
///
/// # Errors
/// When they cannot be written; a cluster that does not answer only leaves them out.
pub async fn answer(words: &[OsString], io: &mut Io) -> Result<Exit, Error> {
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let (current, before) =
        words.split_last().map_or(("", &[][..]), |(last, before)| (last.as_str(), before));
    let mut command = Cli::command();
    command.build();
    let parsed = Parsed::of(before, &command);
    let (lead, typed) = match current.split_once('=') {
        Some((flag, typed)) if flag.starts_with("--") => (format!("{flag}="), typed),
        _ => (String::new(), current),
    };
    let source = parsed.source(current);
    // An object may be named with its kind.
    let (source, lead, typed) = match typed.split_once('/') {
        Some((kind, name)) if [Source::Services, Source::Scalers, Source::Schedules].contains(&source) => {
            let is_other = source == Source::Services && target::is_scaler(kind);
            let source = if is_other { Source::Scalers } else { source };
            (source, format!("{kind}/"), name)
        }
        _ => (source, lead, typed),
    };
    let directive = if source == Source::Files { 0 } else { 4 };
    let found = tokio::time::timeout(PATIENCE, parsed.read(source)).await.unwrap_or_default();
    let lines: String =
        found.iter().filter(|word| word.starts_with(typed)).map(|word| format!("{lead}{word}\n")).collect();
    io.print(&format!("{lines}:{directive}\n"))?;
    Ok(Exit::Ok)
}

/// The words before the one being typed.
struct Parsed<'a> {
    /// The command that they lead to.
    command: &'a Command,
    /// The positional arguments that it already has.
    positionals: Vec<String>,
    /// The option whose value is being typed.
    pending: Option<&'a Arg>,
    /// Values of options, by id.
    values: BTreeMap<String, String>,
}

impl<'a> Parsed<'a> {
    fn of(before: &[String], root: &'a Command) -> Self {
        let mut parsed = Self { command: root, positionals: vec![], pending: None, values: BTreeMap::new() };
        before.iter().for_each(|word| parsed.take(word));
        parsed
    }

    fn take(&mut self, word: &str) {
        if let Some(option) = self.pending.take() {
            self.values.insert(option.get_id().to_string(), word.to_owned());
        } else if let Some(flag) = word.strip_prefix("--") {
            match flag.split_once('=') {
                Some((name, value)) => {
                    if let Some(option) = self.long(name) {
                        self.values.insert(option.get_id().to_string(), value.to_owned());
                    }
                }
                None => self.pending = self.long(flag).filter(|option| takes_value(option)),
            }
        } else if let Some(flag) = word.strip_prefix('-').and_then(|rest| rest.chars().next()) {
            let option = self.command.get_arguments().find(|arg| arg.get_short() == Some(flag));
            match (option.filter(|option| takes_value(option)), &word[1 + flag.len_utf8()..]) {
                (Some(option), "") => self.pending = Some(option),
                (Some(option), value) => {
                    self.values.insert(option.get_id().to_string(), value.to_owned());
                }
                (None, _) => {}
            }
        } else if let Some(next) = self.command.find_subcommand(word) {
            self.command = next;
        } else {
            self.positionals.push(word.to_owned());
        }
    }

    fn long(&self, name: &str) -> Option<&'a Arg> {
        self.command.get_arguments().find(|arg| arg.get_long() == Some(name))
    }

    /// What completes the word being typed.
    fn source(&self, current: &str) -> Source {
        if let Some(option) = self.pending {
            return values_of(option);
        }
        if let Some((flag, _)) = current.strip_prefix("--").and_then(|flag| flag.split_once('=')) {
            return self.long(flag).map_or(Source::Words(vec![]), values_of);
        }
        if current.starts_with('-') {
            let flags =
                self.command.get_arguments().filter(|arg| !arg.is_hide_set()).filter_map(Arg::get_long);
            return Source::Words(flags.map(|flag| format!("--{flag}")).collect());
        }
        let commands: Vec<_> =
            self.command.get_subcommands().filter(|command| !command.is_hide_set()).collect();
        if !commands.is_empty() {
            return Source::Words(
                commands.into_iter().map(|command| command.get_name().to_owned()).collect(),
            );
        }
        let positionals: Vec<_> = self.command.get_positionals().collect();
        let last = positionals.last().filter(|last| matches!(last.get_action(), ArgAction::Append));
        positionals.get(self.positionals.len()).or(last).copied().map_or(Source::Words(vec![]), values_of)
    }

    async fn read(&self, source: Source) -> Vec<String> {
        match source {
            Source::Words(words) => words,
            Source::Files => vec![],
            Source::Contexts => contexts(&self.global()),
            Source::Services => names::<CashService>(&self.global()).await.unwrap_or_default(),
            Source::Scalers => names::<GeneralScaler>(&self.global()).await.unwrap_or_default(),
            Source::Schedules => names::<CashServiceScheduledScale>(&self.global()).await.unwrap_or_default(),
            Source::Zones => TimeZoneDatabase::bundled().available().map(|zone| zone.to_string()).collect(),
            Source::Revisions => match self.positionals.first().map(|name| target::parse(name)) {
                Some(Ok(name)) => revisions(&name, &self.global()).await.unwrap_or_default(),
                _ => vec![],
            },
            Source::Namespaces => namespaces(&self.global()).await.unwrap_or_default(),
        }
    }

    fn global(&self) -> Global {
        let value = |id: &str| self.values.get(id).cloned();
        Global {
            namespace: value("namespace"),
            context: value("context"),
            kubeconfig: value("kubeconfig").map(Into::into),
            r#as: value("as"),
            request_timeout: Some(PATIENCE),
            ..Global::default()
        }
    }
}

fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

fn values_of(arg: &Arg) -> Source {
    match arg.get_id().as_str() {
        "name" => Source::Services,
        "scaler" => Source::Scalers,
        "schedules" => Source::Schedules,
        "tz" => Source::Zones,
        "to" => Source::Revisions,
        "namespace" => Source::Namespaces,
        "context" => Source::Contexts,
        "kubeconfig" | "filename" | "trace" | "plot" | "against" => Source::Files,
        _ => Source::Words(
            arg.get_possible_values()
                .iter()
                .filter(|value| !value.is_hide_set())
                .map(|value| value.get_name().to_owned())
                .collect(),
        ),
    }
}

fn contexts(global: &Global) -> Vec<String> {
    client::kubeconfig(global)
        .map(|config| config.contexts.into_iter().map(|context| context.name).collect())
        .unwrap_or_default()
}

async fn names<K: Own>(global: &Global) -> Result<Vec<String>, Error> {
    let cluster = Cluster::connect(global).await?;
    let attempt = Attempt::new("list", client::resource::<K>()).within(Some(&cluster.namespace));
    let api = cluster.api::<K>();
    let read = async |page| api.list_metadata(&page).await;
    let all = cluster.pages(&attempt, ListParams::default(), read).await?;
    Ok(all.iter().map(ResourceExt::name_any).collect())
}

/// The numbers of the recorded revisions, the newest first.
async fn revisions(name: &str, global: &Global) -> Result<Vec<String>, Error> {
    let cluster = Cluster::connect(global).await?;
    let service = cluster.call(cluster.on_service("get", name), cluster.services().get(name)).await?;
    let mut all = history::recorded(&service, &cluster).await?;
    all.sort_by_key(|revision| std::cmp::Reverse(revision.revision));
    Ok(all.iter().map(|revision| revision.revision.to_string()).collect())
}

async fn namespaces(global: &Global) -> Result<Vec<String>, Error> {
    let cluster = Cluster::connect(global).await?;
    let api = Api::<Namespace>::all(cluster.client.clone());
    let read = async |page| api.list_metadata(&page).await;
    let all = cluster.pages(&Attempt::new("list", "namespaces"), ListParams::default(), read).await?;
    Ok(all.iter().map(ResourceExt::name_any).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(words: &[&str]) -> Source {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        let (current, before) = words.split_last().unwrap();
        let mut command = Cli::command();
        command.build();
        Parsed::of(before, &command).source(current)
    }

    fn words(of: &[&str]) -> Vec<String> {
        match source(of) {
            Source::Words(words) => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn it_is_asked_by_name_or_by_command() {
        let args = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        assert_eq!(asked(&args(&["/bin/kubectl_complete-csop", "st"])).unwrap(), args(&["st"]));
        assert_eq!(
            asked(&args(&["kubectl-csop", "__complete", "status", ""])).unwrap(),
            args(&["status", ""])
        );
        assert_eq!(asked(&args(&["kubectl-csop", "status"])), None);
    }

    #[test]
    fn commands_flags_and_values_are_offered() {
        assert!(words(&[""]).contains(&"status".to_owned()));
        assert!(words(&["-n", "pay", ""]).contains(&"init".to_owned()));
        assert!(words(&["status", "--"]).contains(&"--namespace".to_owned()));
        assert_eq!(words(&["init", "shop", "--preset", ""]), ["misk", "web", "worker"]);
        assert_eq!(words(&["init", "--preset=w"]), ["misk", "web", "worker"]);
        assert_eq!(words(&["completion", ""]), ["bash", "zsh", "fish", "powershell", "kubectl"]);
        assert_eq!(words(&["init", "--image", ""]), Vec::<String>::new());
    }

    #[test]
    fn names_come_from_where_they_are() {
        assert_eq!(source(&["status", ""]), Source::Services);
        assert_eq!(source(&["-n", "pay", "status", "-w", "sh"]), Source::Services);
        assert_eq!(source(&["status", "-n", ""]), Source::Namespaces);
        assert_eq!(source(&["--context", ""]), Source::Contexts);
        assert_eq!(source(&["render", "-f", ""]), Source::Files);
        assert_eq!(source(&["diff", "-f", ""]), Source::Files);
        for command in
            ["tree", "events", "logs", "restart", "wait", "history", "undo", "pause", "resume", "diff"]
        {
            assert_eq!(source(&[command, ""]), Source::Services, "{command}");
        }
        assert_eq!(source(&["undo", "shop", "--to", ""]), Source::Revisions);
        for command in ["status", "history", "export"] {
            assert_eq!(source(&["scaler", command, ""]), Source::Scalers, "{command}");
        }
        for flag in ["-f", "--trace", "--plot", "--against"] {
            assert_eq!(source(&["scaler", "replay", flag, ""]), Source::Files, "{flag}");
        }
        assert_eq!(source(&["scale", "schedule", ""]), Source::Services);
        assert_eq!(source(&["scale", "list", ""]), Source::Services);
        assert_eq!(source(&["scale", "cancel", ""]), Source::Schedules);
        assert_eq!(source(&["scale", "cancel", "friday", ""]), Source::Schedules);
        assert_eq!(source(&["scale", "schedule", "shop", "--tz", ""]), Source::Zones);
        assert_eq!(words(&["wait", "shop", "--for", ""]), ["ready", "rolled-out", "deleted"]);
        assert_eq!(source(&["status", "shop", ""]), Source::Words(vec![]));
        assert_eq!(source(&["init", ""]), Source::Words(vec![]));
    }
}
