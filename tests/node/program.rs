//! The only program in the images of the real node. It needs nothing but the kernel, waits for ever, and ends when it is killed.
//! Its arguments say what it does:
//!
//! - `memory=64` takes this many MiB, and uses them, before all else: who has too little is never ready;
//! - `8080` answers every HTTP request on this port with 200;
//! - `/path=503` answers those for this path with this status instead;
//! - `/path` writes what is in this file;
//! - `exit=3` ends with this code when all else is done.

use std::{
    collections::HashMap,
    env, fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process, thread,
};

/// The status of each path that is not answered with 200.
type Statuses = HashMap<String, u16>;

fn main() -> std::io::Result<()> {
    numbers("memory").for_each(take);
    let statuses: Statuses = settings().filter_map(|(path, status)| Some((path, status.parse().ok()?))).collect();
    for port in env::args().skip(1).filter_map(|argument| argument.parse::<u16>().ok()) {
        let listener = TcpListener::bind(("0.0.0.0", port))?;
        println!("listening on {port}");
        let statuses = statuses.clone();
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(answer(stream, &statuses))));
    }
    for path in env::args().skip(1).filter(|argument| argument.starts_with('/') && !argument.contains('=')) {
        match fs::read_to_string(&path) {
            Ok(content) => println!("{path}: {content}"),
            Err(error) => println!("{path} cannot be read: {error}"),
        }
    }
    if let Some(code) = numbers("exit").next() {
        println!("ending with {code}");
        process::exit(code);
    }
    loop {
        thread::park();
    }
}

/// The arguments of the form `name=value`.
fn settings() -> impl Iterator<Item = (String, String)> {
    env::args().skip(1).filter_map(|argument| {
        argument.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
    })
}

/// The values of this setting that are numbers.
fn numbers(name: &str) -> impl Iterator<Item = i32> {
    settings().filter(move |(found, _)| found == name).filter_map(|(_, value)| value.parse().ok())
}

/// Takes so many MiB, and keeps them.
fn take(size: i32) {
    println!("taking {size} MiB");
    for _ in 0..size {
        // Memory counts when it is written to.
        std::hint::black_box(vec![1_u8; 1 << 20].leak());
    }
}

/// Reads the head of a request and answers it.
fn answer(mut stream: TcpStream, statuses: &Statuses) -> std::io::Result<()> {
    let mut lines = BufReader::new(&stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let status = request.split(' ').nth(1).and_then(|path| statuses.get(path)).unwrap_or(&200);
    write!(stream, "HTTP/1.1 {status} \r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")
}
