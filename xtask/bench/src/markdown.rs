//! The tables of the texts, in both languages: `cargo xtask dev sync` copies them there.

use programs::Machine;

use crate::publish::File;
use crate::results::{CrowdResult, FLOOR_AGAIN, LogReport, ScenarioResult, ServerReport};

#[derive(Clone, Copy)]
enum Language {
    English,
    Chinese,
}

impl Language {
    /// Chooses between two texts that say the same.
    fn of<T>(self, english: T, chinese: T) -> T {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    /// A table as a file in this language.
    fn file(self, name: &str, table: String) -> File {
        (format!("{name}.{}", self.of("md", "zh-CN.md")), table)
    }
}

pub(crate) fn servers(report: &ServerReport, days: &[usize]) -> Vec<File> {
    let mut files = Vec::new();
    for language in [Language::English, Language::Chinese] {
        files.push(language.file("bench", all(report, language)));
        files.push(language.file("syscalls", calls(report, language)));
        for number in days {
            files.push(language.file(&format!("bench-{number}"), day(report, *number, language)));
        }
    }
    files
}

pub(crate) fn loggers(report: &LogReport) -> Vec<File> {
    let languages = [Language::English, Language::Chinese].into_iter();
    languages
        .map(|language| language.file("bench-log", log(report, language)))
        .collect()
}

/// The cell of a server that took no part.
const NOTHING: &str = "–";

/// Servers, and what an echo costs each of them in every scenario.
fn all(report: &ServerReport, language: Language) -> String {
    let mut names: Vec<&str> = Vec::new();
    for server in report
        .scenarios
        .iter()
        .flat_map(|scenario| &scenario.servers)
    {
        if server.server != FLOOR_AGAIN && !names.contains(&&*server.server) {
            names.push(&server.server);
        }
    }
    let titles = report
        .scenarios
        .iter()
        .map(|scenario| scenario.title.clone());
    let mut table = head(language.of("Server", "服务器"), titles);
    for name in names {
        table += &row(
            name,
            report
                .scenarios
                .iter()
                .map(|scenario| ratio(scenario, name)),
        );
    }
    table + &about_ratios(report, language)
}

/// A day's server beside the samples and the day before, and the plot of that.
fn day(report: &ServerReport, number: usize, language: Language) -> String {
    let mut servers = vec!["Python threads".to_owned(), "Python epoll".to_owned()];
    let days = (1..=number).skip(number.saturating_sub(2));
    servers.extend(days.map(|day| format!("day {day}")));
    let alt = language.of(
        format!("What an echo costs on day {number}, scenario by scenario"),
        format!("第 {number} 天一次回显的开销，逐个场景"),
    );
    let plot = format!("/xtask/bench/results/day{number}.svg");
    let mut table = format!("![{alt}]({plot})\n\n{}", head("", servers.iter().cloned()));
    let mut add = |title: &str, cell: &dyn Fn(&str) -> Option<String>| {
        table += &row(title, servers.iter().map(|server| cell(server)));
    };
    for scenario in &report.scenarios {
        add(&scenario.title, &|server| ratio(scenario, server));
    }
    let title = language.of("system calls for an echo", "每次回显的系统调用");
    add(title, &|server| {
        report.calls_of(server).map(|calls| calls.to_string())
    });
    if !report.instructions.is_empty() {
        let title = language.of(
            "instructions for an echo, without the kernel's",
            "每次回显的指令数，不算内核",
        );
        add(title, &|server| {
            Some(format!("{:.0}", report.instructions_of(server)?))
        });
    }
    let title = language.of(
        "memory of an idle connection, bytes",
        "空闲连接占用的内存，字节",
    );
    add(title, &|server| {
        let idle = report.idle.iter().find(|idle| idle.server == server)?;
        Some(format!("{:.0}", idle.echoed_bytes))
    });
    if let Some(CrowdResult { clients, .. }) = report.crowd.first() {
        let title = language.of(
            format!("{clients} clients at once"),
            format!("{clients} 个客户端同时到来"),
        );
        add(&title, &|server| {
            let crowd = report.crowd.iter().find(|crowd| crowd.server == server)?;
            Some(accepted(crowd, language))
        });
    }
    table + &about_ratios(report, language)
}

/// How many system calls every server makes for an echo, and how many instructions it
/// executes beside them.
fn calls(report: &ServerReport, language: Language) -> String {
    let columns = language.of(
        ["System calls", "Instructions, without the kernel's"],
        ["系统调用", "指令数，不算内核"],
    );
    let mut table = head(language.of("Server", "服务器"), columns.map(str::to_owned));
    for server in report
        .calls
        .iter()
        .filter(|server| server.server != FLOOR_AGAIN)
    {
        let instructions = report.instructions_of(&server.server);
        let instructions = instructions.map(|count| format!("{count:.0}"));
        table += &row(
            &server.server,
            [Some(server.per_echo.to_string()), instructions],
        );
    }
    let caption = language.of(
        "For one echo, counted by strace and by valgrind (which does not count Python's)",
        "每次回显，由 strace 和 valgrind 计数（后者不测 Python）",
    );
    table + &about(caption, &report.machine, language)
}

/// Loggers, and how long a call to each takes.
fn log(report: &LogReport, language: Language) -> String {
    let columns = language.of(
        [
            "Threads",
            "p50, ns",
            "p99, ns",
            "Total, s",
            "Lost",
            "Memory, MiB",
        ],
        ["线程", "p50，ns", "p99，ns", "总计，s", "丢失", "内存，MiB"],
    );
    let mut table = head(language.of("Logger", "日志库"), columns.map(str::to_owned));
    for logger in &report.loggers {
        let cells = [
            logger.threads.to_string(),
            format!("{:.0}", logger.p50_ns.median),
            format!("{:.0}", logger.p99_ns.median),
            format!("{:.2}", logger.seconds.median),
            logger.lost.to_string(),
            format!("{:.0}", logger.peak_mib),
        ];
        table += &row(&logger.logger, cells.map(Some));
    }
    let lines = report.lines;
    let caption = language.of(
        format!("{lines} lines of about 100 bytes"),
        format!("{lines} 行，每行约 100 字节"),
    );
    table + &about(&caption, &report.machine, language)
}

impl ServerReport {
    fn calls_of(&self, server: &str) -> Option<f64> {
        let found = self.calls.iter().find(|result| result.server == server);
        found.map(|result| result.per_echo)
    }

    fn instructions_of(&self, server: &str) -> Option<f64> {
        let found = self
            .instructions
            .iter()
            .find(|result| result.server == server);
        found.map(|result| result.per_echo)
    }
}

fn head(first: &str, columns: impl IntoIterator<Item = String>) -> String {
    let columns: Vec<_> = columns.into_iter().collect();
    let first = format!("| {first}").trim_end().to_owned();
    format!(
        "{first} | {} |\n|---|{}\n",
        columns.join(" | "),
        "--:|".repeat(columns.len())
    )
}

fn row(first: &str, cells: impl IntoIterator<Item = Option<String>>) -> String {
    let cells = cells
        .into_iter()
        .map(|cell| cell.unwrap_or(NOTHING.to_owned()));
    format!("| {first} | {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

fn ratio(scenario: &ScenarioResult, server: &str) -> Option<String> {
    let result = scenario
        .servers
        .iter()
        .find(|result| result.server == server)?;
    Some(format!("{:.2}", result.cpu_ratio.median))
}

/// How long all clients waited, or how many were served at all.
fn accepted(crowd: &CrowdResult, language: Language) -> String {
    let CrowdResult {
        accepted, seconds, ..
    } = crowd;
    if *accepted >= crowd.clients {
        return format!("{seconds:.2} s");
    }
    language.of(
        format!("{accepted} served in {seconds:.0} s"),
        format!("{seconds:.0} s 内服务 {accepted} 个"),
    )
}

/// Under a table of ratios: what they are, how far they can be trusted, and where and when
/// they were measured.
fn about_ratios(report: &ServerReport, language: Language) -> String {
    let all = report
        .scenarios
        .iter()
        .flat_map(|scenario| &scenario.servers);
    let again = all.filter(|server| server.server == FLOOR_AGAIN);
    let differences = again.map(|server| 100.0 * (server.cpu_ratio.median - 1.0).abs());
    let noise = differences.fold(0.0, f64::max);
    let caption = language.of(
        "CPU time for an echo, all threads of the server together, as a ratio to a bare epoll loop in the same run",
        "每次回显的 CPU 时间（服务器所有线程之和），与同一轮里裸 epoll 循环之比",
    );
    let noise = language.of(
        format!("Two copies of one program came out up to {noise:.1} % apart: smaller differences mean nothing.\n"),
        format!("同一个程序的两份拷贝最多测出 {noise:.1}% 的差别：比这更小的差别没有意义。\n"),
    );
    about(caption, &report.machine, language) + &noise
}

/// Under a table: what it shows, and where and when that was measured.
fn about(caption: &str, machine: &Machine, language: Language) -> String {
    let Machine {
        date,
        cpu,
        cpus,
        kernel,
        ..
    } = machine;
    language.of(
        format!("\n{caption}. Measured on {date}: {cpu}, {cpus} cores, Linux {kernel}.\n"),
        format!("\n{caption}。测于 {date}：{cpu}，{cpus} 核，Linux {kernel}。\n"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// A report in which some servers took no part in some scenarios.
    const REPORT: &str = r#"{
        "machine": {"date": "2026-11-23", "cpu": "a cpu", "cpus": 2, "memory_gib": 1,
                    "kernel": "6.18", "rustc": "", "python": ""},
        "noisy": false,
        "scenarios": [
            {"key": "a", "title": "one", "rounds": 1, "servers": [
                {"server": "floor", R},
                {"server": "day 1", R},
                {"server": "floor again", R}]},
            {"key": "b", "title": "two", "rounds": 1, "servers": [
                {"server": "floor", R},
                {"server": "day 2", R}]}],
        "calls": [{"server": "day 2", "per_echo": 3.0}],
        "instructions": [{"server": "day 2", "per_echo": 583.4}],
        "idle": [{"server": "day 2", "fresh_bytes": 0, "echoed_bytes": 186.4}],
        "crowd": [
            {"server": "Python threads", "clients": 80, "accepted": 6, "seconds": 10.1},
            {"server": "day 2", "clients": 80, "accepted": 80, "seconds": 0.096}]
    }"#;

    fn table(name: &str) -> String {
        let report = serde_json::from_str(&report()).unwrap();
        let files = servers(&report, &[1, 2]);
        let found = files.into_iter().find(|(known, _)| known == name);
        found.unwrap().1
    }

    fn report() -> String {
        let estimate = |median| format!(r#"{{"median": {median}, "low": 0, "high": 2}}"#);
        let mut ratios = ["1.0", "3.0", "0.9", "1.0", "1.024"]
            .into_iter()
            .map(estimate);
        let mut parts = REPORT.split(", R}").map(str::to_owned);
        let first = parts.next().unwrap();
        parts.fold(first, |text, part| {
            let (any, ratio) = (estimate("1.0"), ratios.next().unwrap());
            let latency = r#""latency": {"p50_ns": 1, "p99_ns": 1, "p999_ns": 1}"#;
            let costs = format!(r#""cpu_ns": {any}, "cpu_ratio": {ratio}"#);
            let rates = format!(r#""per_second": {any}, "per_second_ratio": {any}"#);
            format!("{text}, {costs}, {rates}, {latency}}}{part}")
        })
    }

    #[test]
    fn every_server_has_a_row_and_every_scenario_a_column() {
        let table = table("bench.md");
        let lines: Vec<_> = table.lines().take(5).collect();
        assert_eq!(
            lines,
            [
                "| Server | one | two |",
                "|---|--:|--:|",
                "| floor | 1.00 | 1.00 |",
                "| day 1 | 3.00 | – |",
                "| day 2 | – | 1.02 |",
            ]
        );
        assert!(table.contains("2026-11-23: a cpu, 2 cores, Linux 6.18."));
        assert!(
            table.contains("up to 10.0 % apart"),
            "a run says how noisy it was"
        );
    }

    #[test]
    fn a_day_has_a_column_beside_the_samples_and_the_day_before() {
        let (calls, table) = (table("syscalls.md"), table("bench-2.md"));
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[0].ends_with("(/xtask/bench/results/day2.svg)"));
        assert_eq!(
            lines[2..10],
            [
                "| | Python threads | Python epoll | day 1 | day 2 |",
                "|---|--:|--:|--:|--:|",
                "| one | – | – | 3.00 | – |",
                "| two | – | – | – | 1.02 |",
                "| system calls for an echo | – | – | – | 3 |",
                "| instructions for an echo, without the kernel's | – | – | – | 583 |",
                "| memory of an idle connection, bytes | – | – | – | 186 |",
                "| 80 clients at once | 6 served in 10 s | – | – | 0.10 s |",
            ]
        );
        assert!(calls.contains("\n| day 2 | 3 | 583 |\n"), "{calls}");
    }

    #[test]
    fn the_published_tables_show_the_published_figures() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
        for (name, table) in crate::publish::tables(&dir).unwrap() {
            let published = std::fs::read_to_string(dir.join(&name)).unwrap_or_default();
            assert!(published == table, "{name}: cargo xtask bench --draw");
        }
    }
}
