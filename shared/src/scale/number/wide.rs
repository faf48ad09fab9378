//! Unsigned integers of 256 bits: as much as the comparison of exact ratios needs.

use std::cmp::Ordering;

/// An unsigned integer of 256 bits, in four limbs, the least significant first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Wide([u64; 4]);

/// The largest power of ten that fits a limb is 10^19.
const LIMB_DIGITS: u32 = 19;

impl Wide {
    /// `value` x `factor`, which always fits.
    pub(super) fn product(value: u128, factor: u64) -> Self {
        let (low, high) = (value as u64, (value >> 64) as u64);
        let wide = Self([low, high, 0, 0]);
        wide.times(factor).expect("192 bits fit 256")
    }

    /// This x `factor`, unless it does not fit.
    pub(super) fn times(self, factor: u64) -> Option<Self> {
        let mut carry = 0_u128;
        let mut limbs = [0; 4];
        for (limb, from) in limbs.iter_mut().zip(self.0) {
            let product = u128::from(from) * u128::from(factor) + carry;
            *limb = product as u64;
            carry = product >> 64;
        }
        (carry == 0).then_some(Self(limbs))
    }

    /// This x 10^`power`, unless it does not fit.
    pub(super) fn shifted(mut self, mut power: u32) -> Option<Self> {
        while power > 0 {
            let step = power.min(LIMB_DIGITS);
            self = self.times(10_u64.pow(step))?;
            power -= step;
        }
        Some(self)
    }

    /// The value, if 128 bits hold it.
    pub(super) fn narrow(self) -> Option<u128> {
        let [a, b, c, d] = self.0;
        (c == 0 && d == 0).then_some(u128::from(a) | u128::from(b) << 64)
    }

    /// The largest `q` up to `limit` for which `q` x `divisor` is not above this.
    ///
    /// `divisor` is not zero.
    pub(super) fn quotient(self, divisor: Self, limit: u32) -> u32 {
        if let (Some(value), Some(divisor)) = (self.narrow(), divisor.narrow()) {
            return u32::try_from(value / divisor).map_or(limit, |q| q.min(limit));
        }
        let fits = |q: u32| divisor.times(q.into()).is_some_and(|product| product <= self);
        let (mut low, mut high) = (0, limit);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if fits(middle) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        low
    }
}

impl Ord for Wide {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

impl PartialOrd for Wide {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
