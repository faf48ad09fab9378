//! Draws a terminal as an SVG picture. Its size depends only on the text, not on the fonts of whoever looks at it:
//! every piece of text says where it begins and how wide it is.

use std::fmt::Write as _;

use super::{narrator::Kind, picture::Line};

/// The width of a character.
const ADVANCE: f32 = 8.4;
const LINE_HEIGHT: f32 = 19.0;
/// The room above a heading.
const GAP: f32 = 9.0;
const MARGIN: f32 = 18.0;
const TITLE_BAR: f32 = 34.0;

/// A picture of these lines in a terminal of this width. It brings its own background, so that it looks the same on a
/// light and on a dark page.
pub(super) fn render(lines: &[Line], columns: usize) -> String {
    let mut y = TITLE_BAR + MARGIN;
    let mut body = String::new();
    for (index, line) in lines.iter().enumerate() {
        if line.kind == Kind::Heading && !line.goes_on && index > 0 {
            y += GAP;
        }
        body += &text(line, y);
        y += LINE_HEIGHT;
    }
    let (width, height) = (width(columns) + 2.0 * MARGIN, y + MARGIN - LINE_HEIGHT / 2.0);
    frame(width, height, &body)
}

fn frame(width: f32, height: f32, body: &str) -> String {
    let (right, bottom) = (width - 1.0, height - 1.0);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" xml:space="preserve" role="img" aria-label="A terminal with kubectl csop at work">
<style>
text {{ font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; fill: #d6dde6; white-space: pre }}
.command {{ fill: #ffffff; font-weight: 600 }}
.prompt, .good {{ fill: #6fdd8b }}
.heading {{ fill: #79b8ff }}
.faint {{ fill: #7d8793 }}
</style>
<rect x="0.5" y="0.5" width="{right:.0}" height="{bottom:.0}" rx="9" fill="#0f141b" stroke="#3a434e"/>
<circle cx="21" cy="18" r="5.5" fill="#f0655b"/><circle cx="40" cy="18" r="5.5" fill="#f2b844"/><circle cx="59" cy="18" r="5.5" fill="#4fc05a"/>
{body}</svg>
"##
    )
}

fn width(characters: usize) -> f32 {
    u16::try_from(characters).map_or(f32::INFINITY, f32::from) * ADVANCE
}

fn text(line: &Line, y: f32) -> String {
    let mut column = 0;
    let mut spans = String::new();
    for (class, piece) in pieces(line) {
        let length = piece.chars().count();
        if !piece.trim().is_empty() {
            let class = if class.is_empty() { String::new() } else { format!(r#" class="{class}""#) };
            let (x, wide) = (MARGIN + width(column), width(length));
            write!(
                spans,
                r#"<text x="{x:.1}" y="{y:.1}" textLength="{wide:.1}"{class}>{}</text>"#,
                escape(piece)
            )
            .expect("a string takes all text");
        }
        column += length;
    }
    if spans.is_empty() { spans } else { spans + "\n" }
}

/// The line in pieces of one colour each, in words where they are aligned in columns.
fn pieces(line: &Line) -> Vec<(&'static str, &str)> {
    let text = line.text.as_str();
    match line.kind {
        Kind::Heading | Kind::Note => vec![("heading", text)],
        Kind::Command if line.goes_on => vec![("command", text)],
        Kind::Command => {
            let (prompt, command) = text.split_at(text.len().min(2));
            vec![("prompt", prompt), ("command", command)]
        }
        Kind::Output => columns(text).into_iter().map(|piece| (colour(piece), piece)).collect(),
    }
}

/// Cuts where two spaces or more part columns; the spaces are pieces too.
fn columns(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("  ") {
        let end = rest[at..].find(|c| c != ' ').map_or(rest.len(), |length| at + length);
        pieces.extend([&rest[..at], &rest[at..end]]);
        rest = &rest[end..];
    }
    pieces.push(rest);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn colour(piece: &str) -> &'static str {
    let heading = |word: &str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
    if piece.split(',').next() == Some("Ready") {
        "good"
    } else if piece.ends_with(':') || piece == "Objects" || heading(piece) {
        "faint"
    } else {
        ""
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kind: Kind, text: &str) -> Line {
        Line { kind, text: text.to_owned(), goes_on: false }
    }

    #[test]
    fn text_is_escaped() {
        let drawn = render(&[line(Kind::Output, r#"cpu: <unknown>/80% & "more""#)], 100);
        assert!(drawn.contains("cpu: &lt;unknown&gt;/80% &amp; &quot;more&quot;"), "{drawn}");
    }

    #[test]
    fn columns_begin_where_a_fixed_font_has_them() {
        let drawn = render(&[line(Kind::Output, "Status:   Ready")], 100);
        assert!(
            drawn.contains(r#"<text x="18.0" y="52.0" textLength="58.8" class="faint">Status:</text>"#),
            "{drawn}"
        );
        assert!(
            drawn.contains(r#"<text x="102.0" y="52.0" textLength="42.0" class="good">Ready</text>"#),
            "{drawn}"
        );
    }

    #[test]
    fn the_size_follows_from_the_number_of_lines_and_columns() {
        let drawn = render(&[line(Kind::Heading, "# a"), line(Kind::Heading, "# b")], 80);
        assert!(drawn.contains(r#"viewBox="0 0 708 108""#), "{drawn}");
    }

    #[test]
    fn no_piece_is_lost() {
        for text in ["", "  indented", "a  b   c", "trailing  "] {
            assert_eq!(columns(text).concat(), text);
        }
    }
}
