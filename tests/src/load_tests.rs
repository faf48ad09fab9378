use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};

use super::*;

/// Answers requests one after another with these, and closes the connection where there is an empty one.
async fn server(answers: &'static [&'static str]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut answers = answers.iter().cycle();
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            loop {
                let mut line = String::new();
                while line != "\r\n" {
                    line.clear();
                    if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                        break;
                    }
                }
                if line.is_empty() {
                    break;
                }
                let answer = answers.next().unwrap();
                if answer.is_empty() || stream.write_all(answer.as_bytes()).await.is_err() {
                    break;
                }
            }
        }
    });
    address
}

const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const BAD: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

async fn report(answers: &'static [&'static str], requests_per_connection: u32) -> Report {
    let plan = Plan {
        address: server(answers).await,
        path: "/".to_owned(),
        tls: None,
        per_second: 500,
        connections: 1,
        requests_per_connection,
        at_most: 6,
    };
    let load = Load::start(Dialer::here().unwrap(), plan);
    while load.begun() < 6 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    load.end().await
}

#[tokio::test]
async fn every_request_is_counted_once() {
    let counts = |report: Report| (report.answered, report.repeated, report.lost);
    assert_eq!(counts(report(&[GOOD], 2).await), (6, 0, 0));
    let found = report(&[GOOD, BAD], 100).await;
    assert_eq!(found.reasons.len(), 3);
    assert!(found.reasons[0].ends_with("answered 503 Service Unavailable"), "{found}");
    assert_eq!(counts(found), (3, 0, 3));
}

#[tokio::test]
async fn only_a_connection_that_was_used_before_may_be_closed_without_an_answer() {
    let found = report(&[GOOD, GOOD, ""], 100).await;
    assert_eq!((found.answered, found.lost), (6, 0), "{found}");
    assert!(found.repeated >= 1, "{found}");
    let found = report(&[""], 100).await;
    assert_eq!((found.answered, found.repeated, found.lost), (0, 0, 6), "{found}");
}
