use serde_json::{Value, json};

use super::*;

fn of<K: serde::de::DeserializeOwned>(objects: &[Value]) -> Vec<Box<K>> {
    objects.iter().map(|object| Box::new(serde_json::from_value(object.clone()).unwrap())).collect()
}

fn pod(namespace: &str, app: &str, address: &str) -> Value {
    json!({
        "metadata": {"name": app, "namespace": namespace, "labels": {"app": app}},
        "spec": {"containers": [{"name": "app", "ports": [{"name": "https", "containerPort": 8443}]}]},
        "status": {"phase": "Running", "podIP": address},
    })
}

fn pods() -> Vec<Value> {
    let mut ended = pod("a", "job", "10.200.0.13");
    ended["status"]["phase"] = json!("Succeeded");
    vec![
        pod("a", "web", "10.200.0.10"),
        pod("a", "client", "10.200.0.11"),
        pod("b", "gateway", "10.200.0.12"),
        ended,
        // Not started yet.
        json!({"metadata": {"name": "new", "namespace": "a", "labels": {"app": "web"}}, "status": {}}),
    ]
}

fn policy(spec: Value) -> Value {
    json!({"metadata": {"name": "p", "namespace": "a"}, "spec": spec})
}

fn rules_of(specs: &[Value]) -> String {
    let policies: Vec<_> = specs.iter().cloned().map(policy).collect();
    let namespaces = [
        json!({"metadata": {"name": "a", "labels": {}}}),
        json!({"metadata": {"name": "b", "labels": {"open": "yes"}}}),
    ];
    table(&of::<NetworkPolicy>(&policies), &of::<Pod>(&pods()), &of::<Namespace>(&namespaces))
}

/// The lines of a pod's chain, without the last one, which drops.
fn chain_of(rules: &str, name: &str) -> Vec<String> {
    let (_, rest) = rules.split_once(&format!("chain {name} {{\n")).unwrap_or_else(|| panic!("{rules}"));
    let lines: Vec<_> =
        rest.lines().map(str::trim).take_while(|line| *line != "}").map(str::to_owned).collect();
    let (last, others) = lines.split_last().unwrap();
    assert_eq!(last, "drop");
    others.to_vec()
}

fn ingress(rules: Value) -> Vec<String> {
    let spec =
        json!({"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"], "ingress": rules});
    chain_of(&rules_of(&[spec]), "ingress_10_200_0_10")
}

fn egress(rules: Value) -> Vec<String> {
    let spec = json!({"podSelector": {"matchLabels": {"app": "client"}}, "policyTypes": ["Egress"], "egress": rules});
    chain_of(&rules_of(&[spec]), "egress_10_200_0_11")
}

#[test]
fn without_policies_nobody_is_isolated() {
    let rules = rules_of(&[]);
    assert!(!rules.contains("vmap"), "{rules}");
}

#[test]
fn who_is_selected_is_isolated_in_the_directions_of_the_policy() {
    let all = json!({"podSelector": {}});
    let rules = rules_of(std::slice::from_ref(&all));
    assert!(rules.contains(
        "ip daddr vmap { 10.200.0.10 : jump ingress_10_200_0_10, 10.200.0.11 : jump ingress_10_200_0_11 }"
    ));
    assert!(!rules.contains("egress_"), "{rules}");
    let both = json!({"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress", "Egress"]});
    let rules = rules_of(&[both]);
    assert_eq!(chain_of(&rules, "ingress_10_200_0_10"), [""; 0]);
    assert_eq!(chain_of(&rules, "egress_10_200_0_10"), [""; 0]);
    // What is for the node itself is egress as well.
    assert!(rules.matches("ip saddr vmap").count() == 2, "{rules}");
    assert!(!rules.contains("10.200.0.13") && !rules.contains("_10_200_0_12"), "{rules}");
}

#[test]
fn an_empty_rule_allows_all_and_no_rule_nothing() {
    assert_eq!(ingress(json!([{}])), ["return"]);
    assert_eq!(ingress(json!([])), [""; 0]);
    assert_eq!(egress(json!([{"to": []}])), ["return"]);
}

#[test]
fn peers_are_pods_of_here_or_of_chosen_namespaces_or_addresses() {
    let here = json!([{"from": [{"podSelector": {}}]}]);
    assert_eq!(ingress(here), ["ip saddr { 10.200.0.10, 10.200.0.11 } return"]);
    let there = json!([{"from": [{"namespaceSelector": {"matchLabels": {"open": "yes"}}}]}]);
    assert_eq!(ingress(there), ["ip saddr { 10.200.0.12 } return"]);
    let both = json!([{"from": [{
        "namespaceSelector": {"matchLabels": {"open": "yes"}},
        "podSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["gateway"]}]},
    }]}]);
    assert_eq!(ingress(both), [""; 0]);
    let block = json!([{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}]);
    assert_eq!(ingress(block), ["ip saddr 10.0.0.0/8 ip saddr != 10.1.0.0/16 return"]);
}

#[test]
fn ports_are_numbers_ranges_names_or_whole_protocols() {
    let ports = json!([{"ports": [
        {"port": 80}, {"port": 53, "protocol": "UDP"}, {"port": 8000, "endPort": 8010}, {"port": "https"},
        {"port": "unknown"}, {"protocol": "SCTP"},
    ]}]);
    let expected = [
        "tcp dport 80 return",
        "udp dport 53 return",
        "tcp dport 8000-8010 return",
        "tcp dport 8443 return",
        "meta l4proto sctp return",
    ];
    assert_eq!(ingress(ports), expected);
    // A name is that of the peer's port.
    let named =
        json!([{"to": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": "https"}]}]);
    assert_eq!(egress(named), ["ip daddr 10.200.0.10 tcp dport 8443 return"]);
}

#[test]
fn addresses_of_ipv6_match_nothing() {
    let other = json!([{"from": [{"ipBlock": {"cidr": "2001:db8::/32"}}]}]);
    assert_eq!(ingress(other), [""; 0]);
    let except = json!([{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["::/0"]}}]}]);
    assert_eq!(ingress(except), ["ip saddr 10.0.0.0/8 return"]);
}

#[test]
fn nothing_reaches_a_pod_that_is_not_known_yet() {
    let known = "ip daddr 10.200.0.0/16 ip daddr != { 10.200.0.10, 10.200.0.11, 10.200.0.12 } drop";
    assert!(rules_of(&[]).contains(known));
    let nobody = table(&of::<NetworkPolicy>(&[]), &of::<Pod>(&[]), &of::<Namespace>(&[]));
    assert!(nobody.contains("ip daddr 10.200.0.0/16 drop"), "{nobody}");
}

#[test]
fn of_two_pods_with_one_address_only_one_counts() {
    let pods = [pod("a", "web", "10.200.0.10"), pod("a", "old", "10.200.0.10")];
    let all = policy(json!({"podSelector": {}}));
    let rules = table(&of::<NetworkPolicy>(&[all]), &of::<Pod>(&pods), &of::<Namespace>(&[]));
    assert_eq!(rules.matches("chain ingress_").count(), 1, "{rules}");
}
