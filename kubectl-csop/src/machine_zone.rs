//! The zone of this machine's clocks, where its name is known.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::path::Path;

/// The zone that $TZ names, else /etc/localtime, else /etc/timezone; none where only rules are known, and no name.
pub fn detect() -> Option<TimeZone> {
    named(
        std::env::var("TZ").ok().as_deref(),
        std::fs::read_link("/etc/localtime").ok().as_deref(),
        std::fs::read_to_string("/etc/timezone").ok().as_deref(),
    )
}

fn named(variable: Option<&str>, link: Option<&Path>, file: Option<&str>) -> Option<TimeZone> {
    if let Some(name) = variable.map(|name| name.trim_start_matches(':')).filter(|name| !name.is_empty()) {
        // A variable that is set counts, also when it names no zone.
        let name = name.split_once("zoneinfo/").map_or(name, |(_, name)| name);
        return known(name);
    }
    let linked = || known(link?.to_str()?.split_once("zoneinfo/")?.1);
    linked().or_else(|| known(file?.trim()))
}

fn known(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok().filter(|zone| !zone.is_unknown())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_counts_before_the_files() {
        let name = |variable, link: Option<&str>, file| {
            let zone = named(variable, link.map(Path::new), file);
            zone.and_then(|zone| zone.iana_name().map(str::to_owned))
        };
        let link = Some("/usr/share/zoneinfo/Europe/Berlin");
        assert_eq!(name(Some("Asia/Tokyo"), link, None).as_deref(), Some("Asia/Tokyo"));
        assert_eq!(name(Some(":/usr/share/zoneinfo/Asia/Tokyo"), link, None).as_deref(), Some("Asia/Tokyo"));
        assert_eq!(name(Some(""), link, None).as_deref(), Some("Europe/Berlin"));
        assert_eq!(name(None, None, Some("Europe/Paris\n")).as_deref(), Some("Europe/Paris"));
        assert_eq!(name(None, Some("/etc/clock"), Some("Europe/Paris")).as_deref(), Some("Europe/Paris"));
        assert_eq!(name(Some("<-03>3"), link, None), None);
        assert_eq!(name(None, None, None), None);
    }
}
