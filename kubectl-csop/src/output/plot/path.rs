//! Lines of many values, drawn with as many points as there are pixels.

use std::fmt::Write;

/// A line that is drawn from left to right.
#[derive(Debug)]
pub struct Line {
    /// Whether a value holds until the next one.
    stepped: bool,
    path: String,
    column: Option<Column>,
    /// Where the pen is; none where the line is interrupted.
    pen: Option<f64>,
}

/// What falls on one pixel.
#[derive(Clone, Copy, Debug)]
struct Column {
    x: i64,
    first: f64,
    top: f64,
    bottom: f64,
    last: f64,
}

impl Line {
    /// A line whose values are joined.
    pub fn joined() -> Self {
        Self { stepped: false, path: String::new(), column: None, pen: None }
    }

    /// A line whose values hold until the next one.
    pub fn stepped() -> Self {
        Self { stepped: true, ..Self::joined() }
    }

    /// The next point, in pixels; a y that is no number interrupts the line.
    pub fn to(&mut self, x: f64, y: f64) {
        if !y.is_finite() {
            self.flush();
            self.pen = None;
            return;
        }
        let x = x.round() as i64;
        match &mut self.column {
            Some(column) if column.x == x => {
                column.top = column.top.min(y);
                column.bottom = column.bottom.max(y);
                column.last = y;
            }
            _ => {
                self.flush();
                self.column = Some(Column { x, first: y, top: y, bottom: y, last: y });
            }
        }
    }

    fn flush(&mut self) {
        let Some(Column { x, first, top, bottom, last }) = self.column.take() else { return };
        let is_same = |one: f64, other: f64| (one - other).abs() < 0.05;
        match self.pen {
            None => {
                let _ = write!(self.path, "M{x} {first:.1}");
            }
            Some(pen) if self.stepped => {
                let _ = write!(self.path, "H{x}");
                if !is_same(pen, first) {
                    let _ = write!(self.path, "V{first:.1}");
                }
            }
            Some(_) => {
                let _ = write!(self.path, "L{x} {first:.1}");
            }
        }
        let mut pen = first;
        for y in [top, bottom, last] {
            if !is_same(pen, y) {
                let _ = write!(self.path, "V{y:.1}");
                pen = y;
            }
        }
        self.pen = Some(last);
    }

    /// The path's data; empty for a line without points.
    pub fn data(mut self) -> String {
        self.flush();
        self.path
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn many_values_on_one_pixel_are_one_stroke() {
        let mut line = Line::joined();
        for at in 0..1000 {
            line.to(10.0, f64::from(at % 7));
        }
        line.to(11.0, 3.0);
        assert_eq!(line.data(), "M10 0.0V6.0V5.0L11 3.0");
    }

    #[test]
    fn steps_have_corners_and_gaps_have_no_line() {
        let mut line = Line::stepped();
        for (x, y) in [(0.0, 5.0), (10.0, 5.0), (20.0, 2.0), (30.0, f64::NAN), (40.0, 1.0)] {
            line.to(x, y);
        }
        assert_eq!(line.data(), "M0 5.0H10H20V2.0M40 1.0");
    }
}
