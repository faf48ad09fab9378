//! The manifests grant what the controllers declare: nothing missing, nothing more.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use csop_operator::{
    controllers::{
        cash_service::CashServices, general_scaler::GeneralScalers, scheduled_scale::ScheduledScales,
    },
    runtime::rbac::Permissions,
};
use k8s_openapi::api::rbac::v1::{ClusterRole, Role};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

fn needed() -> Permissions {
    Permissions::common().and::<CashServices>().and::<GeneralScalers>().and::<ScheduledScales>()
}

/// The objects of a kind and name in a rendered manifest.
fn objects<K: DeserializeOwned>(file: &str, kind: &str, name: &str) -> Vec<K> {
    let path = format!("{}/../manifests/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let objects = serde_yaml::Deserializer::from_str(&text).map(|d| Value::deserialize(d).unwrap());
    let wanted = objects.filter(|o| o["kind"] == kind && o["metadata"]["name"] == name);
    wanted.map(|o| serde_json::from_value(o).unwrap()).collect()
}

fn of_operator<K: DeserializeOwned>(file: &str, kind: &str) -> Vec<K> {
    objects(file, kind, "csop-operator")
}

#[test]
fn the_cluster_wide_install_grants_what_is_needed() {
    let roles: Vec<ClusterRole> = of_operator("install.yaml", "ClusterRole");
    assert_eq!(roles.len(), 1);
    assert_eq!(Permissions::of(roles[0].rules.as_deref().unwrap()), needed());
}

#[test]
fn the_namespaced_install_grants_what_is_needed_and_nothing_in_the_cluster() {
    let roles: Vec<Role> = of_operator("install-namespaced.yaml", "Role");
    assert_eq!(roles.len(), 1);
    assert_eq!(Permissions::of(roles[0].rules.as_deref().unwrap()), needed());
    assert_eq!(of_operator::<Value>("install-namespaced.yaml", "ClusterRole"), Vec::<Value>::new());
}

#[test]
fn both_installs_grant_the_lease_in_the_operators_own_namespace_and_no_other_lease() {
    for (file, namespace) in [("install.yaml", "csop-system"), ("install-namespaced.yaml", "my-namespace")] {
        let roles: Vec<Role> = objects(file, "Role", "csop-operator-leader");
        let [role] = &roles[..] else { panic!("{file} has {} roles for the lease", roles.len()) };
        assert_eq!(role.metadata.namespace.as_deref(), Some(namespace));
        let rules = role.rules.as_deref().unwrap();
        assert_eq!(Permissions::of(rules), Permissions::election());
        for rule in rules {
            // Creation cannot be limited by name.
            let lease = (rule.verbs != ["create"]).then(|| vec!["csop-operator".to_owned()]);
            assert_eq!(rule.resource_names, lease);
        }
    }
}
