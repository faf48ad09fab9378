//! Every command when no cluster answers.

use crate::rows::{Needs, ROWS, Row};
use crate::support::Ran;
use crate::support::server::kubeconfig;
use kubectl_csop::terminal::Terminal;

fn run(row: &Row, config: &str) -> Ran {
    row.run(&[&format!("--kubeconfig={config}")], Terminal::none())
}

/// It fails, says why in a line, and what to try in another.
#[track_caller]
fn assert_told(row: &Row, ran: &Ran, why: &str, hint: &str) {
    match row.needs {
        Needs::Nothing => {
            assert_eq!((ran.exit.code(), ran.err.as_str()), (0, ""), "{row:?}: {ran:?}");
            assert!(!ran.out.is_empty(), "{row:?}: {ran:?}");
        }
        Needs::Partly => {
            assert_eq!(ran.exit.code(), 1, "{row:?}: {ran:?}");
            let told = format!("{}{}", ran.out, ran.err);
            assert!(!ran.out.is_empty() && told.contains(why) && told.contains(hint), "{row:?}: {ran:?}");
        }
        Needs::Cluster => {
            assert_eq!((ran.exit.code(), ran.out.as_str()), (row.failure(), ""), "{row:?}: {ran:?}");
            let lines: Vec<_> = ran.err.lines().collect();
            assert_eq!(lines.len(), 2, "{row:?}: {ran:?}");
            assert!(lines[0].starts_with("error: ") && lines[0].contains(why), "{row:?}: {ran:?}");
            assert!(lines[1].starts_with("hint: ") && lines[1].contains(hint), "{row:?}: {ran:?}");
        }
    }
}

#[test]
fn nothing_says_where_the_cluster_is() {
    for row in ROWS {
        let ran = run(row, "/nowhere/kubeconfig");
        assert_told(row, &ran, "there is no kubeconfig at /nowhere/kubeconfig", "set KUBECONFIG");
    }
}

#[test]
fn the_cluster_refuses_connections() {
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = format!("http://{address}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, kubeconfig(&server)).unwrap();
    for row in ROWS {
        let ran = run(row, &file.display().to_string());
        let why = format!("cannot reach the cluster at {server}: connection refused");
        assert_told(row, &ran, &why, "is this the right context");
    }
}
