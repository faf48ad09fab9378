//! NetworkPolicies as rules of nftables, after the semantics of the API: a pod that a policy selects for a direction is isolated
//! in it, and then only what some policy allows passes; answers always do, and what the node itself sends to its pods.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    net::Ipv4Addr,
    ops::Deref,
};

use k8s_openapi::{
    api::{
        core::v1::{Namespace, Pod},
        networking::v1::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort},
    },
    apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString},
};
use kube::{
    ResourceExt as _,
    core::{Selector, SelectorExt as _},
};

use crate::node::network;

/// The table that holds the rules, and nothing else.
const TABLE: &str = "inet csop_policies";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    /// As the API writes it.
    const fn name(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }

    /// The field of a packet that is an isolated pod's peer.
    const fn peer(self) -> &'static str {
        match self {
            Self::Ingress => "saddr",
            Self::Egress => "daddr",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name().to_lowercase())
    }
}

/// A pod that has an address in the node's network.
struct Member<'a> {
    pod: &'a Pod,
    namespace: String,
    address: Ipv4Addr,
}

/// Peers and ports of one rule of a policy; nothing means all.
struct Rule<'a> {
    peers: Option<&'a [NetworkPolicyPeer]>,
    ports: Option<&'a [NetworkPolicyPort]>,
}

/// The pods and namespaces that selectors choose from.
struct World<'a> {
    members: Vec<Member<'a>>,
    namespaces: BTreeMap<String, &'a BTreeMap<String, String>>,
}

/// A script for `nft -f` that makes the table what the policies want it to be.
pub(super) fn table<P, Q, N>(policies: &[P], pods: &[Q], namespaces: &[N]) -> String
where
    P: Deref<Target = NetworkPolicy>,
    Q: Deref<Target = Pod>,
    N: Deref<Target = Namespace>,
{
    let world = World {
        members: members(pods),
        namespaces: namespaces.iter().map(|namespace| (namespace.name_any(), namespace.labels())).collect(),
    };
    let mut policies: Vec<&NetworkPolicy> = policies.iter().map(Deref::deref).collect();
    policies.sort_by_key(|policy| (policy.namespace(), policy.name_any()));
    let mut script = format!("table {TABLE}\ndelete table {TABLE}\ntable {TABLE} {{\n");
    let ingress = world.isolate(&mut script, &policies, Direction::Ingress);
    let egress = world.isolate(&mut script, &policies, Direction::Egress);
    script.push_str(&chain("forward", &[Some(world.unknown()), egress.clone(), ingress]));
    // What is for the node itself: the API server, names.
    script.push_str(&chain("input", &[egress]));
    script.push_str("}\n");
    script
}

/// In the order of their addresses, so that the same world gives the same rules.
fn members<Q: Deref<Target = Pod>>(pods: &[Q]) -> Vec<Member<'_>> {
    let mut members: Vec<_> = pods.iter().filter_map(|pod| member(pod)).collect();
    members.sort_by_key(|member| member.address);
    // One that ends may still name the address that another has by now.
    members.dedup_by_key(|member| member.address);
    members
}

fn member(pod: &Pod) -> Option<Member<'_>> {
    let status = pod.status.as_ref()?;
    // The address of a pod that has ended may be another's by now.
    let ended = matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"));
    let of_node = pod.spec.as_ref().is_some_and(|spec| spec.host_network == Some(true));
    let address = status.pod_ip.as_ref()?.parse().ok()?;
    (!ended && !of_node).then(|| Member { pod, namespace: pod.namespace().unwrap_or_default(), address })
}

/// A chain of the kernel's that looks up who is isolated.
fn chain(hook: &str, lookups: &[Option<String>]) -> String {
    let lookups: String = lookups.iter().flatten().map(|lookup| format!("    {lookup}\n")).collect();
    format!(
        "  chain {hook} {{\n    type filter hook {hook} priority filter; policy accept;\n    \
         ct state established,related accept\n{lookups}  }}\n"
    )
}

impl World<'_> {
    /// Keeps packets from pods that are so new that nobody knows who they are, or whether they are isolated.
    fn unknown(&self) -> String {
        let known: Vec<_> = self.members.iter().map(|member| member.address.to_string()).collect();
        let pods = network::pods();
        match known.is_empty() {
            true => format!("ip daddr {pods} drop"),
            false => format!("ip daddr {pods} ip daddr != {{ {} }} drop", known.join(", ")),
        }
    }

    /// Writes a chain for each pod that is isolated in this direction, and returns the rule that leads to them.
    fn isolate(
        &self,
        script: &mut String,
        policies: &[&NetworkPolicy],
        direction: Direction,
    ) -> Option<String> {
        let mut jumps = Vec::new();
        for member in &self.members {
            let selecting: Vec<_> =
                policies.iter().filter(|policy| selects(policy, member, direction)).copied().collect();
            if selecting.is_empty() {
                continue;
            }
            let name = format!("{direction}_{}", member.address.to_string().replace('.', "_"));
            let _ = writeln!(script, "  # {}/{}\n  chain {name} {{", member.namespace, member.pod.name_any());
            for line in selecting.iter().flat_map(|policy| self.lines(policy, member, direction)) {
                let _ = writeln!(script, "    {line}return");
            }
            script.push_str("    drop\n  }\n");
            jumps.push(format!("{} : jump {name}", member.address));
        }
        let own = match direction {
            Direction::Ingress => "daddr",
            Direction::Egress => "saddr",
        };
        (!jumps.is_empty()).then(|| format!("ip {own} vmap {{ {} }}", jumps.join(", ")))
    }

    /// What of a policy lets packets pass, each line with a blank behind it.
    fn lines(&self, policy: &NetworkPolicy, of: &Member<'_>, direction: Direction) -> Vec<String> {
        let mut lines = Vec::new();
        for rule in rules(policy, direction) {
            for (peer, members) in self.peers(&rule, &of.namespace, direction) {
                match rule.ports {
                    None | Some([]) => lines.push(peer),
                    Some(ports) => lines.extend(ports.iter().flat_map(|port| {
                        let named = match direction {
                            Direction::Ingress => vec![(peer.clone(), of)],
                            Direction::Egress => members.iter().map(|m| (exactly(m), *m)).collect(),
                        };
                        allowed(port, &peer, &named)
                    })),
                }
            }
        }
        lines
    }

    /// Which packets are with the peers of a rule, each with those pods among them that are known.
    fn peers(
        &self,
        rule: &Rule<'_>,
        namespace: &str,
        direction: Direction,
    ) -> Vec<(String, Vec<&Member<'_>>)> {
        let Some(peers) = rule.peers.filter(|peers| !peers.is_empty()) else {
            return vec![(String::new(), self.members.iter().collect())];
        };
        let field = direction.peer();
        let matching = peers.iter().filter_map(|peer| {
            if let Some(block) = peer.ip_block.as_ref() {
                // There are no packets of IPv6 in the node's network.
                if is_v6(&block.cidr) {
                    return None;
                }
                let except = block
                    .except
                    .iter()
                    .flatten()
                    .filter(|cidr| !is_v6(cidr))
                    .map(|cidr| format!("ip {field} != {cidr} "));
                return Some((
                    format!("ip {field} {} {}", block.cidr, except.collect::<String>()),
                    Vec::new(),
                ));
            }
            let members: Vec<_> = self.members.iter().filter(|m| self.is(m, peer, namespace)).collect();
            let addresses: Vec<_> = members.iter().map(|member| member.address.to_string()).collect();
            let found = format!("ip {field} {{ {} }} ", addresses.join(", "));
            (!members.is_empty()).then_some((found, members))
        });
        matching.collect()
    }

    /// Whether a pod is meant by the selectors of a peer, in a policy of this namespace.
    fn is(&self, member: &Member<'_>, peer: &NetworkPolicyPeer, namespace: &str) -> bool {
        let near = match &peer.namespace_selector {
            None => member.namespace == namespace,
            Some(selector) => {
                self.namespaces.get(&member.namespace).is_some_and(|labels| matches(selector, labels))
            }
        };
        near && peer.pod_selector.as_ref().is_none_or(|selector| matches(selector, member.pod.labels()))
    }
}

fn exactly(member: &Member<'_>) -> String {
    format!("ip {} {} ", Direction::Egress.peer(), member.address)
}

fn is_v6(cidr: &str) -> bool {
    cidr.contains(':')
}

/// The lines for one port with one kind of peers; `named` are those who can have a port of that name, each with its match.
fn allowed(port: &NetworkPolicyPort, peer: &str, named: &[(String, &Member<'_>)]) -> Vec<String> {
    let protocol = port.protocol.as_deref().unwrap_or("TCP").to_lowercase();
    match &port.port {
        None => vec![format!("{peer}meta l4proto {protocol} ")],
        Some(IntOrString::Int(first)) => match port.end_port {
            Some(last) => vec![format!("{peer}{protocol} dport {first}-{last} ")],
            None => vec![format!("{peer}{protocol} dport {first} ")],
        },
        Some(IntOrString::String(name)) => named
            .iter()
            .filter_map(|(peer, member)| {
                let number = number(member.pod, name, &protocol)?;
                Some(format!("{peer}{protocol} dport {number} "))
            })
            .collect(),
    }
}

fn number(pod: &Pod, name: &str, protocol: &str) -> Option<i32> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let mut ports = containers.flat_map(|container| container.ports.iter().flatten());
    let found = ports.find(|port| {
        let same = port.protocol.as_deref().unwrap_or("TCP").eq_ignore_ascii_case(protocol);
        same && port.name.as_deref() == Some(name)
    });
    found.map(|port| port.container_port)
}

fn selects(policy: &NetworkPolicy, member: &Member<'_>, direction: Direction) -> bool {
    let Some(spec) = &policy.spec else { return false };
    let applies = match &spec.policy_types {
        Some(types) if !types.is_empty() => types.iter().any(|name| name == direction.name()),
        // By default always ingress, and egress where there are rules for it.
        _ => direction == Direction::Ingress || spec.egress.is_some(),
    };
    let near = policy.namespace().as_ref() == Some(&member.namespace);
    let chosen = spec.pod_selector.as_ref().is_none_or(|selector| matches(selector, member.pod.labels()));
    applies && near && chosen
}

fn rules(policy: &NetworkPolicy, direction: Direction) -> Vec<Rule<'_>> {
    let Some(spec) = &policy.spec else { return Vec::new() };
    match direction {
        Direction::Ingress => spec
            .ingress
            .iter()
            .flatten()
            .map(|rule| Rule { peers: rule.from.as_deref(), ports: rule.ports.as_deref() })
            .collect(),
        Direction::Egress => spec
            .egress
            .iter()
            .flatten()
            .map(|rule| Rule { peers: rule.to.as_deref(), ports: rule.ports.as_deref() })
            .collect(),
    }
}

/// A selector that cannot be understood, which the API server would not have let in, selects nothing.
fn matches(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    Selector::try_from(selector.clone()).is_ok_and(|selector| selector.matches(labels))
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
