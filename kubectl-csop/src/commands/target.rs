//! What a command is about: `NAME`, or `KIND/NAME` as kubectl writes it.

use crate::client::{SCALERS, SERVICES};

/// How the kind of a service may be written.
const SERVICE: [&str; 5] = ["cashservice", "cashservices", "csvc", "cashservice.csop.dev", SERVICES];
/// How the kind of a scaler may be written.
const SCALER: [&str; 5] = ["generalscaler", "generalscalers", "gs", "generalscaler.csop.dev", SCALERS];

/// An object of csop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A CashService.
    Service(String),
    /// A GeneralScaler.
    Scaler(String),
}

/// Whether a kind, as it was written, is that of scalers.
pub fn is_scaler(kind: &str) -> bool {
    SCALER.contains(&kind.to_ascii_lowercase().as_str())
}

/// Reads the name of an object; without a kind, it is a service.
///
/// # Errors
/// A message for the user when another kind is named.
pub fn any(text: &str) -> Result<Target, String> {
    match text.split_once('/') {
        None => known(text).map(Target::Service),
        Some((kind, name)) if SERVICE.contains(&kind.to_ascii_lowercase().as_str()) => {
            known(name).map(Target::Service)
        }
        Some((kind, name)) if is_scaler(kind) => known(name).map(Target::Scaler),
        Some((kind, _)) => {
            Err(format!("{kind:?} is no kind of csop: write csvc/NAME, gs/NAME, or NAME alone for a service"))
        }
    }
}

/// Reads the name of a service.
///
/// # Errors
/// A message for the user when another kind is named.
pub fn parse(text: &str) -> Result<String, String> {
    match any(text)? {
        Target::Service(name) => Ok(name),
        Target::Scaler(_) => Err("this command is for services: write csvc/NAME, or NAME alone".to_owned()),
    }
}

/// Reads the name of a scaler; its kind may be left out.
///
/// # Errors
/// A message for the user when another kind is named.
pub fn scaler(text: &str) -> Result<String, String> {
    match any(text)? {
        Target::Scaler(name) => Ok(name),
        Target::Service(name) if !text.contains('/') => Ok(name),
        Target::Service(_) => Err("this command is for scalers: write gs/NAME, or NAME alone".to_owned()),
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
        assert!(parse("gs/shop").unwrap_err().contains("for services"));
    }

    #[test]
    fn a_scaler_is_named_with_its_kind_where_both_may_be_meant() {
        for text in ["gs/shop", "GeneralScaler/shop", "generalscalers.csop.dev/shop"] {
            assert_eq!(any(text), Ok(Target::Scaler("shop".to_owned())), "{text}");
            assert_eq!(scaler(text).as_deref(), Ok("shop"), "{text}");
        }
        assert_eq!(any("shop"), Ok(Target::Service("shop".to_owned())));
        assert_eq!(scaler("shop").as_deref(), Ok("shop"));
        assert!(scaler("csvc/shop").unwrap_err().contains("for scalers"));
    }
}
