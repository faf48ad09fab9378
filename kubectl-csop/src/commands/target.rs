//! What a command is about: `NAME`, or `KIND/NAME` as kubectl writes it.

use crate::client::{SCALERS, SCHEDULES, SERVICES};
use csop_shared::api::cash_service_scheduled_scale::ScheduleTargetKind;

/// How the kind of a service may be written.
const SERVICE: [&str; 5] = ["cashservice", "cashservices", "csvc", "cashservice.csop.dev", SERVICES];
/// How the kind of a scaler may be written.
const SCALER: [&str; 5] = ["generalscaler", "generalscalers", "gs", "generalscaler.csop.dev", SCALERS];
/// How the kind of a schedule may be written.
const SCHEDULE: [&str; 5] = [
    "cashservicescheduledscale",
    "cashservicescheduledscales",
    "css",
    "cashservicescheduledscale.csop.dev",
    SCHEDULES,
];
/// How the kind of a Django or Celery application may be written.
const APPLICATION: [&str; 5] =
    ["moneypositive", "moneypositives", "mp", "moneypositive.csop.dev", "moneypositives.csop.dev"];

/// What a schedule may be for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// The kind.
    pub kind: ScheduleTargetKind,
    /// The name.
    pub name: String,
}

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

/// Reads the name of what a schedule is for; without a kind, it is a service.
///
/// # Errors
/// A message for the user when another kind is named.
pub fn scheduled(text: &str) -> Result<Scheduled, String> {
    if let Some((kind, name)) = text.split_once('/')
        && APPLICATION.contains(&kind.to_ascii_lowercase().as_str())
    {
        return Ok(Scheduled { kind: ScheduleTargetKind::MoneyPositive, name: known(name)? });
    }
    Ok(match any(text)? {
        Target::Service(name) => Scheduled { kind: ScheduleTargetKind::CashService, name },
        Target::Scaler(name) => Scheduled { kind: ScheduleTargetKind::GeneralScaler, name },
    })
}

/// Reads the name of a schedule; its kind may be left out.
///
/// # Errors
/// A message for the user when another kind is named.
pub fn schedule(text: &str) -> Result<String, String> {
    match text.split_once('/') {
        None => known(text),
        Some((kind, name)) if SCHEDULE.contains(&kind.to_ascii_lowercase().as_str()) => known(name),
        Some(_) => Err("this command is for schedules: write css/NAME, or NAME alone".to_owned()),
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

    #[test]
    fn schedules_and_what_they_are_for_are_named_likewise() {
        let kind = |text: &str| scheduled(text).map(|it| (it.kind.to_string(), it.name));
        let of = |kind: &str| Ok((kind.to_owned(), "shop".to_owned()));
        assert_eq!(kind("shop"), of("CashService"));
        assert_eq!(kind("gs/shop"), of("GeneralScaler"));
        assert_eq!(kind("mp/shop"), of("MoneyPositive"));
        assert!(kind("mp/").is_err() && kind("deploy/shop").is_err());
        assert_eq!(schedule("css/friday").as_deref(), Ok("friday"));
        assert_eq!(schedule("friday").as_deref(), Ok("friday"));
        assert!(schedule("gs/friday").unwrap_err().contains("for schedules") && schedule("css/").is_err());
    }
}
