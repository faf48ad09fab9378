//! The kubelet's words in an owner's: without addresses that change and the names of its own parts.

/// Why a probe failed.
pub(super) fn of_probe(said: &str) -> String {
    if let Some(code) = said.strip_prefix("HTTP probe failed with statuscode: ") {
        return format!("HTTP status {code}");
    }
    let Some((url, why)) = said.strip_prefix("Get \"").and_then(|rest| rest.split_once("\": ")) else {
        return said.to_owned();
    };
    // Port and path; the address is that of the pod.
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = host.find('/').unwrap_or(host.len());
    let place = host[..end].rfind(':').map_or(host, |at| &host[at..]);
    if why.contains("deadline exceeded") || why.contains("Client.Timeout") {
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
