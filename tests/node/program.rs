//! The only program in the images of the real node: it waits for ever, and answers every HTTP request on the ports that it
//! is given with 200. It needs nothing but the kernel, and ends when it is killed.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";

fn main() -> std::io::Result<()> {
    for port in env::args().skip(1).filter_map(|argument| argument.parse::<u16>().ok()) {
        let listener = TcpListener::bind(("0.0.0.0", port))?;
        println!("listening on {port}");
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(answer(stream))));
    }
    loop {
        thread::park();
    }
}

/// Reads the head of a request and answers it.
fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    for line in BufReader::new(&stream).lines() {
        if line?.is_empty() {
            break;
        }
    }
    stream.write_all(ANSWER)
}
