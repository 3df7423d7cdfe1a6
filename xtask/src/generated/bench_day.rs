//! What one day costs: its plot, and a table beside the samples and the day before.

use anyhow::Result;
use serde_json::Value;

use super::bench::{
    NOTHING, about_ratios, find, list, median, not_measured, number, server_report, text,
};
use super::changes::day;
use crate::course::Course;
use crate::markdown::{Document, Language};

pub(super) fn table(course: &Course, document: &Document, words: &[&str]) -> Result<String> {
    let day = day(course, words)?;
    let language = document.language();
    let Some(report) = server_report(course)? else {
        return Ok(not_measured(language));
    };
    let mut servers = vec!["Python threads".to_owned(), "Python epoll".to_owned()];
    servers.extend(
        course
            .before(day)
            .map(|before| format!("day {}", before.number)),
    );
    servers.push(format!("day {}", day.number));
    let (alt, calls, instructions, memory) = match language {
        Language::English => (
            format!(
                "What an echo costs on day {}, scenario by scenario",
                day.number
            ),
            "system calls for an echo",
            "instructions for an echo, without the kernel's",
            "memory of an idle connection, bytes",
        ),
        Language::Chinese => (
            format!("第 {} 天一次回显的开销，逐个场景", day.number),
            "每次回显的系统调用",
            "每次回显的指令数，不算内核",
            "空闲连接占用的内存，字节",
        ),
    };
    let plot = format!(
        "{}xtask/bench/results/day{}.svg",
        document.to_root(),
        day.number
    );
    let mut table = format!(
        "![{alt}]({plot})\n\n| | {} |\n|---|{}\n",
        servers.join(" | "),
        "--:|".repeat(servers.len())
    );
    let mut row = |title: &str, results: &Value, name: &str, cell: Cell| -> Result<()> {
        let cells: Result<Vec<_>> = servers
            .iter()
            .map(|server| match find(results, name, server)? {
                Some(result) => cell(result, language),
                None => Ok(NOTHING.to_owned()),
            })
            .collect();
        table += &format!("| {title} | {} |\n", cells?.join(" | "));
        Ok(())
    };
    for scenario in list(&report, "scenarios")? {
        row(&text(scenario, "title")?, scenario, "servers", ratio)?;
    }
    row(calls, &report, "calls", |result, _| {
        Ok(number(result, "per_echo")?.to_string())
    })?;
    if report.get("instructions").is_some() {
        row(instructions, &report, "instructions", |result, _| {
            Ok(format!("{:.0}", number(result, "per_echo")?))
        })?;
    }
    row(memory, &report, "idle", |result, _| {
        Ok(format!("{:.0}", number(result, "echoed_bytes")?))
    })?;
    if let Some(crowd) = list(&report, "crowd")?.first() {
        let clients = number(crowd, "clients")?;
        let title = match language {
            Language::English => format!("{clients} clients at once"),
            Language::Chinese => format!("{clients} 个客户端同时到来"),
        };
        row(&title, &report, "crowd", crowd_cell)?;
    }
    Ok(table + &about_ratios(&report, language)?)
}

/// Makes a cell of a server's result.
type Cell = fn(&Value, Language) -> Result<String>;

fn ratio(result: &Value, _: Language) -> Result<String> {
    Ok(format!("{:.2}", median(result, "cpu_ratio")?))
}

/// How long all of them waited, or how many were served at all.
fn crowd_cell(result: &Value, language: Language) -> Result<String> {
    let (clients, accepted) = (number(result, "clients")?, number(result, "accepted")?);
    let seconds = number(result, "seconds")?;
    Ok(match language {
        _ if accepted >= clients => format!("{seconds:.2} s"),
        Language::English => format!("{accepted} served in {seconds:.0} s"),
        Language::Chinese => format!("{seconds:.0} s 内服务 {accepted} 个"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::fixture;

    const REPORT: &str = r#"{
        "machine": {"date": "2026-11-23", "cpu": "a cpu", "cpus": 2, "kernel": "6.18"},
        "scenarios": [{"title": "one", "servers": [
            {"server": "day 1", "cpu_ratio": {"median": 3.0}},
            {"server": "day 2", "cpu_ratio": {"median": 1.024}}]}],
        "calls": [{"server": "day 2", "per_echo": 3.0}],
        "instructions": [{"server": "day 2", "per_echo": 583.4}],
        "idle": [{"server": "day 2", "echoed_bytes": 186.4}],
        "crowd": [
            {"server": "Python threads", "clients": 80, "accepted": 6, "seconds": 10.1},
            {"server": "day 2", "clients": 80, "accepted": 80, "seconds": 0.096}]
    }"#;

    #[test]
    fn a_day_stands_beside_the_samples_and_the_day_before() {
        let (_dir, course) = fixture(&[
            ("day01-one/Cargo.toml", ""),
            ("day02-two/Cargo.toml", ""),
            ("xtask/bench/results/servers.json", REPORT),
        ]);
        let document = Document::new("day02-two/README.md", String::new());
        let table = table(&course, &document, &["2"]).unwrap();
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[0].ends_with("(../xtask/bench/results/day2.svg)"));
        assert_eq!(
            lines[2..9],
            [
                "| | Python threads | Python epoll | day 1 | day 2 |",
                "|---|--:|--:|--:|--:|",
                "| one | – | – | 3.00 | 1.02 |",
                "| system calls for an echo | – | – | – | 3 |",
                "| instructions for an echo, without the kernel's | – | – | – | 583 |",
                "| memory of an idle connection, bytes | – | – | – | 186 |",
                "| 80 clients at once | 6 served in 10 s | – | – | 0.10 s |",
            ]
        );
    }
}
