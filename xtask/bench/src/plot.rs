//! Bars as SVG, for readers in the light and in the dark.

use svg::Document;
use svg::node::element::{Group, Line, Rectangle, Style, Text, Title};

use crate::fleet::FLOOR;
use crate::results::{Estimate, FLOOR_AGAIN, IdleResult, LoggerResult, ScenarioResult};

/// A picture in a README has no style sheet but its own.
const CSS: &str = "
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.heading { font-weight: 600; font-size: 15px }
.section { font-weight: 600 }
.note { fill: #59636e }
.whisker { stroke: #1f2328; stroke-width: 1.5 }
.day { fill: #0969da } .sample { fill: #bc4c00 } .peer { fill: #8c959f } .floor { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .note { fill: #9198a1 }
  .whisker { stroke: #f0f6fc }
  .day { fill: #4493f8 } .sample { fill: #db6d28 } .peer { fill: #656c76 } .floor { fill: #3fb950 }
}";

const WIDTH: f64 = 720.0;
const LABELS: f64 = 150.0;
/// Room for the value behind the longest bar.
const VALUES: f64 = 130.0;
const TOP: f64 = 56.0;
const ROW: f64 = 26.0;
const BAR: f64 = 16.0;
const GAP: f64 = 8.0;

/// One bar.
#[derive(Clone, Debug)]
struct Bar {
    label: String,
    value: f64,
    interval: Option<(f64, f64)>,
    text: String,
}

/// Bars that belong together, below a line of their own if it has words.
#[derive(Clone, Debug)]
struct Section {
    heading: String,
    bars: Vec<Bar>,
}

impl Section {
    fn rows(&self) -> usize {
        self.bars.len() + usize::from(!self.heading.is_empty())
    }
}

/// The server's CPU time for an echo.
pub(crate) fn scenario(result: &ScenarioResult) -> String {
    let bars = result
        .servers
        .iter()
        .filter(|server| server.server != FLOOR_AGAIN)
        .map(|server| {
            let Estimate { median, low, high } = server.cpu_ns;
            Bar {
                label: server.server.clone(),
                value: median,
                interval: Some((low, high)),
                text: format!(
                    "{:.1} µs · × {:.2}",
                    median / 1000.0,
                    server.cpu_ratio.median
                ),
            }
        });
    let note = "CPU time of the server for an echo, and its ratio to the floor: less is better";
    chart(&result.title, note, &bars.collect::<Vec<_>>())
}

/// What a day's server costs beside the samples and the day before, in each scenario.
pub(crate) fn day(day: usize, results: &[ScenarioResult]) -> String {
    let names = [
        "Python threads".to_owned(),
        "Python epoll".to_owned(),
        format!("day {}", day.saturating_sub(1)),
        format!("day {day}"),
    ];
    let section = |result: &ScenarioResult| {
        let servers = result.servers.iter();
        let bars = servers
            .filter(|server| names.contains(&server.server))
            .map(|server| {
                let Estimate { median, low, high } = server.cpu_ratio;
                Bar {
                    label: server.server.clone(),
                    value: median,
                    interval: Some((low, high)),
                    text: format!("× {median:.2}"),
                }
            });
        Section {
            heading: result.title.clone(),
            bars: bars.collect(),
        }
    };
    let note =
        "CPU time of the server for an echo, as a ratio to a bare epoll loop: less is better";
    let sections: Vec<_> = results.iter().map(section).collect();
    sectioned_chart(&format!("day {day}"), note, &sections)
}

/// The memory of a connection that does nothing any more.
pub(crate) fn idle(results: &[IdleResult]) -> String {
    let bars = results
        .iter()
        .filter(|result| result.server != FLOOR_AGAIN)
        .map(|result| Bar {
            label: result.server.clone(),
            // Below zero is what the server gave back in the meantime.
            value: result.echoed_bytes.max(0.0),
            interval: None,
            text: format!("{:.0} B", result.echoed_bytes),
        });
    let note = "memory of the server for each, after its first echo: less is better";
    chart("an idle connection", note, &bars.collect::<Vec<_>>())
}

/// What a call costs its caller.
pub(crate) fn log_call(results: &[LoggerResult]) -> String {
    let note = "median time that one call takes its caller: less is better";
    log_chart("a call of the log", note, results, |result| {
        let ns = result.p50_ns.median;
        (result.p50_ns, format!("{ns:.0} ns"))
    })
}

/// What all lines together take.
pub(crate) fn log_total(results: &[LoggerResult]) -> String {
    let note = "until all lines are with the kernel: less is better";
    log_chart("a million lines", note, results, |result| {
        let seconds = result.seconds.median;
        (result.seconds, format!("{seconds:.2} s"))
    })
}

fn log_chart(
    heading: &str,
    note: &str,
    results: &[LoggerResult],
    value: fn(&LoggerResult) -> (Estimate, String),
) -> String {
    let bars = results.iter().map(|result| {
        let (Estimate { median, low, high }, text) = value(result);
        Bar {
            label: format!("{} × {}", result.logger, result.threads),
            value: median,
            interval: Some((low, high)),
            text,
        }
    });
    chart(heading, note, &bars.collect::<Vec<_>>())
}

fn chart(heading: &str, note: &str, bars: &[Bar]) -> String {
    let section = Section {
        heading: String::new(),
        bars: bars.to_vec(),
    };
    sectioned_chart(heading, note, &[section])
}

fn sectioned_chart(heading: &str, note: &str, sections: &[Section]) -> String {
    let largest = sections
        .iter()
        .flat_map(|section| &section.bars)
        .map(|bar| bar.interval.map_or(bar.value, |(_, high)| high))
        .fold(f64::MIN_POSITIVE, f64::max);
    let scale = (WIDTH - LABELS - VALUES) / largest;
    let rows: usize = sections.iter().map(Section::rows).sum();
    let height = TOP + ROW * rows as f64 + GAP;
    let mut document = Document::new()
        .set("viewBox", (0, 0, WIDTH, height))
        .set("role", "img")
        .add(Title::new(format!("{heading}: {note}")))
        .add(Style::new(CSS))
        .add(text(heading, 0.0, 18.0, "heading"))
        .add(text(note, 0.0, 38.0, "note"));
    let mut y = TOP;
    for section in sections {
        if !section.heading.is_empty() {
            document = document.add(text(&section.heading, 0.0, y + ROW - GAP, "section"));
            y += ROW;
        }
        for bar in &section.bars {
            document = document.add(row(bar, y, scale));
            y += ROW;
        }
    }
    format!("{document}\n")
}

fn row(bar: &Bar, y: f64, scale: f64) -> Group {
    let baseline = y + BAR - 3.0;
    let label = text(&bar.label, LABELS - GAP, baseline, "").set("text-anchor", "end");
    let rectangle = Rectangle::new()
        .set("class", class(&bar.label))
        .set("x", LABELS)
        .set("y", y)
        .set("width", round(bar.value * scale))
        .set("height", BAR)
        .set("rx", 2);
    let (low, high) = bar.interval.unwrap_or((bar.value, bar.value));
    let (low, high) = (round(LABELS + low * scale), round(LABELS + high * scale));
    let mut group = Group::new().add(label).add(rectangle);
    if bar.interval.is_some() {
        let whisker = Line::new()
            .set("class", "whisker")
            .set("x1", low)
            .set("x2", high)
            .set("y1", y + BAR / 2.0)
            .set("y2", y + BAR / 2.0);
        group = group.add(whisker);
    }
    group.add(text(&bar.text, high + GAP, baseline, ""))
}

fn text(content: &str, x: f64, y: f64, class: &str) -> Text {
    let text = Text::new(content).set("x", x).set("y", y);
    if class.is_empty() {
        text
    } else {
        text.set("class", class)
    }
}

/// Which colour a server has.
fn class(label: &str) -> &'static str {
    match label {
        FLOOR => "floor",
        _ if label.starts_with("day") || label.starts_with("Elog") => "day",
        _ if label.starts_with("Python") => "sample",
        _ => "peer",
    }
}

/// A tenth of a pixel is exact enough, and keeps the files small.
fn round(pixels: f64) -> f64 {
    (pixels * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_values() {
        let bar = |label: &str, value| Bar {
            label: label.to_owned(),
            value,
            interval: Some((value - 1.0, value + 1.0)),
            text: format!("<{value}>"),
        };
        let svg = chart("a & b", "note", &[bar("day 1", 9.0), bar("floor", 4.0)]);
        assert!(svg.contains("prefers-color-scheme: dark"));
        assert!(svg.contains("a &amp; b") && svg.contains("&lt;9&gt;"));
        // 440 pixels for the longest whisker's end, which is at 10.
        assert!(svg.contains("width=\"396\"") && svg.contains("width=\"176\""));
        assert!(svg.contains("class=\"day\"") && svg.contains("class=\"floor\""));
    }

    #[test]
    fn sections_stand_below_each_other() {
        let section = |heading: &str, values: &[f64]| Section {
            heading: heading.to_owned(),
            bars: values
                .iter()
                .map(|&value| Bar {
                    label: "day 2".to_owned(),
                    value,
                    interval: None,
                    text: String::new(),
                })
                .collect(),
        };
        let svg = sectioned_chart(
            "a",
            "b",
            &[section("one", &[1.0]), section("", &[2.0, 4.0])],
        );
        // One row for the heading and three for the bars.
        let height = TOP + 4.0 * ROW + GAP;
        assert!(
            svg.contains(&format!("viewBox=\"0 0 {WIDTH} {height}\"")),
            "{svg}"
        );
        assert!(svg.contains(&format!("y=\"{}\"", TOP + 3.0 * ROW)));
    }

    #[test]
    fn nothing_is_drawn_as_nothing() {
        assert!(chart("empty", "note", &[]).contains("viewBox"));
    }
}
