//! Numbers as text and as JSON.

use super::Number;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{
    borrow::Cow,
    fmt::{self, Write},
};

impl Number {
    /// The number that the shortest decimal text of `value` says; none for NaN and infinities.
    pub fn from_f64(value: f64) -> Option<Self> {
        /// Up to here every whole `f64` is its own shortest text.
        const WHOLE: f64 = 9_007_199_254_740_992.0;
        if !value.is_finite() {
            return None;
        }
        if value.abs() < WHOLE && value.trunc() == value {
            return Some(Self::integer(value as i64));
        }
        let mut text = Text::default();
        write!(text, "{value:e}").ok()?;
        Self::parse(text.as_str())
    }

    /// Reads a decimal text such as `12`, `-0.5` or `1.5e-7`; none for anything else, or for more than 38 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match digits.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, digits.strip_prefix('+').unwrap_or(digits)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut mantissa = 0_i128;
        for digit in whole.bytes().chain(fraction.bytes()) {
            let digit = digit.is_ascii_digit().then(|| i128::from(digit - b'0'))?;
            mantissa = mantissa.checked_mul(10)?.checked_add(digit)?;
        }
        let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        Some(Self { mantissa: if negative { -mantissa } else { mantissa }, exponent }.trimmed())
    }

    /// About this, computed fast.
    pub(in crate::scale) fn approximate(self) -> f64 {
        self.mantissa as f64 * 10_f64.powi(self.exponent)
    }

    /// The nearest `f64`, for showing.
    pub fn to_f64(self) -> f64 {
        format!("{}e{}", self.mantissa, self.exponent).parse().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Decimal places up to which a number is written without an exponent.
        const PLACES: i32 = 20;
        let Self { mantissa, exponent } = self.trimmed();
        match exponent {
            0 => write!(f, "{mantissa}"),
            1..=PLACES => write!(f, "{mantissa}{}", "0".repeat(exponent as usize)),
            _ if (-PLACES..0).contains(&exponent) => {
                let (sign, places) = (if mantissa < 0 { "-" } else { "" }, exponent.unsigned_abs() as usize);
                let digits = format!("{:0>width$}", mantissa.unsigned_abs(), width = places + 1);
                let (whole, fraction) = digits.split_at(digits.len() - places);
                write!(f, "{sign}{whole}.{fraction}")
            }
            _ => write!(f, "{mantissa}e{exponent}"),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = self.trimmed();
        let whole = u32::try_from(number.exponent)
            .ok()
            .and_then(|power| 10_i128.checked_pow(power)?.checked_mul(number.mantissa))
            .and_then(|whole| i64::try_from(whole).ok());
        if let Some(whole) = whole {
            return serializer.serialize_i64(whole);
        }
        let near = number.to_f64();
        if Self::from_f64(near) == Some(number) {
            serializer.serialize_f64(near)
        } else {
            serializer.collect_str(&number)
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Number, E> {
                Ok(Number::integer(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Number, E> {
                Ok(Number { mantissa: value.into(), exponent: 0 })
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Number, E> {
                Number::from_f64(value).ok_or_else(|| E::custom("a number must be finite"))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Number, E> {
                Number::parse(value).ok_or_else(|| E::custom(format!("{value:?} is no number")))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

/// The longest shortest text of an `f64` has 24 characters.
#[derive(Default)]
struct Text {
    bytes: [u8; 32],
    length: usize,
}

impl Text {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let end = self.length + part.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(part.as_bytes());
        self.length = end;
        Ok(())
    }
}
