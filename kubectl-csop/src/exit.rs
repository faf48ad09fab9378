//! How the plugin ends.

/// The exit codes; they are API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All went well.
    Ok,
    /// It failed.
    Error,
    /// The command line makes no sense.
    Usage,
    /// The object is degraded, or failed.
    Degraded,
    /// Nothing came of it in time.
    TimedOut,
    /// The object is paused.
    Paused,
    /// The world is not as the command needs it.
    Precondition,
    /// The caller may not do that.
    Forbidden,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Error => 1,
            Self::Usage => 2,
            Self::Degraded => 3,
            Self::TimedOut => 4,
            Self::Paused => 5,
            Self::Precondition => 6,
            Self::Forbidden => 7,
            Self::Interrupted => 130,
        }
    }
}
