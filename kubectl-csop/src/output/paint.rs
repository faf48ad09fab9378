//! Colours, where they are wanted.

/// Colours text, or leaves it alone.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// Colours when `on`.
    pub const fn new(on: bool) -> Self {
        Self { on }
    }

    /// Something is as it should be.
    pub fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// Something wants attention.
    pub fn warn(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// Something is wrong.
    pub fn bad(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// A heading.
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// Something that is not what one looks for.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.on && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
