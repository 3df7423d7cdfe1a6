//! The figures for a terminal.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};

use crate::results::{Estimate, LogReport, ScenarioResult, ServerReport};

pub(crate) fn scenario(result: &ScenarioResult) -> String {
    let mut table = table(&[
        "CPU ns/echo",
        "ratio to floor",
        "echoes/s",
        "ratio",
        "p50 µs",
        "p99 µs",
        "p99.9 µs",
    ]);
    for server in &result.servers {
        let micros = |ns: u64| format!("{:.1}", ns as f64 / 1000.0);
        table.add_row([
            server.server.clone(),
            format!("{:.0}", server.cpu_ns.median),
            with_interval(server.cpu_ratio),
            format!("{:.0}", server.per_second.median),
            format!("{:.2}", server.per_second_ratio.median),
            micros(server.latency.p50_ns),
            micros(server.latency.p99_ns),
            micros(server.latency.p999_ns),
        ]);
    }
    let mut text = format!("{}, {} rounds\n{table}\n", result.title, result.rounds);
    if let Some(ratio) = result.noise() {
        let _ = writeln!(
            text,
            "noisy: the floor measured against itself gives {ratio:.3}"
        );
    }
    text
}

/// What is not measured in rounds.
pub(crate) fn others(report: &ServerReport) -> String {
    let mut text = String::new();
    if !report.idle.is_empty() {
        let mut table = table(&["fresh", "after an echo"]);
        for result in &report.idle {
            let (fresh, echoed) = (result.fresh_bytes, result.echoed_bytes);
            table.add_row([
                result.server.clone(),
                format!("{fresh:.0}"),
                format!("{echoed:.0}"),
            ]);
        }
        let _ = writeln!(text, "bytes for an idle connection\n{table}\n");
    }
    if !report.crowd.is_empty() {
        let mut table = table(&["accepted", "seconds"]);
        for result in &report.crowd {
            let accepted = format!("{} of {}", result.accepted, result.clients);
            table.add_row([
                result.server.clone(),
                accepted,
                format!("{:.2}", result.seconds),
            ]);
        }
        let _ = writeln!(text, "clients that come at once\n{table}\n");
    }
    if !report.calls.is_empty() {
        let mut table = table(&["calls"]);
        for result in &report.calls {
            table.add_row([result.server.clone(), format!("{:.2}", result.per_echo)]);
        }
        let _ = writeln!(text, "system calls for an echo\n{table}\n");
    }
    if !report.instructions.is_empty() {
        let mut table = table(&["instructions"]);
        for result in &report.instructions {
            table.add_row([result.server.clone(), format!("{:.0}", result.per_echo)]);
        }
        let _ = writeln!(
            text,
            "instructions for an echo, the kernel's not counted\n{table}\n"
        );
    }
    text
}

pub(crate) fn loggers(report: &LogReport) -> String {
    let mut table = table(&[
        "threads", "p50 ns", "p99 ns", "p99.9 ns", "seconds", "lines/s", "lost", "MiB",
    ]);
    for result in &report.loggers {
        let seconds = result.seconds;
        table.add_row([
            result.logger.clone(),
            result.threads.to_string(),
            format!("{:.0}", result.p50_ns.median),
            format!("{:.0}", result.p99_ns.median),
            format!("{:.0}", result.p999_ns.median),
            with_interval(seconds),
            format!("{:.0}", result.lines_per_second),
            result.lost.to_string(),
            format!("{:.0}", result.peak_mib),
        ]);
    }
    format!("{} lines of about 100 bytes\n{table}\n", report.lines)
}

fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header([""].iter().chain(columns));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn with_interval(estimate: Estimate) -> String {
    let Estimate { median, low, high } = estimate;
    format!("{median:.2} ({low:.2}–{high:.2})")
}
