use super::*;

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn of(data: &str) -> Result<Reading, &'static str> {
    read(format!(r#"{{"status":"success","data":{data}}}"#).as_bytes(), now())
}

fn sample(values: Series, time: &str) -> Result<Reading, &'static str> {
    Ok(Reading::Sample { values, time: time.parse().unwrap(), active: None, target: None })
}

#[test]
fn a_vector_is_its_values_at_their_time() {
    let one = r#"{"resultType":"vector","result":[{"metric":{"__name__":"x","a":"b"},"value":[1772366390.5,"41.5"]}]}"#;
    assert_eq!(of(one), sample(Series::One(41.5), "2026-03-01T11:59:50.5Z"));
    let many = r#"{"resultType":"vector","result":[
        {"metric":{},"value":[1772366391,"1e+06"]},{"value":[1772366390,"-2"],"metric":{"value":"x"}}]}"#;
    assert_eq!(of(many), sample(Series::Many([1e6, -2.0].into()), "2026-03-01T11:59:50Z"));
}

#[test]
fn the_type_may_follow_the_result() {
    let data = r#"{"result":[{"metric":{},"value":[1772366390,"7"]}],"resultType":"vector"}"#;
    assert_eq!(of(data), sample(Series::One(7.0), "2026-03-01T11:59:50Z"));
}

#[test]
fn a_scalar_is_a_value() {
    let data = r#"{"resultType":"scalar","result":[1772366390.123,"3"]}"#;
    assert_eq!(of(data), sample(Series::One(3.0), "2026-03-01T11:59:50.123Z"));
}

#[test]
fn what_holds_in_the_future_holds_now() {
    let data = r#"{"resultType":"scalar","result":[1772366500,"3"]}"#;
    assert_eq!(of(data), sample(Series::One(3.0), "2026-03-01T12:00:00Z"));
}

#[test]
fn no_series_are_empty() {
    assert_eq!(of(r#"{"resultType":"vector","result":[]}"#), Ok(Reading::Empty { time: now() }));
}

#[test]
fn what_is_no_finite_number_is_passed_on() {
    for (text, is) in [("NaN", "NaN"), ("+Inf", "inf"), ("-Inf", "-inf")] {
        let data = format!(r#"{{"resultType":"scalar","result":[1772366390,"{text}"]}}"#);
        let Ok(Reading::Sample { values, .. }) = of(&data) else { panic!("{text}") };
        assert_eq!(values.values()[0].to_string(), is);
    }
}

#[test]
fn what_is_no_instant_answer_is_named() {
    let cases = [
        (r#"{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"]]}]}"#, "a range vector"),
        (r#"{"resultType":"matrix","result":[]}"#, "a range vector"),
        (r#"{"resultType":"string","result":[1772366390,"12"]}"#, "a string"),
        (
            r#"{"resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"3"}]}]}"#,
            "a native histogram",
        ),
        (
            r#"{"resultType":"vector","result":[{"metric":{},"values":[[1,"2"]]}, 1, "2"]}"#,
            "JSON that is no result",
        ),
        (r#"{"resultType":"vector","result":[1772366390,"12"]}"#, "JSON that is no result"),
        (r#"{"resultType":"vector","result":[1772366390]}"#, "JSON that is no result"),
        (r#"{"resultType":"scalar","result":["3"]}"#, "JSON that is no result"),
        (r#"{"resultType":"scalar","result":[]}"#, "JSON that is no result"),
        (r#"{"resultType":"scalar","result":["x","y"]}"#, "JSON that is no result"),
        (r#"{"resultType":"streams","result":[]}"#, "JSON that is no result"),
        (r#"{"result":[]}"#, "JSON that is no result"),
        (r#"{"resultType":"vector","result":[{"value":[1,2]}]}"#, "JSON of another form"),
        (r#"{"resultType":"vector","result":[{"value":["1","2"]}]}"#, "JSON of another form"),
        (r#"{"resultType":"vector","result":[{"value":[1,"x"]}]}"#, "JSON of another form"),
        (r#"{"resultType":"vector","result":{}}"#, "JSON of another form"),
        (r#"{"resultType":"vector","result":[{"value":[1e300,"2"]}]}"#, "a time that is none"),
        ("null", "JSON without a result"),
        ("[]", "JSON of another form"),
    ];
    for (data, problem) in cases {
        let answer = of(data).unwrap_err();
        assert!(answer.starts_with(problem), "{data}: {answer}");
    }
    assert_eq!(read(br#"{"status":"error","error":"x"}"#, now()), Err("JSON without a result"));
}

#[test]
fn bodies_that_are_no_json_are_named_and_not_shown() {
    let cases: [(&[u8], &str); 6] = [
        (b"", "an empty body"),
        (b"  \n<!DOCTYPE html><title>secret</title>", "HTML instead of JSON: is the address right?"),
        (b"Client sent an HTTP request", "something that is no JSON"),
        (br#"{"status":"success","da"#, "JSON that ends too early"),
        (b"[1]", "JSON of another form than expected"),
        (b"\xff\xfe", "something that is no JSON"),
    ];
    for (body, problem) in cases {
        assert_eq!(read(body, now()), Err(problem), "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn too_many_series_are_no_answer() {
    let of_series = |count: usize| {
        let series = vec![r#"{"value":[1772366390,"1"]}"#; count].join(",");
        of(&format!(r#"{{"resultType":"vector","result":[{series}]}}"#))
    };
    assert!(matches!(of_series(MOST_SERIES), Ok(Reading::Sample { .. })));
    assert_eq!(of_series(MOST_SERIES + 1), Err("more than 10,000 series: make them fewer, as by sum()"));
}

#[test]
fn a_refusal_is_in_the_servers_words_and_bounded() {
    let body = br#"{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:5:\n parse error"}"#;
    assert_eq!(refusal(body).unwrap(), "invalid parameter \"query\": 1:5: parse error");
    let long = format!(r#"{{"status":"error","error":"{}"}}"#, "x".repeat(1000));
    assert!(refusal(long.as_bytes()).unwrap().chars().count() <= 301);
    assert_eq!(refusal(b"{}"), None);
    assert_eq!(refusal(b"<html>"), None);
}
