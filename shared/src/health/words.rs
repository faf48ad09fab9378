//! The words of kubelets, container runtimes and schedulers, without what tells an owner nothing: chains of who asked whom, and what
//! changes at every try.

/// The longest text that is passed on of a process, in characters.
const LONGEST: usize = 200;

/// Everything on one line.
pub(super) fn line(said: &str) -> String {
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a process left as its last message, which may be long.
pub(super) fn of_process(said: &str) -> String {
    let said = line(said);
    match said.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &said[..end]),
        None => said,
    }
}

/// Of a container that cannot be configured: without the pod, which the cause names itself.
pub(super) fn of_configuration(said: &str) -> String {
    let said = line(said);
    match said.find(" (pod: ") {
        Some(at) => said[..at].to_owned(),
        None => said,
    }
}

/// Of a process that cannot be started: what the lowest of the runtime's layers says.
pub(super) fn of_start(said: &str) -> String {
    let said = line(said);
    let behind = ["unable to start container process: ", "error during container init: "];
    behind.iter().fold(said.as_str(), |said, layer| after(said, layer)).to_owned()
}

/// Of an image that cannot be pulled: what the registry says, or what keeps the node from asking it.
pub(super) fn of_pull(said: &str, image: &str) -> String {
    let said = line(said);
    let said = after(&said, "desc = ");
    // Both name the image between quotes, and so does whoever quotes them.
    let inner = [
        "failed to resolve reference \"",
        "failed to resolve image \"",
        "failed to pull and unpack image \"",
        "Back-off pulling image \"",
    ]
    .iter()
    .find_map(|layer| said.split_once(layer)?.1.split_once("\": ").map(|(_, rest)| rest));
    let said = inner.unwrap_or(said);
    let said = ["failed to resolve image: ", "failed to do request: ", "ErrImagePull: "]
        .iter()
        .fold(said, |said, layer| after(said, layer));
    // The cause names it already.
    let said = said.strip_prefix(&format!("{image}: ")).unwrap_or(said);
    // That it waits is said by the reason.
    if said.starts_with("Back-off pulling image") { String::new() } else { said.to_owned() }
}

/// Of what is not a name of an image: the rule that it breaks.
pub(super) fn of_image_name(said: &str) -> String {
    let said = line(said);
    let said = said.split_once("couldn't parse image name \"").map_or(said.as_str(), |(_, rest)| rest);
    let said = said.split_once("\": ").map_or(said, |(_, rest)| rest);
    after(said, "invalid reference format: ").to_owned()
}

/// Of a pod that fits nowhere: without what the scheduler tried to make room.
pub(super) fn of_scheduler(said: &str) -> String {
    let said = line(said);
    let end =
        [" no new claims to deallocate", " preemption: "].iter().filter_map(|part| said.find(part)).min();
    end.map_or(said.as_str(), |end| said[..end].trim_end_matches([',', ' '])).to_owned()
}

fn after<'a>(said: &'a str, layer: &str) -> &'a str {
    said.rsplit_once(layer).map_or(said, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_is_told_alike_while_it_fails_and_while_it_waits() {
        let image = "reg.example.com/shop:1";
        let refused = "failed to pull and unpack image \"reg.example.com/shop:1\": failed to resolve image: failed to do request: \
                       Head \"https://reg.example.com/v2/shop/manifests/1\": dial tcp 10.0.0.1:443: connect: connection refused";
        let short = "Head \"https://reg.example.com/v2/shop/manifests/1\": dial tcp 10.0.0.1:443: connect: connection refused";
        for (said, told) in [
            ("", ""),
            ("Back-off pulling image \"reg.example.com/shop:1\"", ""),
            (refused, short),
            (
                "failed to pull and unpack image \"reg.example.com/shop:1\": failed to resolve image: \
                 reg.example.com/shop:1: not found",
                "not found",
            ),
            (
                "rpc error: code = NotFound desc = failed to pull and unpack image \"reg.example.com/shop:1\": failed to \
                 resolve reference \"reg.example.com/shop:1\": reg.example.com/shop:1: not found",
                "not found",
            ),
            ("pull access denied", "pull access denied"),
        ] {
            assert_eq!(of_pull(said, image), told);
            let waits = format!("Back-off pulling image \"{image}\": ErrImagePull: {said}");
            if !said.is_empty() && !said.starts_with("Back-off") {
                assert_eq!(of_pull(&waits, image), told);
            }
        }
    }

    #[test]
    fn what_names_parts_of_the_node_is_left_out() {
        let start = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
                     failed: unable to start container process: error during container init: exec: \"/nowhere\": stat \
                     /nowhere: no such file or directory";
        assert_eq!(of_start(start), "exec: \"/nowhere\": stat /nowhere: no such file or directory");
        let root = "container has runAsNonRoot and image will run as root (pod: \"shop-1_pay(b4c9)\", container: app)";
        assert_eq!(of_configuration(root), "container has runAsNonRoot and image will run as root");
        let key = "couldn't find key password in Secret pay/db";
        assert_eq!(of_configuration(key), key);
        let full = "0/1 nodes are available: 1 Insufficient cpu.";
        for rest in [
            " no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
            " preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
            "",
        ] {
            assert_eq!(of_scheduler(&format!("{full}{rest}")), full);
        }
    }

    #[test]
    fn a_process_has_the_first_word_not_all() {
        assert_eq!(of_process("no\n  database\n"), "no database");
        let long = of_process(&"é".repeat(500));
        assert_eq!((long.chars().count(), long.ends_with("é...")), (LONGEST + 3, true));
    }
}
