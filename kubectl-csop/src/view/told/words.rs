//! The kubelet's words in an owner's: without addresses that change and the names of its own parts.

/// Why a probe failed.
pub(super) fn of_probe(said: &str) -> String {
    if let Some(code) = said.strip_prefix("HTTP probe failed with statuscode: ") {
        return format!("HTTP status {code}");
    }
    let Some((host, why)) = of_http(said).or_else(|| of_tcp(said)).or_else(|| of_grpc(said)) else {
        return said.to_owned();
    };
    failed_at(host, why)
}

/// What an HTTP probe asked for, and why there is no answer.
fn of_http(said: &str) -> Option<(&str, &str)> {
    let (url, why) = said.strip_prefix("Get \"")?.split_once("\": ")?;
    Some((url.split_once("://").map_or(url, |(_, rest)| rest), why))
}

/// What a TCP probe called. Only at the beginning: a command may tell of a server that it called itself.
fn of_tcp(said: &str) -> Option<(&str, &str)> {
    said.strip_prefix("dial tcp ")?.split_once(": ")
}

/// What a gRPC probe called, as the kubelet says when it gives up and as its client says.
fn of_grpc(said: &str) -> Option<(&str, &str)> {
    if let Some(late) = said.strip_prefix("timeout: failed to connect service \"") {
        return late.split_once('"');
    }
    let rest = said.strip_prefix("error: health rpc probe failed: ")?.rsplit_once("dial tcp ")?.1;
    let (host, why) = rest.split_once(": ")?;
    Some((host, why.trim_end_matches('"')))
}

/// Why a connection failed, and at which port and path; the address is that of the pod.
fn failed_at(host: &str, why: &str) -> String {
    let end = host.find('/').unwrap_or(host.len());
    let place = host[..end].rfind(':').map_or(host, |at| &host[at..]);
    if ["deadline exceeded", "Client.Timeout", "i/o timeout"].iter().any(|late| why.contains(late)) {
        return format!("no answer in time from {place}");
    }
    let why = why.rsplit_once(": ").map_or(why, |(_, last)| last);
    format!("{why} at {place}")
}

/// Why a volume cannot be mounted.
pub(super) fn of_mount(said: &str) -> String {
    let rest = said.strip_prefix("MountVolume.SetUp failed for volume ").unwrap_or(said);
    rest.replacen("\" : ", "\": ", 1)
}

/// Why a pod's sandbox cannot be made: what the lowest of the runtime's layers says.
pub(super) fn of_sandbox(said: &str) -> String {
    let said = said.strip_prefix("Failed to create pod sandbox: ").unwrap_or(said);
    let layers = ["desc = ", "unable to start container process: "];
    let said = layers.iter().fold(said, |said, layer| said.rsplit_once(layer).map_or(said, |(_, rest)| rest));
    // A sandbox has another name at every try.
    let unnamed = said.split_once("sandbox \"").and_then(|(_, rest)| rest.split_once("\": "));
    unnamed.map_or(said, |(_, why)| why).to_owned()
}
