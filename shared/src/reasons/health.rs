//! Why pods do not serve.

use super::Explained;

/// The Deployment's controller cannot make pods (a quota, pod security, an admission policy).
pub const REPLICA_FAILURE: &str = "ReplicaFailure";
/// A container ended, and is started again and again.
pub const CRASH_LOOP: &str = "CrashLoopBackOff";
/// A container ended for the first or second time.
pub const ENDED: &str = "Error";
/// The node cannot pull the image, and pauses before it tries again.
pub const PULL_BACK_OFF: &str = "ImagePullBackOff";
/// What is given as the image is not a name of one.
pub const IMAGE_NAME: &str = "InvalidImageName";
/// The container runtime cannot start the process.
pub const RUN_ERROR: &str = "RunContainerError";
/// A container cannot be made from its configuration.
pub const CONFIG_ERROR: &str = "CreateContainerConfigError";
/// A container took more memory than its limit.
pub const OOM_KILLED: &str = "OOMKilled";
/// No node takes the pod.
pub const UNSCHEDULABLE: &str = "Unschedulable";
/// The container runs and its readiness probe fails.
pub const NOT_READY: &str = "ReadinessFailing";
/// The startup probe of a container fails.
pub const STARTUP: &str = "StartupFailing";
/// A container is ended by the kubelet because its liveness probe fails.
pub const LIVENESS: &str = "LivenessFailing";
/// A volume of a pod cannot be mounted.
pub const MOUNT: &str = "FailedMount";
/// The node cannot make what the containers of a pod run in.
pub const SANDBOX: &str = "FailedCreatePodSandBox";
/// A rollout does not move.
pub const STUCK: &str = "ProgressDeadlineExceeded";
/// The HorizontalPodAutoscaler cannot scale.
pub const AUTOSCALER: &str = "AutoscalerInactive";

/// What they mean; with them those that the kubelet gives and csop passes on.
pub const EXPLAINED: [Explained; 15] = [
    Explained {
        names: &[REPLICA_FAILURE],
        seen: &["Ready=False", "event"],
        meaning: "Kubernetes refuses to make the pods: a quota is used up, or pod security or an admission policy forbids \
                  them. The message has its words.",
        next: &[
            "`kubectl csop status NAME` shows the words; `kubectl describe quota` what is used up.",
            "Lower `resources` or `autoscaling`, or have the quota or the policy changed.",
            "Kubernetes tries again after growing pauses, so the cause may stay for minutes after the quota or the policy is \
             mended; `kubectl csop restart NAME` has the pods made at once.",
        ],
    },
    Explained {
        names: &["ErrImagePull", PULL_BACK_OFF],
        seen: &["Ready=False", "event"],
        meaning: "The node cannot pull the image: it does not exist under this name and tag, or the registry wants a \
                  password. Running pods of the old revision go on.",
        next: &[
            "Compare the image in `kubectl csop status NAME` with what is in the registry.",
            "For a private registry name a Secret in `imagePullSecrets`; `kubectl get secret SECRET` tells whether it is \
             there.",
            "`kubectl csop undo NAME` goes back to the image that served before.",
        ],
    },
    Explained {
        names: &[IMAGE_NAME, "ErrImageNeverPull"],
        seen: &["Ready=False", "event"],
        meaning: "The image's name is not valid, for the reason in the message, or the image is not on the node and may not be \
                  pulled.",
        next: &["Mend `image` and apply it again, or go back: `kubectl csop undo NAME`."],
    },
    Explained {
        names: &[CONFIG_ERROR],
        seen: &["Ready=False", "event"],
        meaning: "The container cannot be made as it is configured: a Secret, a ConfigMap or one of its keys is missing, or \
                  the image wants to run as root. The message says which.",
        next: &[
            "If the image wants root or names its user, set `security.runAsUser` to a user id other than 0.",
            "If something is missing, create it; the kubelet tries again by itself.",
            "`kubectl csop undo NAME` goes back to the revision that served before.",
        ],
    },
    Explained {
        names: &["CreateContainerError", RUN_ERROR],
        seen: &["Ready=False", "event"],
        meaning: "The container runtime could not make or start the container: the command does not exist in the image, or \
                  a volume cannot be mounted where the spec says. The message has its words.",
        next: &[
            "Mend `command`, `args` or `volumeMounts` as the message says.",
            "`kubectl csop events NAME` shows what the node tells.",
        ],
    },
    Explained {
        names: &[CRASH_LOOP, ENDED],
        seen: &["Ready=False", "event"],
        meaning: "The process ended, and is started again with growing pauses. The message has its exit code; 137 and 143 \
                  mean that it was killed. It stays the cause until the process has served, or has run for ten minutes.",
        next: &[
            "`kubectl csop logs NAME --previous` shows its last words; so does `kubectl logs POD --previous`.",
            "If it came with a change, `kubectl csop diff NAME` and `kubectl csop history NAME` say which, and `kubectl csop \
             undo NAME` takes it back.",
        ],
    },
    Explained {
        names: &[OOM_KILLED],
        seen: &["Ready=False", "event"],
        meaning: "The container took more memory than its limit, and the kernel ended it. The message has the limit in force.",
        next: &[
            "Raise `resources.limits.memory`, or find the leak: `kubectl csop logs NAME --previous`.",
            "`kubectl top pods -l csop.dev/service=NAME` shows what the others take.",
        ],
    },
    Explained {
        names: &[LIVENESS],
        seen: &["status"],
        meaning: "The process runs, but does not answer its liveness probe with 200, so that the kubelet ends it and starts it \
                  again. The message has the probe's last answer. The conditions say `CrashLoopBackOff` or `Error`.",
        next: &[
            "`kubectl csop logs NAME --previous` tells what it did before it was ended.",
            "Check `contract.healthPort` and `contract.livenessPath`. A liveness probe should not ask others, such as a \
             database: a restart mends nothing there.",
        ],
    },
    Explained {
        names: &[STARTUP],
        seen: &["status"],
        meaning: "The process runs, but has not yet answered the first probe with 200. A slow start looks the same for a while; \
                  after five minutes the kubelet starts it anew. The message has the probe's last answer: `connection refused` \
                  means that nothing listens on the port.",
        next: &[
            "`kubectl csop logs NAME` tells whether it still starts, and on which port it listens.",
            "Check `contract.healthPort` and `contract.livenessPath`.",
        ],
    },
    Explained {
        names: &[MOUNT],
        seen: &["status"],
        meaning: "The node cannot mount a volume of the pod, so that no container starts: a Secret, a ConfigMap or one of its keys \
                  is missing, or the storage does not answer. The message says which.",
        next: &[
            "If something is missing, create it; the kubelet tries again by itself.",
            "Mend `volumes`, `secrets` or `config` as the message says.",
        ],
    },
    Explained {
        names: &[SANDBOX],
        seen: &["status"],
        meaning: "The node cannot make the pod's sandbox, in which its containers are to run: the memory limit is too low even for \
                  that, or the node's network or container runtime does not work. The message has the node's words.",
        next: &[
            "If it speaks of memory, raise `resources.limits.memory`.",
            "Otherwise tell whoever runs the nodes; the kubelet tries again by itself.",
        ],
    },
    Explained {
        names: &[UNSCHEDULABLE],
        seen: &["Ready=False", "event"],
        meaning: "No node takes the pod. The message has the scheduler's words: which resource is short, or which constraint \
                  no node meets.",
        next: &[
            "`kubectl csop status NAME` shows the words.",
            "Ask for less in `resources`, loosen `pod`, or have nodes added.",
            "`were unschedulable` means nodes that are cordoned, and take no new pods: `kubectl get nodes` shows which, `kubectl \
             uncordon NODE` opens one again.",
        ],
    },
    Explained {
        names: &[NOT_READY],
        seen: &["Ready=False", "Progressing=True"],
        meaning: "The process runs, but does not answer its readiness probe with 200, so that it gets no traffic. A slow start \
                  looks the same for a while. `kubectl csop status` has the probe's last answer.",
        next: &[
            "`kubectl csop logs NAME` tells whether it still starts.",
            "Check `contract.healthPort` and `contract.readinessPath`; `kubectl csop render NAME` shows the probe as the \
             kubelet gets it.",
        ],
    },
    Explained {
        names: &[STUCK],
        seen: &["Ready=False", "event"],
        meaning: "The rollout has not moved for ten minutes, and no pod says why.",
        next: &[
            "`kubectl csop tree NAME` and `kubectl csop events NAME` show the pods and what happens to them.",
            "`kubectl csop undo NAME` goes back to the revision before.",
        ],
    },
    Explained {
        names: &[AUTOSCALER],
        seen: &["Ready=False", "Progressing=True"],
        meaning: "All pods that there are serve, and the autoscaler gets no metrics, so that the service cannot reach its size. \
                  The message has its words.",
        next: &[
            "`kubectl csop check` tells whether metrics-server answers.",
            "For metrics of your own: is their adapter there? `kubectl get apiservices` lists what serves metrics.",
        ],
    },
];
