//! Kubernetes quantities as exact numbers.
//!
//! Source of the grammar: the API reference of `k8s.io/apimachinery/pkg/api/resource.Quantity`.

/// Parses a quantity such as `100m`, `128Mi`, `1.5`, `2e3` into billionths of its unit.
///
/// Returns nothing for what is no quantity, or is too large to be held. Digits beyond the ninth decimal are cut.
pub fn parse_nanos(text: &str) -> Option<i128> {
    let split =
        text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let nanos = decimal_nanos(number)?;
    scale(nanos, suffix)
}

fn decimal_nanos(number: &str) -> Option<i128> {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction: i128 = format!("{:0<9}", &fraction[..fraction.len().min(9)]).parse().ok()?;
    Some(sign * whole.checked_mul(1_000_000_000)?.checked_add(fraction)?)
}

fn scale(nanos: i128, suffix: &str) -> Option<i128> {
    let binary = |power: u32| nanos.checked_mul(1024_i128.checked_pow(power)?);
    let decimal = |power: i32| {
        let factor = 10_i128.checked_pow(power.unsigned_abs())?;
        if power < 0 { Some(nanos / factor) } else { nanos.checked_mul(factor) }
    };
    match suffix {
        "" => Some(nanos),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => decimal(suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    }
}

/// The next multiple of a thousandth, which is as fine as the API server keeps requests and limits; nothing for what is no
/// finer, or no quantity.
pub fn rounded_up_to_milli(text: &str) -> Option<String> {
    const MILLI: i128 = 1_000_000;
    let nanos = parse_nanos(text)?;
    (nanos % MILLI != 0).then(|| format!("{}m", nanos.div_euclid(MILLI) + 1))
}

/// Twice a quantity, written in the unit of the original where that is exact: `128Mi` becomes `256Mi`.
pub fn doubled(text: &str) -> Option<String> {
    parse_nanos(text)?;
    let split =
        text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let twice = decimal_nanos(number)?.checked_mul(2)?;
    let (whole, fraction) = (twice / 1_000_000_000, twice % 1_000_000_000);
    let fraction = format!("{fraction:09}");
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{whole}{point}{fraction}{suffix}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_quantities_are_equal_however_written() {
        for (a, b) in [
            ("1", "1000m"),
            ("1.5Gi", "1536Mi"),
            ("2e3", "2k"),
            ("0.1", "100m"),
            ("+1", "1.0"),
            ("1E3", "1k"),
            ("1n", "0.000000001"),
        ] {
            assert_eq!(parse_nanos(a), parse_nanos(b), "{a} {b}");
            assert!(parse_nanos(a).is_some(), "{a}");
        }
        assert_ne!(parse_nanos("1M"), parse_nanos("1Mi"));
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in [
            "",
            ".",
            "-",
            "Mi",
            "1.2.3",
            "1 Mi",
            "1Mib",
            "abc",
            "1e",
            "--1",
            "1e999",
            "999999999999999999999999999999999999999",
        ] {
            assert_eq!(parse_nanos(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_finer_than_a_thousandth_is_rounded_up() {
        for (given, kept) in [("0.0001", Some("1m")), ("100500u", Some("101m")), ("-1500u", Some("-1m"))] {
            assert_eq!(rounded_up_to_milli(given).as_deref(), kept, "{given}");
        }
        for given in ["1", "0.5", "100m", "1Gi", "1000u", "x"] {
            assert_eq!(rounded_up_to_milli(given), None, "{given}");
        }
    }

    #[test]
    fn doubling_keeps_the_unit() {
        assert_eq!(doubled("128Mi").as_deref(), Some("256Mi"));
        assert_eq!(doubled("1.25Gi").as_deref(), Some("2.5Gi"));
        assert_eq!(doubled("x"), None);
    }
}
