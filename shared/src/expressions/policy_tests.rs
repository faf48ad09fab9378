use crate::api::general_scaler::{MetricMode, SourceType};
use crate::scale::{Number, PriceKnown};

use super::*;

fn input(name: &str, value: i64, state: MetricState) -> Input {
    Input {
        metric: name.into(),
        source: SourceType::Prometheus,
        mode: MetricMode::Ratio,
        target: None,
        raw: None,
        reduced: Some(Number::integer(value)),
        divisor: 1,
        time: None,
        age: None,
        state,
        problem: None,
        negative: false,
        missing_since: None,
        fallback: false,
        ratio: None,
        active: None,
        suspicious: false,
        proposal: None,
    }
}

/// At 3 of 4 pods ready, on a Sunday at 22:30 in UTC.
fn ask_in(zone: Option<&str>, expression: &str) -> Result<i64, String> {
    let inputs = [
        input("queue", 25, MetricState::Fresh),
        Input { divisor: 4, ..input("mean", 10, MetricState::Fresh) },
        input("old", 9, MetricState::Stale),
        Input { reduced: None, ..input("gone", 0, MetricState::Missing) },
    ];
    let now = "2026-03-01T22:30:00Z".parse().unwrap();
    let situation =
        Situation { current: 4, ready: 3, min: 1, max: 10, inputs: &inputs, price: PriceKnown::Never, now };
    Cel::default().evaluate(expression, zone, &situation, 6)
}

fn ask(expression: &str) -> Result<i64, String> {
    ask_in(None, expression)
}

#[test]
fn expressions_see_the_situation() {
    let cases = [
        ("desired", 6),
        ("current + ready + min + max", 18),
        ("-current", -4),
        ("int(metrics.queue / 10.0)", 2),
        ("int(math.ceil(metrics.queue / 10.0))", 3),
        ("int(math.floor(metrics['queue'] / 10.0))", 2),
        ("int(metrics.mean * 2.0)", 5),
        ("has(metrics.gone) || has(metrics.old) ? 1 : desired", 6),
        ("'queue' in metrics && !('old' in metrics) ? 8 : 9", 8),
        ("now.hour * 100 + now.minute", 2230),
        ("now.weekday", 7),
        ("now.day + 100 * now.month", 301),
        ("now.weekday >= 6 ? min : max", 1),
        ("max(desired, 8)", 8),
        ("min(desired, 8, 2)", 2),
        ("max([1, 5, 3])", 5),
        ("size([1, 2].filter(x, x > 1))", 1),
        ("size('abc')", 3),
        ("metrics.all(name, metrics[name] > 0.0) ? 1 : 0", 1),
        ("uint(3) == 3u && string(3) == '3' && 'ab'.startsWith('a') && 'ab'.contains('b') ? 1 : 0", 1),
        ("-9223372036854775808", i64::MIN),
    ];
    for (expression, is) in cases {
        assert_eq!(ask(expression), Ok(is), "{expression}");
    }
}

#[test]
fn the_time_is_that_of_the_zone() {
    assert_eq!(ask_in(Some("Europe/Berlin"), "now.hour"), Ok(23));
    assert_eq!(ask_in(Some("Asia/Tokyo"), "now.weekday * 100 + now.hour"), Ok(107));
    let unknown = ask_in(Some("Mars/Olympus"), "1").unwrap_err();
    assert!(unknown.contains("\"Mars/Olympus\""), "{unknown}");
    assert!(Cel::default().check_time_zone("Mars/Olympus").is_err());
    assert_eq!(Cel::default().check_time_zone("America/New_York"), Ok(()));
}

#[test]
fn what_fails_says_why_without_values() {
    let cases = [
        ("1.5", "gives a decimal number, not a whole number: int() makes one"),
        ("'x'", "gives a text"),
        ("true", "gives true or false"),
        ("metrics", "gives a map"),
        ("1 / 0", "divides by zero"),
        ("1 % 0", "divides by zero"),
        ("9223372036854775807 + 1", "no int can hold"),
        ("-(-9223372036854775807 - 1)", "not for"),
        ("int(1e300)", "int()"),
        ("int(0.0 / 0.0)", "int()"),
        ("int(1.0 / 0.0)", "int()"),
        ("metrics.gone", "asks for gone, which is not there now: has()"),
        ("int(metrics.old)", "asks for old"),
        ("desired * 1.5", "do not mix"),
        ("[1][5]", "beyond the end"),
        ("[1][-1]", "beyond the end"),
        ("min()", "min"),
        ("max([])", "max"),
        ("size(3)", "size()"),
    ];
    for (expression, says) in cases {
        let problem = ask(expression).unwrap_err();
        assert!(problem.contains(says), "{expression}: {problem}");
    }
}

#[test]
fn what_must_not_run_is_refused() {
    let long = format!("1 + {}", "1".repeat(2048));
    let wide = vec!["1"; 300].join("+");
    let deep = vec!["1"; 60].join("+");
    let nested = format!("{}1{}", "(".repeat(900), ")".repeat(900));
    let lists = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    let ternary = "true ? 1 : ".repeat(150) + "1";
    let cases = [
        ("", "cannot be read"),
        ("desired +", "cannot be read at character"),
        ("desired\n+ * 2", "in line 2"),
        ("a.b", "uses a, which is not there; there are current, ready, desired, min, max, metrics, now"),
        ("[1].map(x, [2].map(y, x + y))", "within another"),
        ("[1].map(x, x).map(y, y)", "within another"),
        ("[1].map(x, x)[0] + x", "uses x"),
        ("system('ls')", "the function system"),
        ("'a'.matches('b')", "the function matches"),
        ("duration('1h')", "the function duration"),
        ("math.sqrt(2.0)", "the function sqrt"),
        ("Message{field: 1}", "message"),
        ("metrics.?queue", ""),
        (long.as_str(), "2,048 characters"),
        (wide.as_str(), "make it simpler"),
        (deep.as_str(), "nested too deeply"),
        (nested.as_str(), "cannot be read"),
        (lists.as_str(), "cannot be read"),
        (ternary.as_str(), "cannot be read"),
    ];
    for (expression, says) in cases {
        let problem = Cel::default().check(expression).unwrap_err();
        assert!(problem.contains(says), "{expression}: {problem}");
        assert!(problem.chars().count() < 300, "{problem}");
        assert!(ask(expression).is_err());
    }
}

#[test]
fn the_largest_that_is_allowed_runs() {
    let deep = vec!["1"; 40].join("+");
    assert_eq!(ask(&deep), Ok(40));
    let any = vec!["desired == 6"; 60].join(" && ");
    assert_eq!(ask(&format!("{any} ? 1 : 0")), Ok(1));
    let elements = vec!["1"; 120].join(",");
    assert_eq!(ask(&format!("size([{elements}].map(x, [x, x, x]))")), Ok(120));
}

#[test]
fn the_same_question_has_the_same_answer() {
    let expression = "size(metrics.map(k, k)[0])";
    let first = ask(expression);
    assert_eq!(first, Ok(4));
    for _ in 0..50 {
        assert_eq!(ask(expression), first);
    }
}

/// Pieces of expressions, right and wrong, put together in every order: none may end the process or take long.
#[test]
fn no_text_does_harm() {
    let pieces = [
        "1",
        "-",
        "desired",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "'",
        "\"",
        "b'",
        "'é'",
        ".",
        ",",
        "?",
        ":",
        "&&",
        "!",
        "0x",
        "1u",
        "1e",
        "map(",
        "x,",
        "has(",
        "metrics",
        "in",
        "\\",
        "\u{0}",
        "r\"",
        "'''",
        "// ",
        "\n",
        "9223372036854775808",
        "exists(x, x)",
        "_",
        "@",
        "`",
        "b\"\\x",
        "'\\u12'",
        "'\\777'",
        "[1]",
        "null",
        "true",
    ];
    let mut state = 42_u64;
    let mut pick = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        pieces[(state >> 33) as usize % pieces.len()]
    };
    for length in 1..400 {
        let text: String = (0..1 + length % 9).map(|_| pick()).collect();
        // That is what is said of a reader that has panicked.
        assert_ne!(Cel::default().check(&text), Err("cannot be read".to_owned()), "{text}");
        // Whatever it says, it says something.
        let _ = ask(&text);
    }
}
