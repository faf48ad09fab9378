use serde_json::json;

use super::*;

fn ask(expression: &str, body: &Json) -> Result<Vec<f64>, String> {
    OverBody::new(expression)?.numbers(body)
}

#[test]
fn numbers_are_found() {
    let body = json!({"jobs": [{"n": 2, "open": true}, {"n": 3.5, "open": false}], "total": "12", "big": 5000000000_u64});
    let cases: [(&str, &[f64]); 8] = [
        ("body.total", &[12.0]),
        ("body.big", &[5e9]),
        ("body.jobs[0].n", &[2.0]),
        ("body.jobs.map(j, double(j.n))", &[2.0, 3.5]),
        ("body.jobs.map(j, j.open, j.n)", &[2.0]),
        ("size(body.jobs.filter(j, j.open))", &[1.0]),
        ("has(body.missing) ? body.missing : 0", &[0.0]),
        ("size(body.jobs) == 2 ? 1u : 0u", &[1.0]),
    ];
    for (expression, numbers) in cases {
        assert_eq!(ask(expression, &body).unwrap(), numbers, "{expression}");
    }
    assert_eq!(ask("body.filter(x, x > 5)", &json!([])), Ok(vec![]));
}

#[test]
fn what_is_no_number_is_named_and_not_shown() {
    let body = json!({"text": "hidden", "list": ["hidden"], "none": null});
    let cases = [
        ("body.text", "gives a text"),
        ("body.list", "gives a text"),
        ("body.none", "gives null"),
        ("body", "gives a map"),
        ("body.list[0] == 'hidden'", "gives true or false"),
        ("body.missing", "asks for missing"),
        ("body.text + 1", "not for"),
    ];
    for (expression, says) in cases {
        let problem = ask(expression, &body).unwrap_err();
        assert!(problem.contains(says) && !problem.contains("hidden"), "{expression}: {problem}");
    }
}

#[test]
fn other_variables_are_not_there() {
    assert!(OverBody::new("desired").unwrap_err().contains("there are body"));
}

#[test]
fn a_large_body_is_refused_rather_than_copied_again_and_again() {
    let large = json!(vec![0; 10_001]);
    assert!(ask("body[0]", &large).unwrap_err().contains("use jsonPath"));
    let long = json!(vec![0; 2_000]);
    assert_eq!(ask("body[0]", &long), Ok(vec![0.0]));
    assert!(ask("size(body.filter(x, x > 0))", &long).unwrap_err().contains("use jsonPath"));
}

#[test]
fn macros_go_over_keys_in_their_order() {
    let body = json!({"b": 2, "c": 3, "a": 1});
    for _ in 0..20 {
        assert_eq!(ask("body.map(k, body[k])", &body), Ok(vec![1.0, 2.0, 3.0]));
    }
}
