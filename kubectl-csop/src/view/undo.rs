//! Which revision to go back to, and how exactly that can be.

use super::revisions;
use crate::error::Error;
use csop_shared::api::CashService;
use csop_shared::names::annotations;
use csop_shared::render::{UNKNOWN_DIGEST, relevant, restored, secrets};
use k8s_openapi::api::apps::v1::{ControllerRevision, Deployment};
use kube::ResourceExt;

/// Where an undo leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The number of the revision.
    pub number: i64,
    /// The number of the revision that is left; nothing when the last edit is not recorded yet.
    pub from: Option<i64>,
    /// The hash of its pod template.
    pub hash: Option<String>,
    /// The service as it is then.
    pub service: CashService,
}

/// Whether the pod template becomes that of the revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exactness {
    /// It does.
    Exact,
    /// But for the content of secrets.
    Secrets,
    /// That cannot be told.
    Unknown,
}

/// The revision of this number, or else the newest one that says something else than the service does.
///
/// # Errors
/// When there is no such revision, or it cannot be read.
pub fn choose(
    service: &CashService,
    recorded: &[ControllerRevision],
    number: Option<i64>,
) -> Result<Target, Error> {
    let name = service.name_any();
    let mut sorted: Vec<_> = recorded.iter().collect();
    sorted.sort_by_key(|it| std::cmp::Reverse(it.revision));
    let Some(newest) = sorted.first() else {
        return Err(refused(format!("cashservice/{name} has no recorded revision to go back to"), &name));
    };
    let now = relevant(service);
    let found = match number {
        Some(number) => sorted.iter().find(|it| it.revision == number),
        None => sorted.iter().find(|it| then(service, it).is_ok_and(|then| relevant(&then) != now)),
    };
    let Some(found) = found else {
        let oldest = sorted.last().map_or(newest.revision, |it| it.revision);
        let there = if oldest == newest.revision {
            format!("only {oldest}")
        } else {
            format!("{oldest} to {}", newest.revision)
        };
        return Err(refused(
            match number {
                Some(number) => format!("cashservice/{name} has no revision {number}, there is {there}"),
                None => format!("every recorded revision of cashservice/{name} is what its spec says now"),
            },
            &name,
        ));
    };
    Ok(Target {
        number: found.revision,
        from: then(service, newest).is_ok_and(|then| relevant(&then) == now).then_some(newest.revision),
        hash: revisions::hash(found).map(str::to_owned),
        service: then(service, found).map_err(|error| {
            refused(
                format!("revision {} of cashservice/{name} cannot be read: {error}", found.revision),
                &name,
            )
        })?,
    })
}

fn then(service: &CashService, recorded: &ControllerRevision) -> serde_json::Result<CashService> {
    restored(service, &revisions::data(recorded))
}

fn refused(message: String, name: &str) -> Error {
    Error::Precondition { message, hint: format!("`kubectl csop history {name}` lists its revisions") }
}

/// Whether the pod template becomes that of the revision, as far as the live Deployment tells of the secrets.
pub fn exactness(target: &Target, live: Option<&Deployment>) -> Exactness {
    let template = live.and_then(|it| it.spec.as_ref()).and_then(|spec| spec.template.metadata.as_ref());
    let digest = template.and_then(|it| it.annotations.as_ref()?.get(annotations::SECRETS_DIGEST));
    let sees_secrets = secrets::sees_secrets(&target.service.spec);
    let hash = revisions::template_hash(&target.service, digest.map_or(UNKNOWN_DIGEST, String::as_str));
    match (sees_secrets, digest) {
        _ if target.hash.as_deref() == Some(&hash) => Exactness::Exact,
        (true, Some(_)) => Exactness::Secrets,
        _ => Exactness::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service(image: &str, secret: bool) -> CashService {
        let secrets = if secret { json!([{"name": "db", "fromSecret": "db"}]) } else { json!([]) };
        serde_json::from_value(json!({
            "apiVersion": "csop.dev/v1alpha1", "kind": "CashService", "metadata": {"name": "shop"},
            "spec": {"image": image, "secrets": secrets, "autoscaling": {"maxReplicas": 3}},
        }))
        .unwrap()
    }

    fn recorded(number: i64, of: &CashService, digest: &str) -> ControllerRevision {
        serde_json::from_value(json!({
            "metadata": {"name": format!("shop-r{number}"), "annotations": {"csop.dev/revision": revisions::template_hash(of, digest)}},
            "revision": number, "data": relevant(of),
        }))
        .unwrap()
    }

    fn message(service: &CashService, all: &[ControllerRevision], number: Option<i64>) -> String {
        choose(service, all, number).unwrap_err().to_string()
    }

    #[test]
    fn the_default_is_the_newest_that_says_something_else() {
        let (one, two) = (service("i:1", false), service("i:2", false));
        let all = [recorded(1, &one, ""), recorded(3, &two, "x"), recorded(2, &two, "y")];
        assert_eq!(choose(&two, &all, None).unwrap().number, 1);
        // An edit that the operator has not acted on is what is undone first.
        let unrecorded = choose(&service("i:3", false), &all, None).unwrap();
        assert_eq!((unrecorded.number, unrecorded.from), (3, None));
        let target = choose(&two, &all, Some(1)).unwrap();
        assert_eq!((target.service.spec.image.as_str(), target.from), ("i:1", Some(3)));
    }

    #[test]
    fn what_is_not_there_is_said_with_what_is() {
        let one = service("i:1", false);
        assert_eq!(message(&one, &[], None), "cashservice/shop has no recorded revision to go back to");
        let only = [recorded(4, &one, "")];
        assert_eq!(message(&one, &only, Some(2)), "cashservice/shop has no revision 2, there is only 4");
        let same = "every recorded revision of cashservice/shop is what its spec says now";
        assert_eq!(message(&one, &only, None), same);
        assert_eq!(choose(&one, &only, Some(9)).unwrap_err().exit().code(), 6);
    }

    #[test]
    fn the_content_of_secrets_may_make_an_exact_return_impossible() {
        let (one, two) = (service("i:1", true), service("i:2", true));
        let live = |digest: &str| -> Option<Deployment> {
            serde_json::from_value(json!({"metadata": {}, "spec": {"selector": {}, "template": {
                "metadata": {"annotations": {"csop.dev/secretsDigest": digest}}}}}))
            .unwrap()
        };
        let target = choose(&two, &[recorded(1, &one, "then"), recorded(2, &two, "now")], None).unwrap();
        assert_eq!(exactness(&target, live("then").as_ref()), Exactness::Exact);
        assert_eq!(exactness(&target, live("now").as_ref()), Exactness::Secrets);
        assert_eq!(exactness(&target, None), Exactness::Unknown);
        let plain = choose(&service("i:2", false), &[recorded(1, &service("i:1", false), "")], None).unwrap();
        assert_eq!(exactness(&plain, None), Exactness::Exact);
    }
}
