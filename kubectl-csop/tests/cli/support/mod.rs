//! Running the plugin: inside the test with captured streams, or as a process.

pub mod records;
pub mod server;
pub mod world;

use kubectl_csop::exit::Exit;
use kubectl_csop::io::Io;
use kubectl_csop::terminal::Terminal;
use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;

/// What a run left behind.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub exit: Exit,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs the plugin without a terminal.
pub fn run(args: &[&str]) -> Ran {
    run_on(args, Terminal::none(), "")
}

/// Runs the plugin on this kind of terminal, with this standard input.
pub fn run_on(args: &[&str], terminal: Terminal, input: &str) -> Ran {
    let (out, err) = (Shared::default(), Shared::default());
    let io = Io {
        out: Box::new(out.clone()),
        err: Box::new(err.clone()),
        input: Box::new(io::Cursor::new(input.as_bytes().to_vec())),
        terminal,
    };
    let args = std::iter::once("kubectl-csop").chain(args.iter().copied()).map(OsString::from);
    let exit = kubectl_csop::run(args, io);
    Ran { exit, out: out.text(), err: err.text() }
}

/// A path of the repository.
pub fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Compares a generated file with what it should hold; `BLESS=1` rewrites it.
pub fn check_generated(path: &str, want: &str) {
    let file = repository(path);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, want).unwrap();
    }
    let have = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(have == want, "{path} is out of date: run BLESS=1 cargo test -p kubectl-csop");
}
