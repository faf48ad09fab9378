//! What the API refuses of times, as far as a rule can see it: no rule knows what time it is, or which zones there are.

/// A civil date and time, or one with its offset.
pub(super) const INSTANT: &str = "self.matches('^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$')";
pub(super) const INSTANT_SAYS: &str = "a time is written as 2026-11-27 06:00 (on the clocks of timeZone), or as 2026-11-27T06:00:00Z or 2026-11-27T06:00:00-05:00";
/// A day that its month has.
pub(super) const REAL_DATE: &str = "self.matches('^[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])).*$') || self.matches('^([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29.*$')";
pub(super) const REAL_DATE_SAYS: &str =
    "this date is in no calendar: its month has fewer days, or there is no such month";
/// Dates that their months have.
pub(super) const DATES: &str = "self.all(d, d.matches('^[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))$') || d.matches('^([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29$'))";
/// Of two civil times the later one is also the later text; other pairs are compared by the operator.
pub(super) const UNTIL_AFTER_AT: &str = "!has(self.at) || !has(self.until) || !self.at.matches('^.{10}[T ][0-9:]+$') || !self.until.matches('^.{10}[T ][0-9:]+$') || self.at.substring(0, 10) < self.until.substring(0, 10) || (self.at.substring(0, 10) == self.until.substring(0, 10) && self.at.substring(11) < self.until.substring(11))";

/// Hours, minutes and seconds, in this order; up to 31 days, and more than nothing.
pub(super) const DURATION: &str = "self.matches('^([0-9]{1,3}h)?([0-9]{1,5}m)?([0-9]{1,7}s)?$') && duration(self) > duration('0s') && duration(self) <= duration('744h')";
pub(super) const DURATION_SAYS: &str =
    "duration is written as 4h, 90m or 1h30m, and is at most 744h (31 days)";
/// As a duration, or `auto`.
pub(super) const LEAD_TIME: &str = "self == 'auto' || (self.matches('^([0-9]{1,3}h)?([0-9]{1,5}m)?([0-9]{1,7}s)?$') && duration(self) <= duration('24h'))";
pub(super) const LEAD_TIME_SAYS: &str = "leadTime is auto, or written as 10m or 1h30m, and is at most 24h";

/// Five fields, and one space between each two.
pub(super) const CRON_FIELDS: &str = "self.matches('^[^ ]+( [^ ]+){4}$')";
pub(super) const CRON_MINUTE: &str = "self.matches('^(([*]|[0-5]?[0-9](-[0-5]?[0-9])?)(/[1-9][0-9]?)?(,([*]|[0-5]?[0-9](-[0-5]?[0-9])?)(/[1-9][0-9]?)?)*)( |$)')";
pub(super) const CRON_HOUR: &str = "self.matches('^[^ ]+ (([*]|([01]?[0-9]|2[0-3])(-([01]?[0-9]|2[0-3]))?)(/[1-9][0-9]?)?(,([*]|([01]?[0-9]|2[0-3])(-([01]?[0-9]|2[0-3]))?)(/[1-9][0-9]?)?)*)( |$)')";
pub(super) const CRON_DAY: &str = "self.matches('^[^ ]+ [^ ]+ (([*?]|L|LW|(0?[1-9]|[12][0-9]|3[01])(-(0?[1-9]|[12][0-9]|3[01])|W)?)(/[1-9][0-9]?)?(,([*?]|L|LW|(0?[1-9]|[12][0-9]|3[01])(-(0?[1-9]|[12][0-9]|3[01])|W)?)(/[1-9][0-9]?)?)*)( |$)')";
pub(super) const CRON_MONTH: &str = "self.matches('(?i)^[^ ]+ [^ ]+ [^ ]+ (([*]|(0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)(-(0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC))?)(/[1-9][0-9]?)?(,([*]|(0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)(-(0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC))?)(/[1-9][0-9]?)?)*)( |$)')";
pub(super) const CRON_WEEKDAY: &str = "self.matches('(?i)^[^ ]+ [^ ]+ [^ ]+ [^ ]+ (([*?]|([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(-([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)|#[1-5]|#?L)?)(/[1-9])?(,([*?]|([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(-([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)|#[1-5]|#?L)?)(/[1-9])?)*)$')";
/// Days of the month alone that the months alone do not have; others are found by the operator.
pub(super) const CRON_COMES: &str = "!self.matches('(?i)^[^ ]+ [^ ]+ (30|31|30,31) 0?(2|FEB) [*?]$') && !self.matches('(?i)^[^ ]+ [^ ]+ 31 (0?[2469]|11|FEB|APR|JUN|SEP|NOV)(,(0?[2469]|11|FEB|APR|JUN|SEP|NOV))* [*?]$')";
