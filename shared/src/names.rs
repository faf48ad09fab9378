//! Names that are API: labels, annotations, field managers, and the names of children.

use sha2::{Digest, Sha256};

/// The API group of every kind.
pub const GROUP: &str = "csop.dev";
/// The version of every kind.
pub const VERSION: &str = "v1alpha1";

/// Group and version of every kind, as in manifests.
pub const API_VERSION: &str = "csop.dev/v1alpha1";

/// Labels that csop puts on the objects it manages.
pub mod labels {
    /// The application's name (recommended label).
    pub const NAME: &str = "app.kubernetes.io/name";
    /// The custom resource that the object belongs to (recommended label).
    pub const INSTANCE: &str = "app.kubernetes.io/instance";
    /// `server`, `worker` or `jobs` (recommended label).
    pub const COMPONENT: &str = "app.kubernetes.io/component";
    /// Always [`MANAGED_BY_VALUE`](super::MANAGED_BY_VALUE) (recommended label).
    pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
    /// The larger application (recommended label).
    pub const PART_OF: &str = "app.kubernetes.io/part-of";
    /// The service that the object serves; a selector label, fixed for life.
    pub const SERVICE: &str = "csop.dev/service";
    /// `stable`, later `canary` and others; a selector label, fixed for life.
    pub const TRACK: &str = "csop.dev/track";
    /// On a namespace: its pods may reach the services of other namespaces.
    pub const INGRESS: &str = "csop.dev/ingress";
}

/// The value of the label `app.kubernetes.io/managed-by`.
pub const MANAGED_BY_VALUE: &str = "csop";
/// The value of [`labels::INGRESS`] that opens services to a namespace.
pub const INGRESS_ALLOWED: &str = "allowed";
/// The track of a service's ordinary pods.
pub const TRACK_STABLE: &str = "stable";

/// Annotations of csop.
pub mod annotations {
    /// `"true"` on one of our objects holds all its writes.
    pub const PAUSED: &str = "csop.dev/paused";
    /// Hash of the intent that was last applied to a child.
    pub const INTENT: &str = "csop.dev/intent";
    /// RFC 3339 time of the last asked-for restart; it reaches the pod template.
    pub const RESTARTED_AT: &str = "csop.dev/restartedAt";
    /// A verb that is no declaration, as JSON (see `status.lastAction`).
    pub const ACTION: &str = "csop.dev/action";
    /// On the pod template: digest of the content of the mounted secrets.
    pub const SECRETS_DIGEST: &str = "csop.dev/secretsDigest";
    /// On the Deployment: the revision of its pod template.
    pub const REVISION: &str = "csop.dev/revision";
    /// On a ControllerRevision: why the revision came to be.
    pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";
}

/// Field managers: they are API, because others read them in `managedFields`.
pub mod managers {
    /// Prefix of all managers of the operator.
    pub const OPERATOR: &str = "csop-operator";
    /// Writes replica counts and nothing else.
    pub const SCALE: &str = "csop-operator/scale";
    /// Writes status and nothing else.
    pub const STATUS: &str = "csop-operator/status";
    /// The plugin.
    pub const PLUGIN: &str = "kubectl-csop";
}

/// Longest name of a child: children become label values and DNS labels.
pub const NAME_LIMIT: usize = 63;
/// Hexadecimal digits of the hash that replaces the end of a name that is too long.
const HASH_DIGITS: usize = 8;

/// The name of a child: `base` and `suffix` joined by a dash.
///
/// A name over 63 characters is cut and ends in a hash of the whole, so that two long names that begin alike stay
/// apart.
pub fn child(base: &str, suffix: &str) -> String {
    let whole = if suffix.is_empty() { base.to_owned() } else { format!("{base}-{suffix}") };
    if whole.len() <= NAME_LIMIT {
        return whole;
    }
    let hash = short_hash(whole.as_bytes(), HASH_DIGITS);
    let room = NAME_LIMIT - HASH_DIGITS - 1;
    let kept = whole[..whole.floor_char_boundary(room)].trim_end_matches(['-', '.']);
    format!("{kept}-{hash}")
}

/// The first `digits` hexadecimal digits of the SHA-256 of `bytes` (64 at most).
pub fn short_hash(bytes: &[u8], digits: usize) -> String {
    let digest = Sha256::digest(bytes);
    let mut hex = String::with_capacity(digits + 1);
    for byte in digest.iter().take(digits.div_ceil(2)) {
        hex.push_str(&format!("{byte:02x}"));
    }
    hex.truncate(digits);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_names_are_joined() {
        assert_eq!(child("shop", ""), "shop");
        assert_eq!(child("shop", "r12"), "shop-r12");
    }

    #[test]
    fn long_names_that_begin_alike_stay_apart() {
        let base = "a".repeat(63);
        let (one, two) = (child(&base, "one"), child(&base, "two"));
        assert_ne!(one, two);
        assert_eq!((one.len(), two.len()), (63, 63));
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(short_hash(b"abc", 8), "ba7816bf");
        assert_eq!(short_hash(b"abc", 5), "ba781");
    }

    proptest! {
        #[test]
        fn a_child_of_a_valid_name_is_valid(base in "[a-z]([a-z0-9-]{0,60}[a-z0-9])?", suffix in "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?") {
            let name = child(&base, &suffix);
            prop_assert!(name.len() <= NAME_LIMIT);
            prop_assert!(!name.ends_with('-'));
        }
    }
}
