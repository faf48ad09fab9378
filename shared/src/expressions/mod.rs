//! Expressions in CEL: of policies, and of http metrics. They are bounded before they run, so that none takes long or ends the
//! process, and the same question always has the same answer.

mod body;
mod functions;
mod policy;
mod program;
mod trouble;

pub use body::OverBody;
pub use policy::Cel;
