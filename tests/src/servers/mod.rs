//! Servers that metrics come from. Those of others are found on the machine, else installed from Debian's packages; those of our own
//! stand for what others write, and for what goes wrong.

pub mod external;
pub mod liar;
pub mod prometheus;
pub mod redis;

use std::path::PathBuf;

use crate::{
    Error,
    packages::{self, on_path},
};

/// A program, and the Debian package that has it.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// The package.
    pub package: &'static str,
}

impl Program {
    /// Where it is. It is installed first when it is missing and this is Debian and root.
    ///
    /// # Errors
    /// When it is neither there nor can be installed: one line says what to do.
    pub fn find(&self) -> Result<PathBuf, Error> {
        if let Some(found) = on_path(self.name) {
            return Ok(found);
        }
        packages::ensure(self.package, || on_path(self.name).is_some())?;
        on_path(self.name).ok_or_else(|| Error::Missing(format!("{} has no {}", self.package, self.name)))
    }
}
