//! The plugin as its users have it: on the PATH, beside the real kubectl, in an environment that is the same everywhere.

use std::{
    ffi::OsString,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Stdio,
};

use csop_tests::{binaries, kubectl, run_dir::RunDir};
use tokio::process::Command;

use crate::scene::{SOON, Scene};

/// Signs of an error that was printed as it is in the program.
const DUMPS: [&str; 8] =
    ["panicked", "stack backtrace", "Some(", "Err(", "Error {", "kube_client", "hyper", ".rs:"];

/// A user's home with kubectl and the plugin on the PATH.
pub(crate) struct Shell {
    home: RunDir,
    kubeconfig: PathBuf,
}

impl Shell {
    /// With this kubeconfig, which need not exist.
    pub(crate) fn new(kubeconfig: &Path) -> Self {
        let home = RunDir::of("home", None).unwrap();
        let plugin = binaries::up_to_date("kubectl-csop", "kubectl-csop").expect("the plugin is built");
        symlink(plugin, home.path().join("kubectl-csop")).unwrap();
        symlink(kubectl::program().unwrap(), home.path().join("kubectl")).unwrap();
        Self { home, kubeconfig: kubeconfig.to_owned() }
    }

    /// Of the administrator.
    pub(crate) fn of(scene: &Scene) -> Self {
        Self::new(scene.cluster.kubeconfig())
    }

    /// Puts a program on the PATH.
    pub(crate) fn install(&self, name: &str, script: &str) {
        let path = self.home.path().join(name);
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// All variables of the environment. Backtraces are asked for always: nothing may come of it.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut path = self.home.path().as_os_str().to_owned();
        path.push(":/usr/bin:/bin");
        vec![
            ("PATH", path),
            ("HOME", self.home.path().into()),
            ("KUBECONFIG", self.kubeconfig.clone().into()),
            ("TERM", "xterm-256color".into()),
            ("LANG", "C.UTF-8".into()),
            ("RUST_BACKTRACE", "full".into()),
        ]
    }

    /// A command with pipes on all sides.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.home.path().join(program));
        command.args(arguments).env_clear().envs(self.environment()).current_dir(self.home.path());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs the plugin on its own.
    pub(crate) async fn csop(&self, arguments: &[&str]) -> Ran {
        finish(self.command("kubectl-csop", arguments)).await
    }

    /// Runs kubectl.
    pub(crate) async fn kubectl(&self, arguments: &[&str]) -> Ran {
        finish(self.command("kubectl", arguments)).await
    }
}

/// Runs a command to its end.
pub(crate) async fn finish(mut command: Command) -> Ran {
    let line = format!("{:?}", command.as_std());
    let output = tokio::time::timeout(SOON * 2, command.output())
        .await
        .unwrap_or_else(|_| panic!("{line} does not end"))
        .unwrap_or_else(|error| panic!("{line}: {error}"));
    Ran {
        line,
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// How a command without a terminal ended, and what it printed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    line: String,
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Checks the exit code, and what must hold of every output; returns standard output.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self}");
        for text in [&self.out, &self.err] {
            assert!(!text.contains('\u{1b}'), "no escape codes without a terminal: {self}");
        }
        for dump in DUMPS {
            assert!(!self.err.contains(dump), "{dump}: {self}");
        }
        &self.out
    }

    /// It went well, with nothing to say.
    #[track_caller]
    pub(crate) fn ok(&self) -> &str {
        assert_eq!(self.err, "", "{self}");
        self.ends(0)
    }

    /// It ended with this code and one line of error with the text in it, and hints at most.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, text: &str) -> &str {
        self.ends(code);
        let lines: Vec<_> = self.err.lines().collect();
        let at = lines.iter().position(|line| line.starts_with("error: ")).expect("there is an error line");
        assert!(lines[at].contains(text), "{text}: {self}");
        assert!(lines[at + 1..].iter().all(|line| line.starts_with("hint: ")), "{self}");
        &self.err
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self.code.map_or("a signal".to_owned(), |code| code.to_string());
        write!(f, "{}\nended with {code}\n--- out\n{}--- err\n{}", self.line, self.out, self.err)
    }
}
