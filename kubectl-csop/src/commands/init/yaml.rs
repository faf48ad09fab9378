//! The manifest as a file that people keep: tidy, with a word on what the preset means.

use super::plan::Plan;
use crate::output;

/// The manifest, with comments.
pub fn text(plan: &Plan) -> String {
    let yaml = output::yaml(&plan.manifest());
    let comment: String = plan
        .preset
        .iter()
        .flat_map(|name| name.preset().comment)
        .map(|line| format!("  # {line}\n"))
        .collect();
    if !plan.has_contract() {
        return yaml + &comment;
    }
    yaml.split_inclusive('\n')
        .map(
            |line| if line.starts_with("  contract:") { format!("{comment}{line}") } else { line.to_owned() },
        )
        .collect()
}
