//! What is wrong with the flags, each with its part marked.

use super::plan::Draft;
use crate::error::Error;
use crate::marks::marked;
use csop_shared::schedule::Problem;

impl Draft {
    /// Problems, with what they are about marked.
    pub(super) fn refused(&self, problems: &[Problem]) -> Error {
        const ASKS: &str = ": did you mean ";
        let mut hint = None;
        let mut told = vec![];
        for problem in problems {
            let (flag, text) = self.text_of(problem.field);
            let mut message = problem.message.as_str();
            if let Some((said, meant)) = message.split_once(ASKS) {
                message = said;
                hint = Some(format!("did you mean {meant}"));
            }
            let part = problem.part.clone().or_else(|| {
                // Of several dates the message begins with the wrong one.
                let date = self
                    .exclude
                    .iter()
                    .find(|date| flag == "--exclude" && message.starts_with(date.as_str()))?;
                text.find(date.as_str()).map(|at| at..at + date.len())
            });
            told.push(marked(flag, &text, part, message));
        }
        let help = "`kubectl csop scale schedule --help` has examples";
        Error::usage(told.join("\n"), hint.unwrap_or_else(|| help.to_owned()))
    }

    /// The flag of a field, and what was given for it.
    fn text_of(&self, field: &str) -> (&'static str, String) {
        let given = |text: &Option<String>| text.clone().unwrap_or_default();
        match field {
            "--until" | "spec.until" => ("--until", given(&self.until)),
            "--tz" | "spec.timeZone" => ("--tz", given(&self.tz)),
            "--for" | "spec.duration" => ("--for", given(&self.length)),
            "--lead" | "spec.leadTime" => ("--lead", given(&self.lead)),
            "--cron" | "spec.cron" => ("--cron", given(&self.cron)),
            "--exclude" | "spec.excludeDates" => ("--exclude", self.exclude.join(",")),
            _ => ("--at", given(&self.at)),
        }
    }
}
