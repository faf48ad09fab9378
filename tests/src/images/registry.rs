//! Images into a registry.

use std::process::Command;

use super::Image;
use crate::{Error, binaries, child, programs};

/// Puts images where a real node pulls them from: this registry, under names with whatever registry, and without any.
///
/// # Errors
/// As [`push`].
pub fn provide(images: &[Image], registry: &str) -> Result<(), Error> {
    // How runtimes complete a name without a registry.
    let prefixes = [registry.to_owned(), format!("{registry}/library")];
    let mut all = images.iter().flat_map(|image| prefixes.iter().map(move |prefix| (image, prefix)));
    all.try_for_each(|(image, prefix)| push(image, prefix, true).map(|_| ()))
}

/// Puts an image under this prefix, such as `registry.example.com/team`, and returns its full name. Credentials are those of
/// `docker login`. A registry on this machine is asked over plain HTTP; others only where that is allowed.
///
/// # Errors
/// When the registry does not take it: what it said.
pub fn push(image: &Image, prefix: &str, plain_http: bool) -> Result<String, Error> {
    let reference = format!("{}/{image}", prefix.trim_end_matches('/'));
    let mut command = Command::new(programs::registry()?.join("crane"));
    command.arg("push").args(plain_http.then_some("--insecure")).arg(&image.layout).arg(&reference);
    binaries::run(&mut child::tied_to_caller(&command)?, "crane push")?;
    Ok(reference)
}
