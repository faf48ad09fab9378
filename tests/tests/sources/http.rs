//! The source http.

use csop_shared::{api::general_scaler::SourceType::Http, scale::Reading};
use csop_tests::servers::liar::Liar;

use crate::scene::{ask, build, says, sources, sources_with, values};

fn config(liar: &Liar, what: &str, pick: &str) -> String {
    format!("{{url: '{}', {pick}}}", liar.at(what))
}

#[tokio::test]
async fn numbers_are_read_by_path_and_by_expression() {
    let liar = Liar::start().await;
    let cases: [(&str, &[f64]); 5] = [
        ("jsonPath: $.queue.length", &[42.0]),
        ("jsonPath: $.queue.text", &[17.0]),
        ("jsonPath: '$.jobs[*].n'", &[1.0, 2.0]),
        ("expression: body.queue.length + size(body.jobs)", &[44.0]),
        ("expression: 'body.jobs.map(j, j.n)', method: POST", &[1.0, 2.0]),
    ];
    for (pick, numbers) in cases {
        assert_eq!(values(&ask(Http, &config(&liar, "json", pick), &[]).await.unwrap()), numbers, "{pick}");
    }
    let none = ask(Http, &config(&liar, "json", "jsonPath: '$.jobs[?@.n > 9].n'"), &[]).await;
    assert!(matches!(none, Ok(Reading::Empty { .. })), "{none:?}");
}

#[tokio::test]
async fn what_is_no_number_is_named_and_not_shown() {
    let liar = Liar::start().await;
    let cases = [
        ("json", "jsonPath: $.queue.open", "true or false, where a number is expected"),
        ("json", "jsonPath: $.hidden", "a text that is no number"),
        ("json", "jsonPath: $.queue", "an object: point at one of its fields"),
        ("json", "jsonPath: $.queue.missing", "JSON without $.queue.missing"),
        ("json", "expression: body.queue.missing", "the expression asks for missing"),
        ("json", "expression: body.hidden", "gives a text, not a number"),
        ("html", "jsonPath: $.a", "HTML instead of JSON"),
        ("unauthorised", "jsonPath: $.a", "401 Unauthorized"),
        ("huge", "jsonPath: $.a", "more than 1 MiB"),
    ];
    for (what, pick, text) in cases {
        let failure = says(ask(Http, &config(&liar, what, pick), &[]).await, text);
        assert!(!failure.to_string().contains("secret"), "{failure}");
    }
}

#[tokio::test]
async fn secrets_become_headers() {
    let liar = Liar::start().await;
    let echo = |pick: &str| config(&liar, "echo", pick);
    let asks = |header: &str| format!("expression: 'body.headers.contains(\"{header}\") ? 1 : 0'");
    let cases = [
        (asks("authorization: bearer tok"), vec![("token", "tok\n")]),
        (asks("authorization: basic dxnlcjpwyxnz"), vec![("username", "user"), ("password", "pass")]),
        (asks("x-key: abc"), vec![("header.X-Key", "abc\n")]),
        (format!("headers: {{X-Scope-OrgID: team}}, {}", asks("x-scope-orgid: team")), vec![]),
    ];
    for (pick, secret) in cases {
        assert_eq!(values(&ask(Http, &echo(&pick), &secret).await.unwrap()), [1.0], "{pick}");
    }
    let wrong = [
        (vec![("tokn", "x")], "has none of token"),
        (vec![("username", "x")], "a username and no password"),
        (vec![("token", "x"), ("username", "x"), ("password", "x")], "both a token and a username"),
        (vec![("token", "a\nb")], "the Secret's token has characters"),
        (vec![("header.a b", "x")], "no header's name"),
        (vec![("ca.crt", "x")], "the Secret's ca.crt"),
        (vec![("tls.crt", "x")], "needs both tls.crt and tls.key"),
        (vec![("tls.crt", "x"), ("tls.key", "y")], "tls.crt with tls.key cannot be read"),
    ];
    for (secret, text) in wrong {
        let failure = says(ask(Http, &echo("jsonPath: $.asks"), &secret).await, text);
        assert!(!failure.concerns_origin());
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_before() {
    let cases = [
        (
            "{url: 'http://169.254.169.254/x', jsonPath: $.a}",
            "config.url is not usable: 169.254.169.254 is not asked",
        ),
        ("{url: 'http://[::1]/x', jsonPath: $.a}", "--allow-metric-hosts"),
        (
            "{url: 'http://2130706433/x', jsonPath: $.a}",
            "127.0.0.1 is not asked, since it is a loopback address",
        ),
        ("{url: 'http://0x7f.1/x', jsonPath: $.a}", "a loopback address"),
        ("{url: 'http://metadata.google.internal/x', jsonPath: $.a}", "a metadata service"),
        ("{url: 'ftp://a/x', jsonPath: $.a}", "no address such as"),
        ("{url: 'http://u:p@a/x', jsonPath: $.a}", "name it in authRef"),
        ("{url: 'http://a/x'}", "config needs either jsonPath or expression"),
        ("{url: 'http://a/x', jsonPath: a b}", "config.jsonPath is \"a b\", which is no JSONPath"),
        ("{url: 'http://a/x', expression: other}", "config.expression uses other, which is not there"),
        (
            "{url: 'http://a/x', jsonPath: $.a, headers: {Connection: close}}",
            "config.headers[Connection] cannot be set",
        ),
        ("{url: 'http://a/x', jsonPath: $.a, headers: {'a b': c}}", "config.headers[a b] is no header"),
    ];
    for (yaml, text) in cases {
        let invalid = build(&sources_with(&[], None), Http, yaml).err().unwrap().to_string();
        assert!(invalid.contains(text), "{text:?} is not in {invalid:?}");
    }
}

#[tokio::test]
async fn names_are_judged_by_what_they_resolve_to() {
    let liar = Liar::start().await;
    let by_name = liar.at("json").replace("127.0.0.1", "localhost");
    let yaml = format!("{{url: '{by_name}', jsonPath: $.queue.length}}");
    let refused = build(&sources_with(&[], None), Http, &yaml).unwrap();
    says(
        crate::scene::ask_it(refused.as_ref(), &[]).await,
        "localhost is not asked, since it is a loopback address",
    );
    assert_eq!(liar.requests(), 0);
    let allowed = build(&sources_with(&["localhost"], None), Http, &yaml).unwrap();
    assert_eq!(values(&crate::scene::ask_it(allowed.as_ref(), &[]).await.unwrap()), [42.0]);
    let unknown = build(&sources(), Http, "{url: 'http://no-such-name.invalid/', jsonPath: $.a}").unwrap();
    says(crate::scene::ask_it(unknown.as_ref(), &[]).await, "its name cannot be resolved");
}
