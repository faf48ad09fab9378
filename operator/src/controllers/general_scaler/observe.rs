//! What the controller reads before it decides.

use std::collections::BTreeSet;
use std::sync::Arc;

use csop_shared::api::cash_service::AutoscalingMode;
use csop_shared::api::cash_service_scheduled_scale::ScheduleTargetKind;
use csop_shared::api::general_scaler::{AuthRef, Outcome, SourceConfig, SourceType};
use csop_shared::api::{CashService, GeneralScaler};
use csop_shared::names::annotations;
use csop_shared::scale::{Plan, State};
use csop_shared::schedule::{self, Situation};
use jiff::Timestamp;
use kube::{Resource, ResourceExt};

use super::{GeneralScalers, asker, target};
use crate::controllers::related::{SECRETS, fingerprint, raised_key, schedules_of};
use crate::metric_sources::{Credentials, Subject, in_full};
use crate::runtime::children::ChildId;
use crate::runtime::context::Context;
use crate::runtime::error::Error;
use crate::sampling::Want;
use crate::scaling::{Facts, Following, View};

/// What the controller decides from, besides the scaler itself.
#[derive(Clone, Debug)]
pub struct Observed {
    /// What is scaled.
    pub target_id: ChildId,
    /// Whether changes of the target wake the scaler.
    pub watched: bool,
    /// Who else scales the target, and what to do about it: words that follow the target's name.
    pub rival: Option<String>,
    /// The scaler as it is evaluated.
    pub view: View,
    /// The names of the schedules that are in force.
    pub schedules: Vec<String>,
    /// When another schedule comes into force, or one of them ends.
    pub next_change: Option<Timestamp>,
}

pub(super) async fn observe(
    scalers: &GeneralScalers,
    obj: &GeneralScaler,
    ctx: &Context,
) -> Result<Observed, Error> {
    let asker = asker(obj);
    let generation = obj.metadata.generation.unwrap_or(0);
    let plan = match scalers.evaluator.plan(&asker, generation) {
        Some(plan) => plan,
        None => plan(scalers, obj)?,
    };
    let target = plan.spec.target().ok_or_else(|| Error::Invalid("spec names no target".to_owned()))?;
    // A change that was announced and not settled: a cache may not show yet whether it was made.
    let operations = obj.status.iter().flat_map(|status| &status.operations);
    let pending = operations.last().is_some_and(|operation| operation.outcome == Outcome::Pending);
    let certain = pending || scalers.evaluator.is_unsure(&asker);
    let seen = target::look(obj, &target, certain, ctx).await?;
    let rival = target::rival(obj, &target, &seen, ctx)?;
    let namespace = obj.namespace().unwrap_or_default();
    let subject = Subject { namespace: namespace.clone(), scaler: obj.name_any(), target: target.clone() };
    let wants = wants(scalers, obj, &plan, &subject, ctx).await?;
    let current = seen.view.as_ref().map(|target| target.replicas);
    let situation = situation(obj, &plan, current, ctx)?;
    let facts = Facts {
        target: seen.view,
        paused: obj.annotations().get(annotations::PAUSED).is_some_and(|v| v == "true"),
        conflict: rival.is_some(),
        floors: situation.floors,
    };
    let view = scalers.evaluator.follow(Following {
        asker,
        namespace,
        name: obj.name_any(),
        generation,
        plan,
        remembered: obj.status.as_ref().map(State::from_status).unwrap_or_default(),
        wants,
        facts,
        certain,
        term: ctx.mandate().number(),
    });
    let target_id = ChildId { kind: seen.kind, name: target.name };
    let (schedules, next_change) = (situation.names, situation.next_change);
    Ok(Observed { target_id, watched: seen.watched, rival, view, schedules, next_change })
}

/// What its schedules come to, and those of the service that has made it.
fn situation(
    obj: &GeneralScaler,
    plan: &Plan,
    current: Option<i32>,
    ctx: &Context,
) -> Result<Situation, Error> {
    let services = obj.owner_references().iter().filter(|owner| owner.kind == CashService::kind(&()));
    let services = services.map(|owner| raised_key(ScheduleTargetKind::CashService, &owner.name));
    let own = raised_key(ScheduleTargetKind::GeneralScaler, &obj.name_any());
    let schedules = schedules_of(ctx, obj, &services.chain(std::iter::once(own)).collect())?;
    let bounds = (plan.min, Some(plan.max));
    Ok(schedule::situation(&schedules, AutoscalingMode::GeneralScaler, bounds, current, ctx.now()))
}

fn plan(scalers: &GeneralScalers, obj: &GeneralScaler) -> Result<Arc<Plan>, Error> {
    for config in obj.spec.all_policies().filter_map(|policy| policy.config.as_deref()) {
        let field = |key: &str| format!("spec.policies[cel].config.{key}");
        let wrong = |key, problem| Error::Invalid(format!("{}: {problem}", field(key)));
        if let Some(expression) = &config.expression {
            scalers
                .cel
                .check(expression)
                .map_err(|problem| wrong("expression", format!("the expression {problem}")))?;
        }
        if let Some(zone) = &config.time_zone {
            scalers.cel.check_time_zone(zone).map_err(|problem| wrong("timeZone", problem))?;
        }
    }
    Ok(Arc::new(Plan::new(obj.spec.clone(), &scalers.expressions).map_err(invalid)?))
}

fn invalid(problem: csop_shared::scale::Invalid) -> Error {
    Error::Invalid(problem.to_string())
}

/// A question of the spec: a metric, or the price of a pod.
struct Question<'a> {
    type_: SourceType,
    config: SourceConfig,
    auth: Option<&'a AuthRef>,
    field: String,
}

/// What the spec asks: the metrics in their order, then the price.
fn questions(plan: &Plan) -> Vec<Question<'_>> {
    let metrics = plan.spec.metrics.iter().zip(&plan.metrics).map(|(metric, planned)| Question {
        type_: metric.type_,
        config: metric.config.clone(),
        auth: metric.auth_ref.as_ref(),
        field: format!("spec.metrics[{}]", planned.name),
    });
    let configs = plan.spec.all_policies().filter_map(|policy| policy.config.as_deref());
    let price = configs.filter_map(|config| config.price_from.as_ref()).take(1).map(|price| Question {
        type_: SourceType::Prometheus,
        config: SourceConfig {
            query: Some(price.query.clone()),
            server_address: price.server_address.clone(),
            ..SourceConfig::default()
        },
        auth: price.auth_ref.as_ref(),
        field: "spec.policies[cost].config.priceFrom".to_owned(),
    });
    metrics.chain(price).collect()
}

async fn wants(
    scalers: &GeneralScalers,
    obj: &GeneralScaler,
    plan: &Plan,
    subject: &Subject,
    ctx: &Context,
) -> Result<Vec<Want>, Error> {
    let questions = questions(plan);
    let names: BTreeSet<String> =
        questions.iter().filter_map(|question| Some(question.auth?.name.clone())).collect();
    let secrets = ctx.named(SECRETS, obj, &names)?;
    let mut wants = Vec::with_capacity(questions.len());
    for question in questions {
        let field = format!("{}.config", question.field);
        let config = in_full(question.config, &subject.namespace);
        let query = scalers.sources.build(question.type_, &config, subject, &field);
        let query = query.map_err(invalid)?;
        let credentials = match question.auth {
            None => Arc::new(Credentials::default()),
            Some(auth) => {
                let field = format!("{}.authRef", question.field);
                let held =
                    secrets.get(&auth.name).and_then(Option::as_ref).and_then(|live| fingerprint(live));
                let Some(held) = held else {
                    return Err(Error::Invalid(format!(
                        "{field} names Secret {}, which does not exist in this namespace: create it, or name another",
                        auth.name
                    )));
                };
                let version = (subject.namespace.clone(), auth.name.clone(), held);
                scalers.wallet.open(ctx, version, auth, &field).await?
            }
        };
        wants.push(Want {
            type_: question.type_,
            config,
            subject: subject.clone(),
            auth: question.auth.cloned(),
            credentials,
            query,
            interval: plan.interval.unsigned_abs(),
        });
    }
    Ok(wants)
}
