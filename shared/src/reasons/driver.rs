//! Reasons that the operator's driver gives for every kind.

use super::Explained;

/// The object cannot be read as its kind; its author must edit it.
pub const UNDECODABLE: &str = "Undecodable";
/// The object asks for something that cannot be; its author must edit it.
pub const INVALID: &str = "Invalid";
/// Something that the object needs is not there yet.
pub const WAITING: &str = "Waiting";
/// Calls to the API server keep failing.
pub const TRANSIENT: &str = "ApiServerUnavailable";
/// The operator lacks a permission.
pub const DENIED: &str = "PermissionDenied";
/// The API server refused an object: its schema, a quota, pod security or an admission policy.
pub const REJECTED: &str = "Rejected";
/// A broken invariant of the operator.
pub const BUG: &str = "OperatorBug";
/// The pause annotation is set.
pub const PAUSED: &str = "PausedByAnnotation";
/// Nothing holds the object's writes.
pub const NOT_PAUSED: &str = "NotPaused";
/// An object of a wanted name is not controlled by this one.
pub const NAME_TAKEN: &str = "NameTaken";
/// Somebody sets a child back as often as it is restored.
pub const DISPUTED: &str = "Disputed";
/// Somebody else's autoscaler has the same target.
pub const FOREIGN_AUTOSCALER: &str = "ForeignAutoscaler";
/// Nothing else claims what this object wants.
pub const NO_CONFLICT: &str = "NoConflict";

/// What they mean.
pub const EXPLAINED: [Explained; 13] = [
    Explained {
        names: &[NAME_TAKEN],
        seen: &["Conflict=True", "Ready=False", "event"],
        meaning: "An object that the service needs is there already and belongs to somebody else. The message names it and \
                  whose it is. csop never takes an object over, and leaves this one as it is.",
        next: &[
            "`kubectl csop status NAME` shows the message; `kubectl get KIND NAME --show-managed-fields -o yaml` tells whose \
             the object is.",
            "Remove the object, or create the service under another name. csop looks again every minute.",
            "If it is left from a service that was deleted with `--cascade=orphan`, \
             [give it back](install.md#give-the-objects-back).",
        ],
    },
    Explained {
        names: &[DISPUTED],
        seen: &["Conflict=True", "event"],
        meaning: "Somebody changes an object of the service as often as csop restores it. After ten repairs within a minute \
                  csop leaves the object as it is for the rest of that minute, and goes on with the others.",
        next: &[
            "`kubectl csop events NAME` names the field manager and the fields.",
            "Have that tool leave the object alone, or ask for what it wants in the CashService.",
            "If it is a tool of the cluster, the administrator can [allow it](install.md#settings).",
        ],
    },
    Explained {
        names: &[FOREIGN_AUTOSCALER],
        seen: &["Conflict=True", "event"],
        meaning: "Another autoscaler has the service's Deployment as its target: a HorizontalPodAutoscaler that csop did not \
                  make, or one of KEDA's. Two would fight, so csop writes neither its own autoscaler nor the replica count.",
        next: &[
            "Delete the other one, and csop scales the service by itself.",
            "Or keep it, and say so: set `spec.autoscaling.mode` to `External`.",
        ],
    },
    Explained {
        names: &[REJECTED],
        seen: &["Ready=False", "event"],
        meaning: "The API server refused an object that csop wanted to apply: a quota, pod security, an admission policy, or \
                  its schema. The message has the server's own words.",
        next: &[
            "`kubectl csop diff NAME` shows what was to be applied.",
            "Change the spec as the message says, or have the quota or the policy changed. csop tries again every five \
             minutes, and at once when the spec changes.",
        ],
    },
    Explained {
        names: &[UNDECODABLE],
        seen: &["Ready=False", "event"],
        meaning: "The resource cannot be read as its kind, most likely because it was stored while another definition was \
                  installed. Its objects are left as they are.",
        next: &[
            "`kubectl csop status` lists it, and `kubectl edit csvc NAME` mends it: the message names the field.",
        ],
    },
    Explained {
        names: &[INVALID],
        seen: &["Ready=False", "event"],
        meaning: "The spec asks for something that cannot be. Nothing is applied until it is edited.",
        next: &["`kubectl csop status NAME` names the field; `kubectl edit csvc NAME` mends it."],
    },
    Explained {
        names: &[WAITING],
        seen: &["Ready=False", "Progressing=True"],
        meaning: "Something that the service needs is not there yet; in most cases objects of an earlier service of this \
                  name are still being deleted. csop goes on by itself.",
        next: &[
            "Wait: `kubectl csop wait NAME`.",
            "If it lasts, `kubectl get KIND NAME -o jsonpath='{.metadata.finalizers}'` says who holds the object that the \
             message names.",
        ],
    },
    Explained {
        names: &[DENIED],
        seen: &["Ready=False", "event"],
        meaning: "The operator lacks a permission, which the message names with its verb and resource.",
        next: &[
            "Tell the administrator: `kubectl csop check` shows what else is amiss with the installation.",
        ],
    },
    Explained {
        names: &[TRANSIENT],
        seen: &["Ready=False", "event"],
        meaning: "Requests to the API server keep failing: it is away, slow or overloaded. csop tries again with growing \
                  pauses, and pods go on serving.",
        next: &[
            "`kubectl csop check` tells whether the cluster answers you. If it lasts, tell the administrator.",
        ],
    },
    Explained {
        names: &[BUG],
        seen: &["Ready=Unknown", "event"],
        meaning: "The operator came upon something that it holds impossible. It tries again, rarely.",
        next: &["Report it with the message, the output of `kubectl csop version`, and the operator's log."],
    },
    Explained {
        names: &[PAUSED],
        seen: &["Paused=True"],
        meaning: "The annotation `csop.dev/paused` holds all writes of csop for this service. The other conditions go on \
                  to tell how the objects are that were applied before; pods and autoscaler go on, too.",
        next: &["`kubectl csop diff NAME` shows what csop would do.", "`kubectl csop resume NAME` lets it."],
    },
    Explained {
        names: &[NOT_PAUSED],
        seen: &["Paused=False"],
        meaning: "Nothing holds the writes of csop.",
        next: &[],
    },
    Explained {
        names: &[NO_CONFLICT],
        seen: &["Conflict=False"],
        meaning: "All objects of the service belong to it.",
        next: &[],
    },
];
