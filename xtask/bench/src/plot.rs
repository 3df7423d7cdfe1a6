//! Bars as SVG.

use std::error::Error;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::fleet::FLOOR;
use crate::results::{Estimate, FLOOR_AGAIN, IdleResult, LoggerResult, ScenarioResult};

const FONT: &str = "sans-serif";

/// In pixels.
const WIDTH: u32 = 720;
const LABELS: u32 = 150;
const TOP: u32 = 60;
const ROW: u32 = 26;
const HEADING: u32 = 30;

/// How much wider the plot is than its longest bar: its value has to fit behind it.
const ROOM: f64 = 1.35;

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
    fn height(&self) -> u32 {
        let heading = if self.heading.is_empty() { 0 } else { HEADING };
        heading + ROW * self.bars.len() as u32
    }

    fn draw(&self, area: &DrawingArea<SVGBackend, Shift>, largest: f64) -> Drawn {
        let count = self.bars.len();
        if count == 0 {
            return Ok(());
        }
        // The first bar is to be at the top, where the axis ends.
        let bars = || self.bars.iter().rev().enumerate();
        let label = |at: &SegmentValue<usize>| match at {
            SegmentValue::CenterOf(at) => bars().nth(*at).map(|(_, bar)| bar.label.clone()),
            _ => None,
        };
        let mut chart = ChartBuilder::on(area);
        if !self.heading.is_empty() {
            chart.caption(&self.heading, (FONT, 14));
        }
        chart.y_label_area_size(LABELS);
        let axes = (0.0..largest * ROOM, (0..count - 1).into_segmented());
        let mut chart = chart.build_cartesian_2d(axes.0, axes.1)?;
        chart
            .configure_mesh()
            .disable_mesh()
            .disable_x_axis()
            .y_labels(count)
            .y_label_style((FONT, 13))
            .y_label_formatter(&|at| label(at).unwrap_or_default())
            .draw()?;
        for (at, bar) in bars() {
            let corners = [
                (0.0, SegmentValue::Exact(at)),
                (bar.value, SegmentValue::Exact(at + 1)),
            ];
            let mut bar_itself = Rectangle::new(corners, colour(&bar.label).filled());
            bar_itself.set_margin(4, 4, 0, 0);
            chart.draw_series([bar_itself])?;
            let middle = SegmentValue::CenterOf(at);
            let (low, high) = bar.interval.unwrap_or((bar.value, bar.value));
            let ends = vec![(low, middle.clone()), (high, middle.clone())];
            chart.draw_series([PathElement::new(ends, BLACK.stroke_width(2))])?;
            let text =
                EmptyElement::at((high, middle)) + Text::new(bar.text.clone(), (8, -6), (FONT, 13));
            chart.draw_series([text])?;
        }
        Ok(())
    }
}

type Drawn<T = ()> = Result<T, Box<dyn Error>>;

/// The server's CPU time for an echo.
pub(crate) fn scenario(result: &ScenarioResult) -> Result<String> {
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
pub(crate) fn day(day: usize, results: &[ScenarioResult]) -> Result<String> {
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
pub(crate) fn idle(results: &[IdleResult]) -> Result<String> {
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
pub(crate) fn log_call(results: &[LoggerResult]) -> Result<String> {
    let note = "median time that one call takes its caller: less is better";
    log_chart("a call of the log", note, results, |result| {
        let ns = result.p50_ns.median;
        (result.p50_ns, format!("{ns:.0} ns"))
    })
}

/// What all lines together take.
pub(crate) fn log_total(results: &[LoggerResult]) -> Result<String> {
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
) -> Result<String> {
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

fn chart(heading: &str, note: &str, bars: &[Bar]) -> Result<String> {
    let section = Section {
        heading: String::new(),
        bars: bars.to_vec(),
    };
    sectioned_chart(heading, note, &[section])
}

fn sectioned_chart(heading: &str, note: &str, sections: &[Section]) -> Result<String> {
    draw(heading, note, sections).map_err(|error| anyhow!("cannot draw {heading}: {error}"))
}

fn draw(heading: &str, note: &str, sections: &[Section]) -> Drawn<String> {
    let bars = sections.iter().flat_map(|section| &section.bars);
    let ends = bars.map(|bar| bar.interval.map_or(bar.value, |(_, high)| high));
    let largest = ends.fold(f64::MIN_POSITIVE, f64::max);
    let heights: Vec<_> = sections.iter().map(Section::height).collect();
    let mut svg = String::new();
    {
        let size = (WIDTH, TOP + heights.iter().sum::<u32>());
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE)?;
        root.draw(&Text::new(heading, (8, 8), (FONT, 16)))?;
        root.draw(&Text::new(note, (8, 32), (FONT, 13)))?;
        let mut rest = root.margin(TOP, 0, 0, 0);
        for (section, height) in sections.iter().zip(heights) {
            let (area, below) = rest.split_vertically(height);
            section.draw(&area, largest)?;
            rest = below;
        }
        root.present()?;
    }
    Ok(svg)
}

/// Which colour a server has.
fn colour(label: &str) -> RGBColor {
    match label {
        FLOOR => RGBColor(26, 127, 55),
        _ if label.starts_with("day") || label.starts_with("Elog") => RGBColor(9, 105, 218),
        _ if label.starts_with("Python") => RGBColor(188, 76, 0),
        _ => RGBColor(140, 149, 159),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, value: f64) -> Bar {
        Bar {
            label: label.to_owned(),
            value,
            interval: Some((value - 1.0, value + 1.0)),
            text: format!("<{value}>"),
        }
    }

    /// The widths of the bars of a colour.
    fn widths(svg: &str, colour: &str) -> Vec<f64> {
        let bars = svg.lines().filter(|line| line.contains(colour));
        let width = |line: &str| {
            line.split_once("width=\"")?
                .1
                .split('"')
                .next()?
                .parse()
                .ok()
        };
        bars.filter_map(width).collect()
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        let svg = chart("a & b", "note", &[bar("day 1", 9.0), bar("floor", 4.5)]).unwrap();
        assert!(svg.contains("a &amp; b") && svg.contains("&lt;9&gt;"));
        let (day, floor) = (widths(&svg, "#0969DA"), widths(&svg, "#1A7F37"));
        assert_eq!((day.len(), floor.len()), (1, 1), "{svg}");
        assert!((day[0] / floor[0] - 2.0).abs() < 0.02, "{svg}");
    }

    #[test]
    fn sections_are_below_each_other() {
        let section = |heading: &str, values: &[f64]| Section {
            heading: heading.to_owned(),
            bars: values.iter().map(|value| bar("day 2", *value)).collect(),
        };
        let sections = [section("one", &[1.0]), section("", &[2.0, 4.0])];
        let svg = sectioned_chart("a", "b", &sections).unwrap();
        let height = TOP + HEADING + 3 * ROW;
        assert!(
            svg.contains(&format!("viewBox=\"0 0 {WIDTH} {height}\"")),
            "{svg}"
        );
        assert_eq!(widths(&svg, "#0969DA").len(), 3);
    }

    #[test]
    fn nothing_is_drawn_as_nothing() {
        assert!(chart("empty", "note", &[]).unwrap().contains("viewBox"));
    }
}
