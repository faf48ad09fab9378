//! What a command is about: `NAME`, or `KIND/NAME` as kubectl writes it.

/// How the kind of a service may be written.
const SERVICE: [&str; 4] = ["cashservice", "cashservices", "csvc", "cashservice.csop.dev"];

/// Reads the name of a service.
///
/// # Errors
/// A message for the user when another kind is named.
pub fn parse(text: &str) -> Result<String, String> {
    let Some((kind, name)) = text.split_once('/') else { return known(text) };
    let plain = kind.to_ascii_lowercase();
    if SERVICE.contains(&plain.as_str()) || plain == crate::client::SERVICES {
        known(name)
    } else {
        Err(format!("{kind:?} is no kind of csop: write csvc/NAME, or NAME alone"))
    }
}

fn known(name: &str) -> Result<String, String> {
    if name.is_empty() { Err("the name is missing".to_owned()) } else { Ok(name.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_with_or_without_its_kind() {
        for text in ["shop", "csvc/shop", "CashService/shop", "cashservices.csop.dev/shop"] {
            assert_eq!(parse(text).as_deref(), Ok("shop"), "{text}");
        }
        assert!(parse("deploy/shop").unwrap_err().contains("no kind of csop"));
        assert!(parse("csvc/").is_err() && parse("").is_err());
    }
}
