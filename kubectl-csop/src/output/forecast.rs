//! What a schedule will do, in a line, and its windows on several clocks.

use super::wrap;
use crate::view::clocks::ClockRow;
use crate::view::forecast::{Forecast, Room};
use console::measure_text_width;

/// `shop: floor 3 -> 23 from A to B (max 30)        quota ok, budget ok`; on a narrow terminal in two parts.
pub fn line(name: &str, forecast: &Forecast, span: &str, width: Option<usize>) -> String {
    let floor =
        forecast.floor.map_or_else(|| "what there is, and more".to_owned(), |floor| floor.to_string());
    let max = match (forecast.max, forecast.floor) {
        (Some(max), Some(floor)) if forecast.raises_max => format!(" (max {max} -> {floor})"),
        (Some(max), _) => format!(" (max {max})"),
        (None, _) => String::new(),
    };
    let plan = format!("{name}: floor {} -> {floor} {span}{max}", forecast.before);
    let rooms = format!("quota {}, budget {}", room(&forecast.quota), room(&forecast.budget));
    if width.is_none_or(|width| measure_text_width(&plan) + 8 + measure_text_width(&rooms) <= width) {
        return format!("{plan}        {rooms}");
    }
    let lines = wrap::lines(&plan, width).into_iter().chain(wrap::lines(&rooms, width));
    lines.collect::<Vec<_>>().join("\n")
}

fn room(room: &Room) -> &'static str {
    match room {
        Room::Enough => "ok",
        Room::Short(_) => "short",
        Room::Unknown => "unknown",
    }
}

/// Each clock with the windows on it, the clocks' names beside or above.
pub fn clocks(rows: &[ClockRow], width: Option<usize>) -> String {
    let widest = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| measure_text_width(text)).max();
    let names = widest(&mut rows.iter().map(|row| &row.name)).unwrap_or(0);
    let windows = widest(&mut rows.iter().flat_map(|row| &row.windows)).unwrap_or(0);
    let beside = width.is_none_or(|width| 2 + names + 2 + windows <= width);
    let mut text = String::new();
    for row in rows {
        if !beside {
            text.push_str(&format!("  {}\n", row.name));
        }
        for (at, window) in row.windows.iter().enumerate() {
            match (beside, at) {
                (true, 0) => text.push_str(&format!("  {:<names$}  {window}\n", row.name)),
                (true, _) => text.push_str(&format!("  {:<names$}  {window}\n", "")),
                (false, _) => {
                    for line in wrap::lines(window, width.map(|width| width.saturating_sub(4))) {
                        text.push_str(&format!("    {line}\n"));
                    }
                }
            }
        }
    }
    text
}
