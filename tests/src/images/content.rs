//! What every image has beside its program.

use std::sync::LazyLock;

use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

use super::layer::Layer;
use crate::pki::pem;

/// Where programs look for the authorities that they trust.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";
/// Their licence asks that it be found with them.
const LICENCE: &str = "# The authorities of Mozilla's root program, under CDLA-Permissive-2.0: https://cdla.dev/permissive-2-0/\n";
/// As the restricted profile wants it, the program is nobody of these; a name is for those who look.
const USERS: &str = "root:x:0:0:root:/:/sbin/nologin\ncsop:x:65532:65532:csop:/:/sbin/nologin\n";
const GROUPS: &str = "root:x:0:\ncsop:x:65532:\n";
/// Without it some resolvers ask servers first, or no files at all.
const SWITCH: &str = "hosts: files dns\n";

/// A layer with what programs expect of a machine: authorities, users, the order of name lookups, a folder for temporary
/// files; no shell.
pub fn base() -> Layer {
    let mut layer = Layer::default();
    layer.file(AUTHORITIES, BUNDLE.as_bytes(), 0o644);
    layer.file("etc/passwd", USERS, 0o644);
    layer.file("etc/group", GROUPS, 0o644);
    layer.file("etc/nsswitch.conf", SWITCH, 0o644);
    layer.folder("tmp", 0o1777);
    layer
}

/// The authorities that Mozilla trusts, of the version that Cargo.lock names.
static BUNDLE: LazyLock<String> = LazyLock::new(|| {
    let mut authorities: Vec<_> = TLS_SERVER_ROOT_CERTS.iter().map(|certificate| pem(certificate)).collect();
    authorities.sort_unstable();
    LICENCE.to_owned() + &authorities.concat()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authorities_are_many_and_in_an_order_of_their_own() {
        let count = BUNDLE.matches("-----BEGIN CERTIFICATE-----\n").count();
        assert!(count > 50 && count == TLS_SERVER_ROOT_CERTS.len(), "{count}");
        assert!(BUNDLE.lines().skip(1).all(|line| line.len() <= 64));
    }
}
