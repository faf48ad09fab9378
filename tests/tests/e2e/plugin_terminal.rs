//! A pseudo-terminal with the plugin in it: keys go in, a screen comes out.

use std::{
    io::{Read as _, Write},
    num::NonZeroU16,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use csop_tests::wait;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use vt100::Parser;

use crate::{plugin::Shell, scene::SOON};

pub(crate) const CTRL_C: &str = "\u{3}";
pub(crate) const ENTER: &str = "\r";
pub(crate) const DOWN: &str = "\u{1b}[B";

const ROWS: u16 = 40;
const COLUMNS: u16 = 140;

/// A running plugin on a terminal of its own; killed when dropped.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    /// Held while the child runs: a terminal without a user forgets its modes.
    slave: Option<Box<dyn SlavePty + Send>>,
    modes: String,
    shown: Arc<Mutex<Shown>>,
    reader: Option<JoinHandle<()>>,
}

/// What came out of it.
struct Shown {
    parser: Parser,
    raw: Vec<u8>,
}

/// How it ended.
pub(crate) struct Ended {
    pub(crate) code: u32,
    /// The screen as it was left.
    pub(crate) screen: String,
    /// All that was ever written.
    pub(crate) raw: String,
}

impl Terminal {
    /// Starts the plugin.
    pub(crate) fn start(shell: &Shell, arguments: &[&str]) -> Self {
        Self::start_wide(shell, arguments, COLUMNS)
    }

    /// Starts the plugin on a terminal with so many columns.
    pub(crate) fn start_wide(shell: &Shell, arguments: &[&str], columns: u16) -> Self {
        let size = PtySize { rows: ROWS, cols: columns, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).unwrap();
        let modes = modes(&*pair.master);
        let mut command = CommandBuilder::new(shell.home().join("kubectl-csop"));
        command.args(arguments);
        command.env_clear();
        for (name, value) in shell.environment() {
            command.env(name, value);
        }
        let (rows, columns) = (NonZeroU16::new(ROWS).unwrap(), NonZeroU16::new(columns).unwrap());
        let shown = Arc::new(Mutex::new(Shown { parser: Parser::new(rows, columns, 0), raw: vec![] }));
        let mut output = pair.master.try_clone_reader().unwrap();
        let seen = Arc::clone(&shown);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The end of a pseudo-terminal is an error to its reader.
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.parser.process(&buffer[..count]);
                seen.raw.extend_from_slice(&buffer[..count]);
            }
        });
        Self {
            child: pair.slave.spawn_command(command).unwrap(),
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            slave: Some(pair.slave),
            modes,
            shown,
            reader: Some(reader),
        }
    }

    /// Types these keys.
    pub(crate) fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).unwrap();
    }

    /// Waits until a line of the screen contains the text.
    pub(crate) async fn shows(&mut self, text: &str) {
        wait::until_ok(SOON, &format!("the terminal shows {text:?}"), async || {
            let ended = !matches!(self.child.try_wait(), Ok(None));
            let screen = self.screen();
            match screen.lines().any(|line| line.contains(text)) {
                true => Ok(()),
                false if ended => panic!("the plugin ended without {text:?}:\n{screen}"),
                false => Err(screen),
            }
        })
        .await;
    }

    /// Waits until the screen no longer contains the text.
    pub(crate) async fn hides(&self, text: &str) {
        wait::until_ok(SOON, &format!("the terminal shows {text:?} no more"), async || {
            let screen = self.screen();
            if screen.contains(text) { Err(screen) } else { Ok(()) }
        })
        .await;
    }

    /// Answers a question once it is asked.
    pub(crate) async fn answers(&mut self, question: &str, keys: &str) {
        self.shows(question).await;
        self.types(keys);
    }

    /// Waits until it ends, and checks that it left the terminal as it found it: the cursor shown, and keys echoed.
    pub(crate) async fn ended(mut self) -> Ended {
        let code = wait::until_ok(SOON, "the plugin ends", async || match self.child.try_wait() {
            Ok(Some(status)) => Ok(status.exit_code()),
            _ => Err(self.screen()),
        })
        .await;
        let modes = modes(&*self.master);
        // The reader has read everything once nobody can write any more.
        drop(self.slave.take());
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        let contents = self.screen();
        let shown = self.shown();
        let screen = shown.parser.screen();
        assert_eq!(modes, self.modes, "the terminal's modes:\n{contents}");
        assert!(!screen.hide_cursor() && !screen.alternate_screen(), "the cursor is shown:\n{contents}");
        assert_eq!(screen.cursor_position().1, 0, "the shell's prompt begins a line:\n{contents}");
        Ended { code, screen: contents, raw: String::from_utf8_lossy(&shown.raw).into_owned() }
    }

    /// The screen, row by row.
    pub(crate) fn screen(&self) -> String {
        let shown = self.shown();
        let screen = shown.parser.screen();
        let rows = screen.rows(0, screen.size().1.get()).map(|row| format!("{}\n", row.trim_end()));
        rows.collect::<String>().trim_end().to_owned()
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended; what has not is reaped here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a pseudo-terminal has modes"))
}
