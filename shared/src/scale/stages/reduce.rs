//! From the series of an answer to one value.

use crate::{
    api::general_scaler::Reduce,
    scale::{Number, Series, decision::Problem},
};

/// One value of several series: `sum` / `count`, where `count` is above 1 for means only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scale) struct Reduced {
    pub(in crate::scale) sum: Number,
    pub(in crate::scale) count: u32,
}

/// The value of an answer; none for an answer without series.
pub(in crate::scale) fn reduce(series: &Series, how: Reduce) -> Result<Option<Reduced>, Problem> {
    let values = series.values();
    if how == Reduce::Single && values.len() > 1 {
        return Err(Problem::SeveralSeries);
    }
    let mut total: Option<Number> = None;
    for value in values {
        let value = Number::from_f64(*value).ok_or(Problem::NotFinite)?;
        total = Some(match (total, how) {
            (None, _) => value,
            (Some(total), Reduce::Max) => total.max(value),
            (Some(total), Reduce::Min) => total.min(value),
            (Some(total), Reduce::Single | Reduce::Sum | Reduce::Avg) => total.plus(value),
        });
    }
    let count = if how == Reduce::Avg { u32::try_from(values.len()).unwrap_or(u32::MAX) } else { 1 };
    Ok(total.map(|sum| Reduced { sum, count }))
}
