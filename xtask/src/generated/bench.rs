//! Tables of what `cargo xtask bench` has measured and published.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::bench_day;
use super::recorded::not_recorded;
use crate::course::Course;
use crate::markdown::{Document, Language};

const SERVERS: &str = "xtask/bench/results/servers.json";
const LOGGERS: &str = "xtask/bench/results/log.json";

/// What stands where a server took no part.
pub(super) const NOTHING: &str = "–";

/// The second copy of the floor proves the method, and says nothing of a server.
const CONTROL: &str = "floor again";

/// Servers, and what an echo costs each of them in every scenario; or a day's server
/// beside the samples.
pub(super) fn servers(course: &Course, document: &Document, words: &[&str]) -> Result<String> {
    if !words.is_empty() {
        return bench_day::table(course, document, words);
    }
    let language = document.language();
    let Some(report) = server_report(course)? else {
        return Ok(not_measured(language));
    };
    let scenarios = list(&report, "scenarios")?;
    let mut columns = Vec::new();
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    for scenario in scenarios {
        columns.push(text(scenario, "title")?);
        for server in list(scenario, "servers")? {
            let name = text(server, "server")?;
            if name == CONTROL {
                continue;
            }
            let row = match rows.iter().position(|(known, _)| *known == name) {
                Some(row) => row,
                None => {
                    rows.push((name, Vec::new()));
                    rows.len() - 1
                }
            };
            // Not every server takes part in every scenario.
            let cells = &mut rows[row].1;
            cells.resize(columns.len() - 1, NOTHING.to_owned());
            cells.push(format!("{:.2}", median(server, "cpu_ratio")?));
        }
    }
    let first = match language {
        Language::English => "Server",
        Language::Chinese => "服务器",
    };
    let mut table = format!("| {first} | {} |\n|---|", columns.join(" | "));
    table += &"--:|".repeat(columns.len());
    table.push('\n');
    for (name, mut cells) in rows {
        cells.resize(columns.len(), NOTHING.to_owned());
        table += &format!("| {name} | {} |\n", cells.join(" | "));
    }
    Ok(table + &about_ratios(&report, language)?)
}

/// What the ratios of the servers are.
fn ratio_caption(language: Language) -> &'static str {
    match language {
        Language::English => {
            "CPU time for an echo, all threads of the server together, as a ratio to a bare epoll loop in the same run"
        }
        Language::Chinese => {
            "每次回显的 CPU 时间（服务器所有线程之和），与同一轮里裸 epoll 循环之比"
        }
    }
}

/// How many system calls every server makes for an echo, and how many instructions it
/// carries out beside them.
pub(super) fn calls(course: &Course, document: &Document) -> Result<String> {
    let language = document.language();
    let Some(report) = server_report(course)? else {
        return Ok(not_measured(language));
    };
    let head = match language {
        Language::English => "| Server | System calls | Instructions, without the kernel's |",
        Language::Chinese => "| 服务器 | 系统调用 | 指令数，不算内核 |",
    };
    let mut table = format!("{head}\n|---|--:|--:|\n");
    for server in list(&report, "calls")? {
        let name = text(server, "server")?;
        if name == CONTROL {
            continue;
        }
        let instructions = match find(&report, "instructions", &name)? {
            Some(counted) => format!("{:.0}", number(counted, "per_echo")?),
            None => NOTHING.to_owned(),
        };
        let calls = number(server, "per_echo")?;
        table += &format!("| {name} | {calls} | {instructions} |\n");
    }
    let caption = match language {
        Language::English => {
            "For one echo, counted by strace and by valgrind (which is not asked of Python)"
        }
        Language::Chinese => "每次回显，由 strace 和 valgrind 计数（后者不测 Python）",
    };
    Ok(table + &about(caption, &report, language)?)
}

/// Loggers, and how long they keep their callers.
pub(super) fn loggers(course: &Course, document: &Document, words: &[&str]) -> Result<String> {
    ensure!(words.is_empty(), "'bench-log' takes no words");
    let language = document.language();
    let Some(report) = read(course, LOGGERS)? else {
        return Ok(not_recorded(language, "cargo xtask bench --log"));
    };
    let head = match language {
        Language::English => {
            "| Logger | Threads | p50, ns | p99, ns | Total, s | Lost | Memory, MiB |"
        }
        Language::Chinese => "| 日志库 | 线程 | p50，ns | p99，ns | 总计，s | 丢失 | 内存，MiB |",
    };
    let mut table = format!("{head}\n|---|--:|--:|--:|--:|--:|--:|\n");
    for logger in list(&report, "loggers")? {
        table += &format!(
            "| {} | {} | {:.0} | {:.0} | {:.2} | {} | {:.0} |\n",
            text(logger, "logger")?,
            number(logger, "threads")?,
            median(logger, "p50_ns")?,
            median(logger, "p99_ns")?,
            median(logger, "seconds")?,
            number(logger, "lost")?,
            number(logger, "peak_mib")?,
        );
    }
    let lines = number(&report, "lines")?;
    let caption = match language {
        Language::English => format!("{lines} lines of about 100 bytes"),
        Language::Chinese => format!("{lines} 行，每行约 100 字节"),
    };
    Ok(table + &about(&caption, &report, language)?)
}

/// Under a table of ratios: what they are, how far they can be trusted, and where and
/// when they were measured.
pub(super) fn about_ratios(report: &Value, language: Language) -> Result<String> {
    let noise = 100.0 * noise(report)?;
    let noise = match language {
        Language::English => format!(
            "Two copies of one program came out up to {noise:.1} % apart: smaller differences mean nothing.\n"
        ),
        Language::Chinese => {
            format!("同一个程序的两份拷贝最多测出 {noise:.1}% 的差别：比这更小的差别没有意义。\n")
        }
    };
    Ok(about(ratio_caption(language), report, language)? + &noise)
}

/// By how much the floor's second copy seemed to differ from the first, at most.
fn noise(report: &Value) -> Result<f64> {
    let mut noise = 0.0;
    for scenario in list(report, "scenarios")? {
        for server in list(scenario, "servers")? {
            if text(server, "server")? == CONTROL {
                noise = f64::max(noise, (median(server, "cpu_ratio")? - 1.0).abs());
            }
        }
    }
    Ok(noise)
}

/// Under a table: what it shows, and where and when that was measured.
fn about(caption: &str, report: &Value, language: Language) -> Result<String> {
    let machine = report.get("machine").context("no machine is named")?;
    let (cpu, cpus) = (text(machine, "cpu")?, number(machine, "cpus")?);
    let (kernel, date) = (text(machine, "kernel")?, text(machine, "date")?);
    Ok(match language {
        Language::English => {
            format!("\n{caption}. Measured on {date}: {cpu}, {cpus} cores, Linux {kernel}.\n")
        }
        Language::Chinese => {
            format!("\n{caption}。测于 {date}：{cpu}，{cpus} 核，Linux {kernel}。\n")
        }
    })
}

/// What stands where the servers' figures will be.
pub(super) fn not_measured(language: Language) -> String {
    not_recorded(language, "cargo xtask bench")
}

pub(super) fn server_report(course: &Course) -> Result<Option<Value>> {
    read(course, SERVERS)
}

fn read(course: &Course, path: &str) -> Result<Option<Value>> {
    let Some(text) = course.text(path)? else {
        return Ok(None);
    };
    let report =
        serde_json::from_str(&text).with_context(|| format!("{path} is not what bench wrote"))?;
    Ok(Some(report))
}

pub(super) fn list<'v>(value: &'v Value, name: &str) -> Result<&'v Vec<Value>> {
    let list = value.get(name).and_then(Value::as_array);
    list.with_context(|| format!("the figures have no list '{name}'"))
}

/// The result of a server in a list, which may not be there.
pub(super) fn find<'v>(report: &'v Value, name: &str, server: &str) -> Result<Option<&'v Value>> {
    let Some(results) = report.get(name).and_then(Value::as_array) else {
        return Ok(None);
    };
    for result in results {
        if text(result, "server")? == server {
            return Ok(Some(result));
        }
    }
    Ok(None)
}

pub(super) fn text(value: &Value, name: &str) -> Result<String> {
    match value.get(name) {
        Some(Value::String(text)) => Ok(text.replace('|', "\\|")),
        _ => bail!("the figures have no text '{name}'"),
    }
}

pub(super) fn number(value: &Value, name: &str) -> Result<f64> {
    let number = value.get(name).and_then(Value::as_f64);
    number.with_context(|| format!("the figures have no number '{name}'"))
}

pub(super) fn median(value: &Value, name: &str) -> Result<f64> {
    number(value.get(name).unwrap_or(&Value::Null), "median")
        .with_context(|| format!("'{name}' is no estimate"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::fixture;

    const DAY: (&str, &str) = ("day01-one/Cargo.toml", "[package]\nname = \"day01-one\"\n");

    const REPORT: &str = r#"{
        "machine": {"date": "2026-11-23", "cpu": "a cpu", "cpus": 2, "kernel": "6.18"},
        "scenarios": [
            {"key": "a", "title": "one", "servers": [
                {"server": "floor", "cpu_ratio": {"median": 1.0}},
                {"server": "day 5", "cpu_ratio": {"median": 1.024}},
                {"server": "floor again", "cpu_ratio": {"median": 0.9}}]},
            {"key": "b", "title": "two", "servers": [
                {"server": "floor", "cpu_ratio": {"median": 1.0}},
                {"server": "mio", "cpu_ratio": {"median": 0.806}}]}
        ]
    }"#;

    #[test]
    fn every_server_has_a_row_and_every_scenario_a_column() {
        let (_dir, course) = fixture(&[DAY, (SERVERS, REPORT)]);
        let document = Document::new("README.md", String::new());
        let table = servers(&course, &document, &[]).unwrap();
        let lines: Vec<_> = table.lines().take(5).collect();
        assert_eq!(
            lines,
            [
                "| Server | one | two |",
                "|---|--:|--:|",
                "| floor | 1.00 | 1.00 |",
                "| day 5 | 1.02 | – |",
                "| mio | – | 0.81 |",
            ]
        );
        assert!(table.contains("2026-11-23: a cpu, 2 cores, Linux 6.18."));
        assert!(
            table.contains("up to 10.0 % apart"),
            "a run says how noisy it was"
        );
    }

    #[test]
    fn without_figures_the_table_says_how_to_get_them() {
        let (_dir, course) = fixture(&[DAY]);
        let document = Document::new("README.zh-CN.md", String::new());
        assert!(
            loggers(&course, &document, &[])
                .unwrap()
                .contains("cargo xtask bench --log")
        );
    }

    #[test]
    fn figures_of_another_form_are_named() {
        let (_dir, course) = fixture(&[DAY, (LOGGERS, r#"{"loggers": [{"logger": "x"}]}"#)]);
        let document = Document::new("README.md", String::new());
        let error = loggers(&course, &document, &[]).unwrap_err();
        assert!(error.to_string().contains("'threads'"), "{error}");
    }
}
