//! Lines of logs, each with the pod that it comes from.

use std::collections::BTreeMap;

/// Colours that read on dark and light: cyan, green, yellow, magenta, blue, and their bright ones.
const COLOURS: [u8; 10] = [36, 32, 33, 35, 34, 96, 92, 93, 95, 94];

/// How lines are drawn.
#[derive(Debug)]
pub struct Style {
    prefixed: bool,
    colours: bool,
    given: BTreeMap<String, u8>,
}

impl Style {
    /// With prefixes, or without; with colours, or without.
    pub fn new(prefixed: bool, colours: bool) -> Self {
        Self { prefixed, colours, given: BTreeMap::new() }
    }

    /// A line of the pod with this short name; pods keep their colour, and neighbours have different ones.
    pub fn line(&mut self, pod: &str, text: &str) -> String {
        if !self.prefixed {
            return format!("{text}\n");
        }
        if !self.colours {
            return format!("{pod} | {text}\n");
        }
        let next = COLOURS[self.given.len() % COLOURS.len()];
        let colour = *self.given.entry(pod.to_owned()).or_insert(next);
        format!("\u{1b}[{colour}m{pod} |\u{1b}[0m {text}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_keeps_its_colour_and_a_pipe_gets_none() {
        let mut style = Style::new(true, true);
        let first = style.line("a", "x");
        assert_eq!(first, "\u{1b}[36ma |\u{1b}[0m x\n");
        assert_ne!(style.line("b", "x").replace('b', "a"), first);
        assert_eq!(style.line("a", "x"), first);
        assert_eq!(Style::new(true, false).line("a", "x"), "a | x\n");
        assert_eq!(Style::new(false, true).line("a", "x"), "x\n");
    }
}
