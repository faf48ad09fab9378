//! The questions of `scale schedule`.

use super::plan::{Amount, Draft};
use crate::commands::prompt::Prompt;
use crate::error::Error;
use crate::io::Io;
use crate::when;
use csop_shared::schedule::{Bound, Problem};
use jiff::Timestamp;

/// What is said when a prompt is left, or the answer is no.
pub const NOTHING: &str = "nothing was created";
/// How many replicas: the kinds of amounts.
const AMOUNTS: [&str; 3] =
    ["at least so many replicas", "so many more than its minimum", "so many percent more than its minimum"];
/// Most replicas that the API takes.
const MOST: i64 = 100_000;
/// Most percent that the API takes.
const MOST_PERCENT: i64 = 10_000;

/// Asks for what the draft lacks; without a terminal, whoever makes the plan says what is missing.
pub async fn complete(mut draft: Draft, now: Timestamp, io: &mut Io) -> Result<Draft, Error> {
    if !io.terminal.can_ask() {
        return Ok(draft);
    }
    let clock = draft.clock(now, io.terminal.zone.as_ref());
    let clock = clock.map_err(|problem| Error::usage(problem.to_string(), ""))?;
    if draft.at.is_none() && draft.cron.is_none() {
        let zone = clock.zone.iana_name().unwrap_or("UTC").to_owned();
        io.say(&format!(
            "When? Such as \"tomorrow 18:00\", \"2026-11-27 08:00\" or \"in 30m\", on the clocks of {zone}."
        ));
        let check = move |answer: &String| {
            let when = when::parse("--at", answer.trim(), &clock, clock.now, Bound::Start);
            let when = when.map_err(|problem| problem.message)?;
            if when.instant < clock.now { Err("this is in the past".to_owned()) } else { Ok(()) }
        };
        let at = Prompt::new(io, NOTHING).value("Begins at", None, check).await?;
        draft.at = Some(at.trim().to_owned());
    }
    let mut prompt = Prompt::new(io, NOTHING);
    if draft.length.is_none() && draft.until.is_none() {
        let message = |problem: Problem| problem.message;
        let check =
            move |answer: &String| when::window_length("--for", answer.trim()).map(drop).map_err(message);
        let length = prompt.value("For how long", Some("1h".to_owned()), check).await?;
        draft.length = Some(length.trim().to_owned());
    }
    if draft.amount.is_none() {
        let (kind, most): (fn(i32) -> Amount, i64) =
            match prompt.choice("How many replicas in it?", &AMOUNTS).await? {
                0 => (Amount::Replicas, MOST),
                1 => (Amount::Add, MOST),
                _ => (Amount::Percent, MOST_PERCENT),
            };
        let check = move |answer| match (1..=most).contains(&answer) {
            true => Ok(()),
            false => Err(format!("must be between 1 and {most}, not {answer}")),
        };
        let number = prompt.number("How many", 10, check).await?;
        draft.amount = i32::try_from(number).ok().map(kind);
    }
    Ok(draft)
}
