//! Images as they are made here: their programs find all they need in them, and registries take them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use csop_tests::{
    Process,
    images::{self, Image, debian},
    ports, programs,
    servers::{
        prometheus,
        redis::{self, Redis, Settings},
    },
    wait,
};
use nix::{sys::signal::Signal, unistd::geteuid};
use serde_json::Value;
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(60);

/// The files of an image, in a folder.
fn unpacked(image: &Image) -> TempDir {
    let read = |digest: &Value| image.layout.join("blobs").join(digest.as_str().unwrap().replace(':', "/"));
    let json = |path: &Path| serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap();
    let index = json(&image.layout.join("index.json"));
    let manifest = json(&read(&index["manifests"][0]["digest"]));
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("tar");
    command.arg("-xf").arg(read(&manifest["layers"][0]["digest"])).arg("-C").arg(folder.path());
    assert!(command.status().unwrap().success());
    folder
}

/// A program that sees nothing but this folder, as nobody in particular.
fn within(folder: &Path, program: &str) -> Command {
    let mut command = if geteuid().is_root() {
        // The folder is only this user's.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(folder, open).unwrap();
        let mut command = Command::new("chroot");
        command.arg("--userspec=65532:65532");
        command
    } else {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "chroot"]);
        command
    };
    command.arg(folder).arg(program).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

fn said(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}: {status}: {text}");
    text
}

#[test]
fn programs_of_the_machine_find_their_libraries_in_their_images() {
    let [server, client] = [redis::SERVER, redis::CLIENT].map(|program| program.find().unwrap());
    let image = debian::of_programs("redis", &[server.clone(), client.clone()], &[]).unwrap();
    let folder = unpacked(&image);
    for (program, word) in [(server, "Redis server v="), (client, "redis-cli ")] {
        let mut command = within(folder.path(), program.to_str().unwrap());
        command.arg("--version");
        let text = said(command);
        assert!(text.contains(word), "{text}");
    }
    let program = prometheus::PROGRAM.find().unwrap();
    let files = [("etc/prometheus/prometheus.yml", "scrape_configs: []\n")];
    let image = debian::of_programs("prometheus", std::slice::from_ref(&program), &files).unwrap();
    let folder = unpacked(&image);
    let mut command = within(folder.path(), program.to_str().unwrap());
    command.arg("--version");
    let text = said(command);
    assert!(text.contains("prometheus, version"), "{text}");
    let config = fs::read_to_string(folder.path().join(files[0].0)).unwrap();
    assert_eq!(config, files[0].1);
}

fn of_workspace(name: &str) -> TempDir {
    let images = images::for_tests().unwrap();
    unpacked(images.iter().find(|image| image.name == name).unwrap())
}

#[test]
fn the_operator_runs_with_nothing_but_its_image() {
    let folder = of_workspace("csop-operator");
    let mut command = within(folder.path(), "/program");
    command.arg("--help");
    let text = said(command);
    assert!(text.contains("--prometheus-address"), "{text}");
}

#[tokio::test]
async fn a_static_program_asks_for_names_as_others_do() {
    let folder = of_workspace("redis-worker");
    fs::write(folder.path().join("etc/hosts"), "127.0.0.1 queue.example.com\n").unwrap();
    let redis = Redis::start(Settings::default()).await;
    let port = redis.address().rsplit(':').next().unwrap().to_owned();
    let mut command = within(folder.path(), "/program");
    command.env("REDIS_URL", format!("redis://queue.example.com:{port}"));
    command.envs([("LISTEN", "127.0.0.1:0"), ("JOB_MILLIS", "1")]);
    let mut worker = Process::start("redis-worker", &command);
    redis.run("RPUSH jobs one");
    worker.wrote(SOON, "job=\"one\"").await;
    worker.signal(Signal::SIGTERM);
    assert!(worker.ended(SOON).await.success(), "{}", worker.log());
}

#[tokio::test]
async fn a_registry_takes_an_image_by_its_digest() {
    let image = debian::of_programs("true", &["/bin/true".into()], &[]).unwrap();
    let crane = programs::registry().unwrap().join("crane");
    let folder = tempfile::tempdir().unwrap();
    let [port] = ports::free().unwrap();
    let address = format!("127.0.0.1:{port}");
    let mut command = Command::new(&crane);
    command.args(["registry", "serve", "--address", &address, "--disk"]).arg(folder.path());
    let _registry = Process::start("registry", &command);
    wait::until_ok(SOON, "the registry listens", async || tokio::net::TcpStream::connect(&address).await)
        .await;
    let reference = images::registry::push(&image, &format!("{address}/team"), false).unwrap();
    assert_eq!(reference, format!("{address}/team/true:{}", debian::TAG));
    let mut command = Command::new(&crane);
    command.args(["digest", &reference]);
    assert_eq!(said(command).trim(), image.digest);
}
