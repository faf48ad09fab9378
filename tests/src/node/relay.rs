//! The only ways into the network of a real node and out of it.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream, UnixListener},
};

use super::{dialer::Dialer, network};

/// Longer heads of requests are refused.
const LONGEST_HEAD: usize = 8 * 1024;

/// Carries what comes to the listener over to this port of the node.
pub(super) async fn into_node(listener: TcpListener, dialer: Dialer, port: u16) {
    while let Ok((stream, _)) = listener.accept().await {
        let dialer = dialer.clone();
        tokio::spawn(async move {
            let made = dialer.connect((Ipv4Addr::LOCALHOST, port).into()).await;
            carry(stream, made).await;
        });
    }
}

/// Carries what comes to the node's listener over to this port of the machine.
pub(super) async fn out_of_node(listener: TcpListener, port: u16) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(
            async move { carry(stream, TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await).await },
        );
    }
}

/// Lets the API server reach pods, Services and the node, as a proxy by HTTP's CONNECT (its egress selector asks for one). What
/// is on this machine, it reaches as well.
pub(super) async fn proxy(listener: UnixListener, dialer: Dialer) {
    while let Ok((stream, _)) = listener.accept().await {
        let dialer = dialer.clone();
        // Either side may go away at any time.
        tokio::spawn(async move { connect(BufReader::new(stream), &dialer).await });
    }
}

async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    dialer: &Dialer,
) -> io::Result<()> {
    let made = match target(&mut stream).await? {
        Some(target) => dial(&target, dialer).await,
        None => Err(io::Error::other("this is no CONNECT")),
    };
    match made {
        Ok(mut to) => {
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
            copy_bidirectional(&mut stream, &mut to).await.map(drop)
        }
        Err(error) => {
            let body = error.to_string();
            let head =
                format!("HTTP/1.1 502 Bad Gateway\r\nContent-Length: {}\r\nConnection: close", body.len());
            stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await
        }
    }
}

/// The host and port that the head of a request asks for.
async fn target<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> io::Result<Option<String>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 || head.len() > LONGEST_HEAD {
            return Ok(None);
        }
    }
    let mut words = head.split(' ');
    Ok((words.next() == Some("CONNECT")).then(|| words.next().unwrap_or_default().to_owned()))
}

async fn dial(target: &str, dialer: &Dialer) -> io::Result<TcpStream> {
    // No name server is asked for any other name.
    match target.replacen("localhost:", "127.0.0.1:", 1).parse::<SocketAddr>() {
        Ok(inside) if network::contains(inside.ip()) => dialer.connect(inside).await,
        Ok(here) if here.ip().is_loopback() => TcpStream::connect(here).await,
        _ => Err(io::Error::other(format!("{target} is neither in the node's network nor on this machine"))),
    }
}

async fn carry(mut from: TcpStream, to: io::Result<TcpStream>) {
    // A stream that cannot be carried on is closed, which is the answer.
    if let Ok(mut to) = to {
        // Either side may go away at any time.
        let _ = copy_bidirectional(&mut from, &mut to).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(head: &str) -> Option<String> {
        target(&mut BufReader::new(head.as_bytes())).await.unwrap()
    }

    #[tokio::test]
    async fn only_complete_heads_of_connect_have_a_target() {
        let head = "CONNECT 10.200.0.5:8080 HTTP/1.1\r\nHost: 10.200.0.5:8080\r\n\r\n";
        assert_eq!(asked(head).await.as_deref(), Some("10.200.0.5:8080"));
        assert_eq!(asked("GET / HTTP/1.1\r\n\r\n").await, None);
        assert_eq!(asked("CONNECT 10.200.0.5:8080 HTTP/1.1\r\n").await, None);
        assert_eq!(asked(&format!("CONNECT {} HTTP/1.1\r\n\r\n", "x".repeat(9000))).await, None);
    }

    #[tokio::test]
    async fn nothing_but_this_machine_and_the_node_is_reached() {
        let dialer = Dialer::here().unwrap();
        let error = dial("192.0.2.1:80", &dialer).await.unwrap_err();
        assert!(error.to_string().contains("neither in the node's network nor on this machine"), "{error}");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        dial(&listener.local_addr().unwrap().to_string(), &dialer).await.unwrap();
    }
}
