//! Which namespaces the operator serves.

/// The namespaces that are watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All of them, by requests of cluster scope.
    #[default]
    All,
    /// These, each by requests of its own.
    Namespaces(Vec<String>),
}

impl Scope {
    /// The scope of these namespaces; without any, all of them. Empty and repeated names are dropped.
    pub fn of(names: impl IntoIterator<Item = String>) -> Self {
        let mut names: Vec<String> =
            names.into_iter().map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()).collect();
        names.sort();
        names.dedup();
        if names.is_empty() { Self::All } else { Self::Namespaces(names) }
    }

    /// One entry for each watch: none stands for the whole cluster.
    pub fn watches(&self) -> Vec<Option<String>> {
        match self {
            Self::All => vec![None],
            Self::Namespaces(names) => names.iter().cloned().map(Some).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned_and_none_means_all() {
        let scope = Scope::of(["b".into(), " a ".into(), String::new(), "b".into()]);
        assert_eq!(scope, Scope::Namespaces(vec!["a".into(), "b".into()]));
        assert_eq!(Scope::of([String::new()]), Scope::All);
        assert_eq!(Scope::All.watches(), [None]);
    }
}
