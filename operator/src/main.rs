//! The operator's command line.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use csop_operator::controllers;
use csop_operator::metric_sources::{Hosts, Sources};
use csop_operator::runtime::clock::Clock;
use csop_operator::runtime::leader::Candidacy;
use csop_operator::runtime::process::{self, Controllers, Settings};
use csop_operator::runtime::scope::Scope;
use csop_operator::runtime::telemetry::{self, Format};
use http::{HeaderValue, header};
use kube::{Client, Config};
use tokio::signal::unix::{SignalKind, signal};

/// Keeps the objects that csop's custom resources stand for.
///
/// The cluster is found as kubectl does: by KUBECONFIG, by ~/.kube/config, or by the pod's service account.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Args {
    /// Namespaces to serve, repeated or separated by commas; without any, all
    #[arg(long, env = "WATCH_NAMESPACE", value_delimiter = ',')]
    namespace: Vec<String>,
    /// Reconciles of one controller that may run at once
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Address of /healthz, /readyz and /metrics
    #[arg(long, default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
    /// Form of log lines
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// What to log: a level, or a filter such as info,csop_operator=debug
    #[arg(long, env = "RUST_LOG", default_value = "info")]
    log_level: String,
    /// Field manager whose fields on managed objects are left alone (a mesh injector and the like); repeated
    #[arg(long, value_name = "MANAGER")]
    allow_field_manager: Vec<String>,
    #[command(flatten)]
    metrics: MetricSources,
    #[command(flatten)]
    election: Election,
}

#[derive(Debug, clap::Args)]
struct MetricSources {
    /// Prometheus server for metrics that name none, such as http://prometheus.monitoring:9090
    #[arg(long, value_name = "URL")]
    prometheus_address: Option<String>,
    /// Host that metrics may be asked of although it is loopback, link-local or the cloud's metadata server: a name, *.suffix, an
    /// address or a network; repeated or separated by commas
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    allow_metric_hosts: Vec<String>,
    /// Do not show the last decisions of scalers on the port of metrics
    #[arg(long)]
    no_decision_records: bool,
}

#[derive(Debug, clap::Args)]
struct Election {
    /// Act only while this process holds a lease, so that several replicas can run
    #[arg(long)]
    leader_elect: bool,
    /// Name of the lease
    #[arg(long, default_value = csop_shared::names::managers::OPERATOR)]
    lease_name: String,
    /// Namespace of the lease; without it, that of the pod or of the kubeconfig's context
    #[arg(long, env = "POD_NAMESPACE")]
    lease_namespace: Option<String>,
    /// Seconds without a renewal after which another replica may take the lease
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u16).range(3..))]
    lease_duration: u16,
    /// Who holds the lease; without it, the host name and the process id
    #[arg(long, env = "POD_NAME")]
    identity: Option<String>,
}

impl Election {
    fn candidacy(self, client: &Client) -> Option<Candidacy> {
        let own_name = || {
            let host = hostname::get().unwrap_or_default();
            format!("{}_{}", host.to_string_lossy(), std::process::id())
        };
        self.leader_elect.then(|| Candidacy {
            namespace: self.lease_namespace.unwrap_or_else(|| client.default_namespace().to_owned()),
            lease: self.lease_name,
            identity: self.identity.unwrap_or_else(own_name),
            duration: Duration::from_secs(self.lease_duration.into()),
        })
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let format = match args.log_format {
        LogFormat::Text => Format::Text,
        LogFormat::Json => Format::Json,
    };
    if let Err(error) = telemetry::start(format, &args.log_level) {
        let message = format!("--log-level {}: {error}", args.log_level);
        <Args as clap::CommandFactory>::command().error(clap::error::ErrorKind::InvalidValue, message).exit();
    }
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "cannot start");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::infer().await?;
    // So that audit logs tell the operator from other clients.
    let agent = concat!("csop-operator/", env!("CARGO_PKG_VERSION"));
    config.headers.push((header::USER_AGENT, HeaderValue::from_static(agent)));
    let client = Client::try_from(config)?;
    let settings = Settings {
        scope: Scope::of(args.namespace),
        allowed_field_managers: args.allow_field_manager,
        concurrency: args.concurrency,
        listen: args.listen,
        candidacy: args.election.candidacy(&client),
        clock: Clock::default(),
    };
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let hosts = Hosts::new(&args.metrics.allow_metric_hosts)?;
    let sources = Sources::new(args.metrics.prometheus_address, hosts, client.clone());
    let pages = !args.metrics.no_decision_records;
    let register = |controllers: &mut Controllers| controllers::register(controllers, sources, pages);
    process::run(client, settings, register, shutdown).await?;
    Ok(())
}
