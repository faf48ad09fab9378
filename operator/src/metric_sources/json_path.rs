//! Where numbers are in a JSON document: JSONPath of RFC 9535, bounded in what it may cost.

use jsonpath_rust::parser::model::{Filter, FilterAtom, JpQuery, Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

/// Most values that are looked at, roughly.
const MOST_STEPS: usize = 2_000_000;
/// Most values of an answer that are taken.
const MOST_FOUND: usize = 10_000;

/// A path, read once.
pub(super) struct JsonPath {
    text: String,
    query: JpQuery,
    /// How many of its parts each look at a whole document in the worst case.
    sweeping: u32,
    /// Whether it leads to one value at most.
    singular: bool,
}

impl JsonPath {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let query = parse_json_path(text.trim()).map_err(|_| {
            format!("is {text:?}, which is no JSONPath: it looks like $.queue.length or $.queues[*].length")
        })?;
        if query.segments.iter().any(has_several) {
            return Err(format!("is {text:?}, which has several selectors in one pair of brackets: use one"));
        }
        let sweeping = query.segments.iter().map(sweeping).sum();
        let singular = query
            .segments
            .iter()
            .all(|segment| matches!(segment, Segment::Selector(Selector::Name(_) | Selector::Index(_))));
        Ok(Self { text: text.trim().to_owned(), query, sweeping, singular })
    }

    /// What it leads to.
    pub(super) fn find<'a>(&self, document: &'a Value) -> Result<Vec<&'a Value>, String> {
        let steps = size(document).checked_pow(self.sweeping);
        if self.sweeping > 1 && steps.is_none_or(|steps| steps > MOST_STEPS) {
            return Err(format!(
                "more JSON than {} can be applied to: use fewer of '..' and '?' in it",
                self.text
            ));
        }
        let found = js_path_process(&self.query, document)
            .map_err(|_| format!("JSON that {} cannot be applied to", self.text))?;
        if found.is_empty() && self.singular {
            return Err(format!("JSON without {}", self.text));
        }
        if found.len() > MOST_FOUND {
            return Err(format!("more than 10,000 values at {}", self.text));
        }
        Ok(found.into_iter().map(|found| found.val).collect())
    }
}

fn has_several(segment: &Segment) -> bool {
    match segment {
        Segment::Descendant(inner) => has_several(inner),
        Segment::Selector(_) => false,
        Segment::Selectors(selectors) => selectors.len() > 1,
    }
}

fn sweeping(segment: &Segment) -> u32 {
    match segment {
        Segment::Descendant(inner) => 1 + sweeping(inner),
        Segment::Selector(selector) => of_selector(selector),
        Segment::Selectors(selectors) => selectors.iter().map(of_selector).sum(),
    }
}

fn of_selector(selector: &Selector) -> u32 {
    match selector {
        // Whatever it looks at, it does so for each element; its own queries are counted by their text.
        Selector::Filter(filter) => 1 + of_filter(filter),
        _ => 0,
    }
}

fn of_filter(filter: &Filter) -> u32 {
    match filter {
        Filter::Or(parts) | Filter::And(parts) => parts.iter().map(of_filter).sum(),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => of_filter(expr),
        Filter::Atom(atom) => {
            let text = atom.to_string();
            let parts = text.matches("..").count() + text.matches('?').count() + text.matches('*').count();
            u32::try_from(parts + text.matches('$').count()).unwrap_or(u32::MAX)
        }
    }
}

fn size(document: &Value) -> usize {
    match document {
        Value::Array(elements) => 1 + elements.iter().map(size).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn find(path: &str, document: &Value) -> Result<Vec<Value>, String> {
        Ok(JsonPath::new(path)?.find(document)?.into_iter().cloned().collect())
    }

    #[test]
    fn values_are_found() {
        let document = json!({"queues": [{"n": 1, "name": "a"}, {"n": 2, "name": "b"}], "total": 3});
        assert_eq!(find("$.total", &document), Ok(vec![json!(3)]));
        assert_eq!(find("$['total']", &document), Ok(vec![json!(3)]));
        assert_eq!(find("$.queues[*].n", &document), Ok(vec![json!(1), json!(2)]));
        assert_eq!(find("$.queues[?@.name == 'b'].n", &document), Ok(vec![json!(2)]));
        assert_eq!(find("$..n", &document).unwrap().len(), 2);
        assert_eq!(find("$.queues[-1].n", &document), Ok(vec![json!(2)]));
    }

    #[test]
    fn nothing_is_an_error_only_where_one_value_is_expected() {
        let document = json!({"queues": []});
        assert_eq!(find("$.queues[*].n", &document), Ok(vec![]));
        assert_eq!(find("$.total", &document), Err("JSON without $.total".to_owned()));
        assert_eq!(find("$.queues[0].n", &document), Err("JSON without $.queues[0].n".to_owned()));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in ["", "total", "$.", "$[", "$.a[?", "$.a['x','y']", &"$[".repeat(400), &"[".repeat(1024)] {
            assert!(JsonPath::new(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_path_that_would_take_long_is_not_begun() {
        let large = json!(vec![json!({"a": {"b": 1}}); 10_000]);
        for path in ["$..a..b", "$[?$..b]", "$[?@..b]", "$..[?@.a]"] {
            assert!(find(path, &large).unwrap_err().contains("use fewer"), "{path}");
        }
        assert_eq!(find("$[?@.a].a.b", &large).unwrap().len(), 10_000);
    }
}
