//! The calendar of a schedule: which windows of time its text means, to the second.
//!
//! The operator and the plugin read the same text with the same code. No clock is read: `now` is an argument. The tz database is
//! the one that is built in, whatever the machine has.
//!
//! How wall times become instants, so that a window is never shorter than it was meant:
//!
//! - A wall time that clocks skip is the instant at which they jump. This holds for a day that is skipped as a whole, as
//!   2011-12-30 in Pacific/Apia: it is midnight of the 31st.
//! - A wall time that clocks show twice is, as a start, the first of the two, and as an end the second.
//! - `duration` is time that passes, whatever clocks do.
//! - A cron whose minute and hour are plain numbers (also several, with commas) fires once for each wall time that it names; wall
//!   times of one gap are one instant, and so one window.
//! - Any other cron fires whenever clocks show a time that it names: in both halves of a repeated hour, and not in a skipped one.

mod bounds;
mod calendar;
mod cron;
mod cron_text;
mod days;
mod floors;
mod in_force;
mod instant;
mod length;
mod problem;
mod quota;
mod target;
mod together;
mod zone;

#[cfg(test)]
mod tests;

pub use bounds::bounds;
pub use calendar::{Calendar, Window, in_the_past};
pub use floors::{InForce, floors, own_floor};
pub use in_force::{Situation, base, lead, situation};
pub use instant::{Bound, instant_of, parse_date, parse_instant};
pub use length::{LEAD_TIMES, WINDOW_LENGTHS, parse_length};
pub use problem::Problem;
pub use quota::shortfall;
pub use target::{Refusal, refusal};
pub use together::{Asked, asked};
pub use zone::parse_zone;
