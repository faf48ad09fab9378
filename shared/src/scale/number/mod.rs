//! Exact decimal numbers: what a JSON number says in its shortest text, and ratios of such numbers.
//!
//! Nothing here rounds but the stated ceilings and floors, and nothing panics: what is too large saturates.

mod text;
mod wide;

use std::cmp::Ordering;
use wide::Wide;

/// An exact decimal number: `mantissa` x 10^`exponent`.
///
/// In JSON it is a number; a number that no JSON number of 64 bits can hold exactly (a sum of many) is a string.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    mantissa: i128,
    exponent: i32,
}

/// Significant digits that a sum keeps when its parts are too far apart for all of them.
const SUM_DIGITS: u32 = 37;

impl Number {
    /// Nothing.
    pub const ZERO: Self = Self { mantissa: 0, exponent: 0 };
    /// One.
    pub const ONE: Self = Self::integer(1);

    /// A whole number.
    pub const fn integer(value: i64) -> Self {
        Self { mantissa: value as i128, exponent: 0 }
    }

    /// `mantissa` x 10^`exponent`.
    pub const fn decimal(mantissa: i64, exponent: i32) -> Self {
        Self { mantissa: mantissa as i128, exponent }
    }

    /// Whether it is below zero.
    pub const fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// Whether it is above zero.
    pub const fn is_positive(self) -> bool {
        self.mantissa > 0
    }

    /// The sum: exact, unless the parts are so far apart that it has more than 38 digits.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let (fine, coarse) = if self.exponent <= other.exponent { (self, other) } else { (other, self) };
        if fine.mantissa == 0 {
            return coarse;
        }
        let gap = coarse.exponent.saturating_sub(fine.exponent).unsigned_abs();
        let aligned = 10_i128.checked_pow(gap).and_then(|power| coarse.mantissa.checked_mul(power));
        match aligned.and_then(|aligned| aligned.checked_add(fine.mantissa)) {
            Some(mantissa) => Self { mantissa, exponent: fine.exponent },
            None => coarse.plus_rounded(fine),
        }
    }

    /// The sum with a finer number, whose last digits are cut so that the sum fits.
    fn plus_rounded(self, fine: Self) -> Self {
        let (mut coarse, mut fine) = (self, fine);
        while coarse.exponent > fine.exponent {
            let room = 10_u128.pow(SUM_DIGITS);
            if coarse.mantissa.unsigned_abs() < room {
                coarse = Self { mantissa: coarse.mantissa * 10, exponent: coarse.exponent - 1 };
            } else if fine.mantissa == 0 {
                return coarse;
            } else {
                fine = Self { mantissa: fine.mantissa / 10, exponent: fine.exponent + 1 };
            }
        }
        Self { mantissa: coarse.mantissa / 10 + fine.mantissa / 10, exponent: coarse.exponent + 1 }
    }

    /// The difference, as exact as [`plus`](Self::plus).
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.plus(Self { mantissa: -other.mantissa, ..other })
    }

    /// The product, rounded down to 37 digits where it has more.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        let (mut a, mut b) = (self.trimmed(), other.trimmed());
        loop {
            if let Some(mantissa) = a.mantissa.checked_mul(b.mantissa) {
                return Self { mantissa, exponent: a.exponent.saturating_add(b.exponent) };
            }
            let longer = if a.mantissa.unsigned_abs() >= b.mantissa.unsigned_abs() { &mut a } else { &mut b };
            *longer = Self { mantissa: longer.mantissa / 10, exponent: longer.exponent + 1 };
        }
    }

    /// Compares `self` x `factor` with `other` x `other_factor`.
    pub fn compare(self, factor: u64, other: Self, other_factor: u64) -> Ordering {
        let sign = |number: Self, factor: u64| if factor == 0 { 0 } else { number.mantissa.signum() };
        let signs = sign(self, factor).cmp(&sign(other, other_factor));
        if signs != Ordering::Equal || sign(self, factor) == 0 {
            return signs;
        }
        let sizes = self.compare_sizes(factor, other, other_factor);
        if self.is_negative() { sizes.reverse() } else { sizes }
    }

    /// Like [`compare`](Self::compare) for sizes, neither of which is zero.
    fn compare_sizes(self, factor: u64, other: Self, other_factor: u64) -> Ordering {
        match self.aligned(factor, other, other_factor) {
            Aligned::Both(left, right) => left.cmp(&right),
            Aligned::LeftLarger => Ordering::Greater,
            Aligned::RightLarger => Ordering::Less,
        }
    }

    fn aligned(self, factor: u64, other: Self, other_factor: u64) -> Aligned {
        let left = Wide::product(self.mantissa.unsigned_abs(), factor);
        let right = Wide::product(other.mantissa.unsigned_abs(), other_factor);
        let gap = i64::from(self.exponent) - i64::from(other.exponent);
        let power = u32::try_from(gap.unsigned_abs()).unwrap_or(u32::MAX);
        if gap >= 0 {
            left.shifted(power).map_or(Aligned::LeftLarger, |left| Aligned::Both(left, right))
        } else {
            right.shifted(power).map_or(Aligned::RightLarger, |right| Aligned::Both(left, right))
        }
    }

    /// The ceiling of (`self` x `factor`) / (`divisor` x `divisor_factor`), at most `i32::MAX`.
    ///
    /// Neither number is negative. Without a divisor, everything but zero is `i32::MAX`.
    pub fn ceil_ratio(self, factor: u64, divisor: Self, divisor_factor: u64) -> i32 {
        self.ratio(factor, divisor, divisor_factor, true)
    }

    /// The floor of `self` / (`divisor` x `divisor_factor`), at most `i32::MAX`, and 0 where it is negative.
    ///
    /// `divisor` is not negative. Without a divisor, everything but zero is `i32::MAX`.
    pub fn floor_ratio(self, divisor: Self, divisor_factor: u64) -> i32 {
        self.ratio(1, divisor, divisor_factor, false)
    }

    fn ratio(self, factor: u64, divisor: Self, divisor_factor: u64, up: bool) -> i32 {
        const MOST: u32 = i32::MAX as u32;
        if self.mantissa <= 0 || factor == 0 {
            return 0;
        }
        if divisor.mantissa <= 0 || divisor_factor == 0 {
            return i32::MAX;
        }
        let quotient = match self.aligned(factor, divisor, divisor_factor) {
            Aligned::LeftLarger => MOST,
            Aligned::RightLarger => u32::from(up),
            Aligned::Both(value, divisor) => {
                let quotient = value.quotient(divisor, MOST);
                let exact = divisor.times(quotient.into()) == Some(value);
                if up && !exact { quotient.saturating_add(1) } else { quotient }
            }
        };
        i32::try_from(quotient).unwrap_or(i32::MAX)
    }

    /// The same number without trailing zeros in the mantissa.
    fn trimmed(mut self) -> Self {
        if self.mantissa == 0 {
            return Self::ZERO;
        }
        while self.mantissa % 10 == 0 {
            self = Self { mantissa: self.mantissa / 10, exponent: self.exponent.saturating_add(1) };
        }
        self
    }
}

/// Two sizes as whole numbers of the same power of ten; or which is larger, when one has more than 256 bits.
enum Aligned {
    Both(Wide, Wide),
    LeftLarger,
    RightLarger,
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(1, *other, 1)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl Default for Number {
    fn default() -> Self {
        Self::ZERO
    }
}

#[cfg(test)]
mod tests;
