use super::Number;
use proptest::prelude::*;
use std::cmp::Ordering;

fn number(text: &str) -> Number {
    Number::parse(text).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn decimals_are_what_their_text_says() {
    let of = |value: f64| Number::from_f64(value).unwrap();
    assert_eq!(of(0.1).plus(of(0.2)), number("0.3"));
    assert_ne!(of(0.1 + 0.2), number("0.3"));
    assert_eq!(of(1e23), number("1e23"));
    assert_eq!(of(-0.0), Number::ZERO);
    assert_eq!(of(5e-324), number("5e-324"));
    assert_eq!(of(f64::MAX), number("1.7976931348623157e308"));
    assert_eq!(Number::from_f64(f64::NAN), None);
    assert_eq!(Number::from_f64(f64::NEG_INFINITY), None);
}

#[test]
fn what_is_no_number_is_refused() {
    for text in ["", ".", "-", "1.2.3", "1 ", "0x1", "1e", "e5", "NaN", "1e99999999999", &"9".repeat(40)] {
        assert_eq!(Number::parse(text), None, "{text}");
    }
}

#[test]
fn ratios_are_rounded_once() {
    for (value, factor, divisor, ceiling) in [
        ("250", 1, "100", 3),
        ("300", 1, "100", 3),
        ("1.07", 100, "1", 107),
        ("0.0012", 1, "0.0004", 3),
        ("0.00120000000000001", 1, "0.0004", 4),
        ("0.3", 1, "0.1", 3),
        ("0", 5, "0.1", 0),
        ("1e-300", 1, "1e300", 1),
        ("1e300", 1, "1e-300", i32::MAX),
        ("1", 1, "0", i32::MAX),
        ("0", 1, "0", 0),
        ("123456789012345678901234567890", 4_000_000_000, "61728394506172839450617283945000000000", 8),
    ] {
        assert_eq!(number(value).ceil_ratio(factor, number(divisor), 1), ceiling, "{value} {divisor}");
    }
    assert_eq!(number("0.3").floor_ratio(number("0.1"), 1), 3);
    assert_eq!(number("5").floor_ratio(number("0.75"), 1), 6);
    assert_eq!(number("-0.1").floor_ratio(number("0.75"), 1), 0);
    assert_eq!(number("1e-9").floor_ratio(number("1e9"), 1), 0);
}

#[test]
fn numbers_too_far_apart_for_an_exact_sum_keep_the_larger_one() {
    assert_eq!(number("1e300").plus(number("1e-300")), number("1e300"));
    assert_eq!(number("1e30").plus(number("0.5")), number("1000000000000000000000000000000.5"));
    let huge = Number::parse(&"9".repeat(38)).unwrap();
    assert_eq!(huge.plus(huge).compare(1, number("1.9e38"), 1), Ordering::Greater);
}

#[test]
fn comparison_knows_signs_and_sizes() {
    assert!(number("-1") < number("0") && number("-2") < number("-1") && number("1e-300") > Number::ZERO);
    assert_eq!(number("1e300").compare(1, number("1e299"), 10), Ordering::Equal);
    assert_eq!(number("1").compare(0, number("1"), 1), Ordering::Less);
}

#[test]
fn json_keeps_whole_numbers_whole() {
    for text in ["100", "0.1", "-2.5", "1e300", "\"0.30000000000000004321\"", "9007199254740993"] {
        let value: Number = serde_json::from_str(text).unwrap();
        let back = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<Number>(&back).unwrap(), value, "{text}");
    }
    assert_eq!(serde_json::to_string(&number("100")).unwrap(), "100");
    assert_eq!(serde_json::to_string(&number("0.10")).unwrap(), "0.1");
    assert!(serde_json::from_str::<Number>("\"many\"").is_err());
}

#[test]
fn texts_are_plain_where_they_are_short() {
    for text in ["0", "100", "-0.05", "1234.5", "0.0004", "1e-300", "-1e40"] {
        assert_eq!(number(text).to_string(), text);
    }
}

proptest! {
    #[test]
    fn the_shortest_text_comes_back_as_the_same_float(bits: u64) {
        let value = f64::from_bits(bits);
        if let Some(number) = Number::from_f64(value) {
            prop_assert_eq!(number.to_f64(), value);
            prop_assert_eq!(Number::parse(&number.to_string()), Some(number));
        }
    }

    #[test]
    fn ratios_of_integers_are_those_of_integers(value in 0_i64..1_000_000_000, divisor in 1_i64..1_000_000, shift in -20_i32..20) {
        let (value_at, divisor_at) = (Number::decimal(value, shift), Number::decimal(divisor, shift));
        let ceiling = (value + divisor - 1) / divisor;
        prop_assert_eq!(i64::from(value_at.ceil_ratio(1, divisor_at, 1)), ceiling);
        prop_assert_eq!(i64::from(value_at.floor_ratio(divisor_at, 1)), value / divisor);
    }

    #[test]
    fn nothing_panics(a: u64, b: u64, factor: u64, other: u64) {
        let of = |bits| Number::from_f64(f64::from_bits(bits));
        if let (Some(a), Some(b)) = (of(a), of(b)) {
            a.compare(factor, b, other);
            a.ceil_ratio(factor, b, other);
            a.floor_ratio(b, other);
            let sum = a.plus(b).minus(a).times(b);
            prop_assert!(sum.to_string().len() < 80);
        }
    }
}
