//! The pod template, secure by default: it passes the *restricted* pod-security profile.

use super::{Plan, config, labels, probes, resources, secrets, volumes};
use crate::{
    api::{CashService, cash_service::Scheme},
    names::annotations,
};
use k8s_openapi::{
    api::core::v1::{
        Capabilities, ConfigMapEnvSource, Container, ContainerPort, EnvFromSource, EnvVar, HTTPGetAction,
        Lifecycle, LifecycleHandler, PodSecurityContext, PodSpec, PodTemplateSpec, Probe, SeccompProfile,
        SecurityContext, ServiceAccount, SleepAction, TopologySpreadConstraint,
    },
    apimachinery::pkg::{
        apis::meta::v1::{LabelSelector, ObjectMeta},
        util::intstr::IntOrString,
    },
};
use kube::ResourceExt;
use std::collections::BTreeMap;

/// The name of the service's container.
pub(super) const CONTAINER: &str = "app";
const SPREAD_OVER: [&str; 2] = ["topology.kubernetes.io/zone", "kubernetes.io/hostname"];

/// The service's own account, without a token.
pub(super) fn account(service: &CashService) -> ServiceAccount {
    ServiceAccount {
        metadata: labels::metadata(service, service.name_any()),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}

pub(super) fn template(plan: &Plan<'_>) -> PodTemplateSpec {
    let annotations = template_annotations(plan);
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels::stable(plan.service)),
            annotations: (!annotations.is_empty()).then_some(annotations),
            ..ObjectMeta::default()
        }),
        spec: Some(pod(plan.service)),
    }
}

fn template_annotations(plan: &Plan<'_>) -> BTreeMap<String, String> {
    let mut all = plan.service.spec.annotations.clone();
    if let Some(stamp) = plan.service.annotations().get(annotations::RESTARTED_AT) {
        all.insert(annotations::RESTARTED_AT.to_owned(), stamp.clone());
    }
    if let Some(digest) = plan.secrets_digest {
        all.insert(annotations::SECRETS_DIGEST.to_owned(), digest.to_owned());
    }
    all
}

fn pod(service: &CashService) -> PodSpec {
    let spec = &service.spec;
    let placement = spec.pod.clone().unwrap_or_default();
    let security = spec.security.clone().unwrap_or_default();
    let (volumes, mounts) = volumes::volumes(service);
    let named_account = spec.service_account_name.clone();
    PodSpec {
        automount_service_account_token: Some(named_account.is_some()),
        service_account_name: Some(named_account.unwrap_or_else(|| service.name_any())),
        enable_service_links: Some(false),
        image_pull_secrets: (!spec.image_pull_secrets.is_empty()).then(|| spec.image_pull_secrets.clone()),
        termination_grace_period_seconds: Some(spec.grace_seconds()),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: security.run_as_user,
            run_as_group: security.run_as_group,
            fs_group: security.fs_group,
            fs_group_change_policy: security.fs_group.map(|_| "OnRootMismatch".to_owned()),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                localhost_profile: None,
            }),
            ..PodSecurityContext::default()
        }),
        containers: vec![Container { volume_mounts: Some(mounts), ..container(service) }],
        volumes: Some(volumes),
        node_selector: (!placement.node_selector.is_empty()).then_some(placement.node_selector),
        tolerations: (!placement.tolerations.is_empty()).then_some(placement.tolerations),
        affinity: placement.affinity,
        topology_spread_constraints: Some(
            placement.topology_spread_constraints.unwrap_or_else(|| spread(service)),
        ),
        priority_class_name: placement.priority_class_name,
        ..PodSpec::default()
    }
}

fn spread(service: &CashService) -> Vec<TopologySpreadConstraint> {
    let over = |key: &str| TopologySpreadConstraint {
        max_skew: 1,
        topology_key: key.to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(LabelSelector {
            match_labels: Some(labels::workload_selector(&service.name_any())),
            match_expressions: None,
        }),
        match_label_keys: Some(vec!["pod-template-hash".to_owned()]),
        ..TopologySpreadConstraint::default()
    };
    SPREAD_OVER.map(over).into()
}

fn container(service: &CashService) -> Container {
    let spec = &service.spec;
    let some = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
    let (env, env_from, ports) = (env(service), env_from(service), ports(service));
    let probes = spec.probes.clone().unwrap_or_default();
    Container {
        name: CONTAINER.to_owned(),
        image: Some(spec.image.clone()),
        image_pull_policy: Some(spec.image_pull_policy.unwrap_or_default().as_str().to_owned()),
        command: some(&spec.command),
        args: some(&spec.args),
        env: (!env.is_empty()).then_some(env),
        env_from: (!env_from.is_empty()).then_some(env_from),
        ports: (!ports.is_empty()).then_some(ports),
        resources: Some(resources::with_defaults(spec.resources.as_ref())),
        liveness_probe: probes
            .liveness
            .map(probes::given)
            .or_else(|| probe(service, spec.liveness_path(), 10, 3)),
        readiness_probe: probes
            .readiness
            .map(probes::given)
            .or_else(|| probe(service, spec.readiness_path(), 5, 3)),
        startup_probe: probes
            .startup
            .map(probes::given)
            .or_else(|| probe(service, spec.liveness_path(), 2, 150)),
        lifecycle: spec.drain_seconds().map(|seconds| Lifecycle {
            pre_stop: Some(LifecycleHandler {
                sleep: Some(SleepAction { seconds }),
                ..LifecycleHandler::default()
            }),
            ..Lifecycle::default()
        }),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(
                spec.security.as_ref().and_then(|s| s.read_only_root_filesystem).unwrap_or(true),
            ),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
            ..SecurityContext::default()
        }),
        ..Container::default()
    }
}

fn env(service: &CashService) -> Vec<EnvVar> {
    let mut all = service.spec.env.clone();
    for source in &service.spec.secrets {
        all.extend(secrets::env(&service.name_any(), source));
    }
    all
}

fn env_from(service: &CashService) -> Vec<EnvFromSource> {
    let own =
        config::data_name(&service.name_any(), service.spec.config.as_ref()).map(|name| EnvFromSource {
            config_map_ref: Some(ConfigMapEnvSource { name, optional: None }),
            ..EnvFromSource::default()
        });
    own.into_iter().chain(service.spec.env_from.iter().cloned()).collect()
}

fn ports(service: &CashService) -> Vec<ContainerPort> {
    let spec = &service.spec;
    let app = spec.port().map(|p| ("app".to_owned(), p));
    let health = spec.health_port().filter(|p| Some(*p) != spec.port()).map(|p| ("health".to_owned(), p));
    let further = spec.contract.iter().flat_map(|c| &c.ports).map(|p| (p.name.clone(), p.port));
    app.into_iter()
        .chain(health)
        .chain(further)
        .map(|(name, container_port)| ContainerPort {
            name: Some(name),
            container_port,
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        })
        .collect()
}

/// A probe of the contract: health is plain HTTP, unless it shares the port of HTTPS traffic.
fn probe(service: &CashService, path: &str, period: i32, failures: i32) -> Option<Probe> {
    let spec = &service.spec;
    let port = spec.health_port()?;
    let shared = spec.port() == Some(port);
    let scheme = if shared && spec.scheme() == Scheme::HTTPS { "HTTPS" } else { "HTTP" };
    Some(Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String(if shared { "app" } else { "health" }.to_owned()),
            scheme: Some(scheme.to_owned()),
            ..HTTPGetAction::default()
        }),
        period_seconds: Some(period),
        timeout_seconds: Some(2),
        failure_threshold: Some(failures),
        ..Probe::default()
    })
}
