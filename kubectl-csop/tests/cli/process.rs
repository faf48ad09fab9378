//! The plugin as a process: pipes that close, and an environment that must change nothing.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

fn plugin() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-csop"));
    command.env_remove("NO_COLOR").env("KUBECONFIG", "/nowhere/kubeconfig");
    command
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    // More than a pipe holds, so that the writer meets the closed end.
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let one = "---\napiVersion: csop.dev/v1alpha1\nkind: CashService\nmetadata: {name: shop}\n\
               spec: {image: 'shop:1', autoscaling: {maxReplicas: 2}}\n";
    std::io::Write::write_all(&mut file, one.repeat(40).as_bytes()).unwrap();
    let mut child = plugin()
        .args(["render", "-o", "json", "-f"])
        .arg(file.path())
        .env("RUST_BACKTRACE", "full")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "{\n");
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!((child.wait().unwrap().code(), told.as_str()), (Some(0), ""));
}

#[test]
fn a_backtrace_is_never_printed() {
    for trace in ["0", "1", "full"] {
        let ran = plugin().arg("status").env("RUST_BACKTRACE", trace).output().unwrap();
        assert_eq!(ran.status.code(), Some(1));
        assert_eq!(
            String::from_utf8(ran.stderr).unwrap(),
            "error: no cluster is configured: there is no kubeconfig at /nowhere/kubeconfig\n\
             hint: set KUBECONFIG or give --kubeconfig FILE\n"
        );
    }
}

#[test]
fn no_command_that_can_do_without_needs_a_cluster() {
    for args in [
        &["--help"][..],
        &["version", "--client"],
        &["completion", "bash"],
        &["completion", "zsh"],
        &["completion", "fish"],
        &["completion", "powershell"],
        &["completion", "kubectl"],
        &["init", "shop", "--image", "shop:1", "--max", "2", "-o", "json"],
    ] {
        let ran = plugin().args(args).output().unwrap();
        assert_eq!((ran.status.code(), ran.stderr.len()), (Some(0), 0), "{args:?}");
        assert!(!ran.stdout.is_empty() && !ran.stdout.contains(&0x1b), "{args:?}");
    }
}

#[test]
fn misuse_exits_with_2() {
    for args in
        [&["frobnicate"][..], &["status", "--frob"], &["init", "--preset", "django9"], &["render"], &[]]
    {
        let ran = plugin().args(args).output().unwrap();
        assert_eq!((ran.status.code(), ran.stdout.len()), (Some(2), 0), "{args:?}");
        assert!(!ran.stderr.contains(&0x1b), "{args:?}");
    }
}

#[test]
fn a_typo_in_a_manifest_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.yaml");
    let text = "apiVersion: csop.dev/v1alpha1\nkind: CashService\nmetadata: {name: shop}\n\
                spec: {image: 'shop:1', autoscaling: {maxReplicas: 2}, contract: {heathPort: 1}}\n";
    std::fs::write(&file, text).unwrap();
    let ran = plugin().arg("render").arg("-f").arg("shop.yaml").current_dir(folder.path()).output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(ran.stderr).unwrap(),
        "error: shop.yaml: spec.contract.heathPort: unknown field; did you mean healthPort?\n"
    );
}
