//! The picture as SVG.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::cards::{Card, Cards, FLOW_MEANS, NEEDS_MEANS, Row};
use super::dot::html;
use super::grid::{self, Grid, PADDING};
use super::tracks::{self, ABOVE, BORDER, END, Plane, Point, Rect, WAIST};

/// The colours of text, less important text, borders, the flow of a video, and needs.
const INK: &str = "#1f2328";
const FAINT: &str = "#59636e";
const FRAME: &str = "#c3cad2";
const FLOW: &str = "#0969da";
const LINE: &str = "#8c959f";

/// The space around everything.
const MARGIN: f64 = 12.0;
/// The height of the legend.
const LEGEND: f64 = 40.0;
/// The radius at which lines turn.
const TURN: f64 = 6.0;

const STYLE: &str = "text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}\
.kind,.word,.lane{font-family:system-ui,-apple-system,'Segoe UI','Helvetica Neue',Arial,'DejaVu Sans',sans-serif}\
.need:hover path{stroke:#8250df;stroke-width:2.5}";

pub(super) fn draw(cards: &Cards<'_>) -> String {
    let grid = Grid::of(cards);
    let widths: Vec<f64> = cards.cards.iter().map(width).collect();
    let plane = tracks::lay(cards, &grid, &widths);
    let (legend, legend_width) = legend(cards, plane.height + LEGEND / 2.0);
    let full_width = plane.width.max(legend_width) + 2.0 * MARGIN;
    let full_height = plane.height + LEGEND + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" style=\"max-width:100%;height:auto\" width=\"{full_width:.0}\" \
         height=\"{full_height:.0}\" viewBox=\"0 0 {full_width:.0} {full_height:.0}\">\n\
         <title>Dependency graph of the stack, with the flow of a video</title>\n<style>{STYLE}</style>\n\
         <defs>{}{}</defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\">\n",
        arrow("flow", FLOW, 4.0),
        arrow("need", LINE, 6.5)
    );
    lanes(&mut svg, cards, &plane);
    needs(&mut svg, cards, &plane);
    hops(&mut svg, cards, &plane);
    for (card, rect) in cards.cards.iter().zip(&plane.cards) {
        self::card(&mut svg, card, rect);
    }
    svg.push_str(&legend);
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn arrow(id: &str, colour: &str, size: f64) -> String {
    format!(
        "<marker id=\"{id}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"{size}\" \
         markerHeight=\"{size}\" orient=\"auto\"><path d=\"M0 0 10 5 0 10z\" fill=\"{colour}\"/></marker>"
    )
}

/// The width of a card, estimated from the number of letters.
fn width(card: &Card<'_>) -> f64 {
    let name = |row: &Row<'_>, size: f64| row.name.width() as f64 * size;
    let kind = |row: &Row<'_>| row.kind.width() as f64 * 5.5;
    let sign = if card.fate().is_some() { 12.0 } else { 0.0 };
    let row = |row: &Row<'_>| {
        if row.part { 16.0 + name(row, 6.7) + 12.0 + kind(row) } else { name(row, 7.6).max(kind(row)) }
    };
    card.rows.iter().map(row).fold(80.0, f64::max) + sign + 20.0
}

/// The concerns as frames around their cards.
fn lanes(svg: &mut String, cards: &Cards<'_>, plane: &Plane) {
    for (concern, indices) in cards.concerns() {
        let Rect { x, y, width, height } = frame(&indices, plane);
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"8\" fill=\"#f6f8fa\" \
             stroke=\"#d8dee4\"/>\n<text class=\"lane\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"12\" \
             font-weight=\"600\" letter-spacing=\"0.6\" fill=\"{FAINT}\">{}</text>",
            x + BORDER,
            y + 16.0,
            html(concern)
        );
    }
}

/// The frame of a concern with these cards.
pub(super) fn frame(cards: &[usize], plane: &Plane) -> Rect {
    let its = || cards.iter().map(|card| plane.cards[*card]);
    let (left, top) = its().fold((f64::MAX, f64::MAX), |(x, y), it| (x.min(it.x), y.min(it.y)));
    let edge = |(x, y): Point, it: Rect| (x.max(it.x + it.width), y.max(it.y + it.height));
    let (right, bottom) = its().fold((0.0, 0.0), edge);
    let (x, y) = (left - BORDER, top - ABOVE);
    Rect { x, y, width: right + BORDER - x, height: bottom + BORDER - y }
}

/// The lines of the needs, grouped by the resource that they lead to.
fn needs(svg: &mut String, cards: &Cards<'_>, plane: &Plane) {
    for (to, lines) in &plane.lines {
        let paths: Vec<String> = lines.iter().map(|line| rounded(line)).collect();
        let _ = writeln!(svg, "<g class=\"need\" fill=\"none\">");
        let _ = writeln!(svg, "<title>needs {}</title>", html(&cards.named(*to)));
        let _ = writeln!(svg, "<path d=\"{}\" stroke=\"#ffffff\" stroke-width=\"4\"/>", paths.join(" "));
        for path in paths {
            let _ = writeln!(
                svg,
                "<path d=\"{path}\" stroke=\"{LINE}\" stroke-width=\"1.3\" marker-end=\"url(#need)\"/>"
            );
        }
        svg.push_str("</g>\n");
    }
}

/// A line with round corners.
fn rounded(line: &[Point]) -> String {
    let mut points = line.to_vec();
    points.dedup_by(|one, other| (one.0 - other.0).abs() + (one.1 - other.1).abs() < 0.1);
    let Some(start) = points.first() else { return String::new() };
    let mut path = format!("M{:.1} {:.1}", start.0, start.1);
    for corner in points.windows(3) {
        let [before, at, after] = [corner[0], corner[1], corner[2]];
        let (enter, leave) = (towards(at, before), towards(at, after));
        let _ = write!(
            path,
            "L{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}",
            enter.0, enter.1, at.0, at.1, leave.0, leave.1
        );
    }
    if let Some(end) = points.last() {
        let _ = write!(path, "L{:.1} {:.1}", end.0, end.1);
    }
    path
}

/// The point where a turn begins: its radius away from the corner, or the middle of a short line.
fn towards(from: Point, to: Point) -> Point {
    let (x, y) = (to.0 - from.0, to.1 - from.1);
    let length = x.hypot(y);
    let share = if length > 0.0 { (TURN.min(length / 2.0)) / length } else { 0.0 };
    (x.mul_add(share, from.0), y.mul_add(share, from.1))
}

/// The flow of a video, with its two ends.
fn hops(svg: &mut String, cards: &Cards<'_>, plane: &Plane) {
    for hop in &cards.hops {
        let (path, words) = step(plane.cards[hop.from], plane.cards[hop.to]);
        thick(svg, &path);
        let _ = writeln!(
            svg,
            "<text class=\"word\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"10.5\" text-anchor=\"middle\" fill=\"{FLOW}\" \
             stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\">{}</text>",
            words.0, words.1, hop.label
        );
    }
    if let Some(entry) = cards.entry {
        let rect = plane.cards[entry];
        end(svg, "upload", rect.x - END, rect.y);
        thick(svg, &format!("M{:.1} {y:.1}H{:.1}", rect.x - END + 62.0, rect.x - 1.0, y = rect.y + WAIST));
    }
    if let Some(exit) = cards.exit {
        let rect = plane.cards[exit];
        let right = rect.x + rect.width;
        end(svg, "viewers", right + END - 62.0, rect.y);
        thick(svg, &format!("M{right:.1} {y:.1}H{:.1}", right + END - 63.0, y = rect.y + WAIST));
    }
}

fn thick(svg: &mut String, path: &str) {
    let _ = writeln!(
        svg,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{FLOW}\" stroke-width=\"2.6\" marker-end=\"url(#flow)\"/>"
    );
}

fn end(svg: &mut String, word: &str, x: f64, y: f64) {
    let _ = writeln!(
        svg,
        "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"62\" height=\"24\" rx=\"12\" fill=\"{FLOW}\"/>\n\
         <text class=\"word\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"12\" text-anchor=\"middle\" \
         fill=\"#ffffff\">{word}</text>",
        y + WAIST - 12.0,
        x + 31.0,
        y + WAIST + 4.0
    );
}

/// The path of one step from card to card, and the place of its label.
fn step(from: Rect, to: Rect) -> (String, Point) {
    let middle = from.x + from.width / 2.0;
    if (from.x - to.x).abs() < 1.0 {
        let (start, end) =
            if from.y < to.y { (from.y + from.height, to.y - 1.0) } else { (from.y, to.y + to.height + 1.0) };
        return (format!("M{middle:.1} {start:.1}V{end:.1}"), (middle + 40.0, (start + end) / 2.0 + 4.0));
    }
    let (start, end) = ((from.x + from.width, from.y + WAIST), (to.x - 1.0, to.y + WAIST));
    let half = (start.0 + end.0) / 2.0;
    let path = format!(
        "M{:.1} {:.1}C{half:.1} {:.1} {half:.1} {:.1} {:.1} {:.1}",
        start.0, start.1, start.1, end.1, end.0, end.1
    );
    (path, (half - 2.0, (start.1 + end.1) / 2.0 - 5.0))
}

/// A card with the rows of its resources.
fn card(svg: &mut String, card: &Card<'_>, rect: &Rect) {
    let Rect { x, y, width, height } = *rect;
    let border = card.fate().map_or(FRAME, |fate| fate.paint().border);
    let _ = writeln!(
        svg,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"6\" fill=\"#ffffff\" \
         stroke=\"{border}\"/>"
    );
    let mut top = y + PADDING;
    for row in &card.rows {
        let height = grid::row_height(row);
        self::row(svg, row, &Rect { x, y: top, width, height }, card.fate().is_some());
        top += height;
    }
}

fn row(svg: &mut String, row: &Row<'_>, rect: &Rect, signs: bool) {
    let Rect { x, y, width, height } = *rect;
    let _ = writeln!(svg, "<g><title>{} {}</title>", html(&row.address), html(&row.kind));
    let indent = if signs { 22.0 } else { 10.0 };
    if let Some(paint) = row.fate.map(super::NodeFate::paint) {
        let _ = writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\" fill=\"{}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"13\" font-weight=\"700\" fill=\"{}\">{}</text>",
            x + 1.0,
            width - 2.0,
            paint.fill,
            x + 8.0,
            y + if row.part { 12.5 } else { 15.0 },
            paint.border,
            paint.sign
        );
    }
    let (name, kind) = (html(&row.name), html(&row.kind));
    let _ = if row.part {
        writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{baseline:.1}\" font-size=\"11\" fill=\"{INK}\">{name}</text>\
             <text class=\"kind\" x=\"{:.1}\" y=\"{baseline:.1}\" font-size=\"10\" text-anchor=\"end\" \
             fill=\"{FAINT}\">{kind}</text></g>",
            x + indent + 6.0,
            x + width - 10.0,
            baseline = y + 12.5
        )
    } else {
        writeln!(
            svg,
            "<text x=\"{left:.1}\" y=\"{:.1}\" font-size=\"12.5\" font-weight=\"700\" fill=\"{INK}\">{name}</text>\
             <text class=\"kind\" x=\"{left:.1}\" y=\"{:.1}\" font-size=\"10\" fill=\"{FAINT}\">{kind}</text></g>",
            y + 15.0,
            y + 29.0,
            left = x + indent
        )
    };
}

/// The legend and its width.
fn legend(cards: &Cards<'_>, y: f64) -> (String, f64) {
    let (mut svg, mut x) = (String::new(), 4.0);
    let text = |svg: &mut String, x: f64, words: &str| {
        let _ = writeln!(
            svg,
            "<text class=\"word\" x=\"{x:.1}\" y=\"{:.1}\" font-size=\"12\" fill=\"{INK}\">{words}</text>",
            y + 4.0
        );
        words.width() as f64 * 5.8 + 28.0
    };
    if !cards.hops.is_empty() {
        thick(&mut svg, &format!("M{x:.1} {y:.1}h34"));
        x += 42.0 + text(&mut svg, x + 42.0, FLOW_MEANS);
    }
    if !cards.needs.is_empty() {
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {y:.1}h34\" stroke=\"{LINE}\" stroke-width=\"1.3\" marker-end=\"url(#need)\"/>"
        );
        x += 42.0 + text(&mut svg, x + 42.0, NEEDS_MEANS);
    }
    for fate in cards.fates() {
        let paint = fate.paint();
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"22\" height=\"18\" rx=\"4\" fill=\"{fill}\" stroke=\"{border}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"13\" font-weight=\"700\" text-anchor=\"middle\" \
             fill=\"{border}\">{sign}</text>",
            y - 9.0,
            x + 11.0,
            y + 4.5,
            fill = paint.fill,
            border = paint.border,
            sign = paint.sign
        );
        x += 30.0 + text(&mut svg, x + 30.0, paint.word);
    }
    (svg, x)
}
