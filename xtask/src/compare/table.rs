//! The verdicts as a table, and as JSON.

use std::fmt::Write;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde_json::{Map, Value, json};

use super::Row;
use super::behaviour::{BEHAVIOURS, Behaviour, Finding, Verdict};
use crate::terminal::Paint;

const YES: &str = "✓";
const NO: &str = "✗";
const NOT_YET: &str = "·";

const TITLE_WIDTH: u16 = 24;

pub(crate) fn text(rows: &[Row], width: u16, paint: Paint) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    let names = rows.iter().map(|row| row.contestant.program.name());
    table.set_header([""].into_iter().chain(names));
    // The titles are worth more than the same tick on one line.
    let titles = ColumnConstraint::LowerBoundary(Width::Fixed(TITLE_WIDTH));
    table
        .column_mut(0)
        .map(|column| column.set_constraint(titles));
    for (index, behaviour) in BEHAVIOURS.iter().enumerate() {
        let cells = rows
            .iter()
            .map(|row| cell(behaviour, &row.verdicts[index], row.contestant.day));
        table.add_row([behaviour.title.to_owned()].into_iter().chain(cells));
    }
    // Colours come last and to single characters: the table counts columns.
    let mut text = table.to_string();
    text.push('\n');
    for row in rows {
        for broken in row.broken_promises() {
            let name = row.contestant.program.name();
            let _ = writeln!(text, "{NO} {name} promises: {broken}");
        }
    }
    let _ = writeln!(
        text,
        "{YES} holds, {NO} does not, {NOT_YET} does not, and a later day promises it"
    );
    text.replace(YES, &paint.added(YES))
        .replace(NO, &paint.removed(NO))
        .replace(NOT_YET, &paint.aside(NOT_YET))
}

fn cell(behaviour: &Behaviour, verdict: &Verdict, day: Option<usize>) -> String {
    match verdict {
        Ok(Finding::Holds) => YES.to_owned(),
        Ok(Finding::Count(count)) => count.to_string(),
        Ok(Finding::Bytes(bytes)) => format!("{:.1} MiB", *bytes as f64 / (1 << 20) as f64),
        Err(words) if day.is_none() || behaviour.is_promised_by(day) => format!("{NO} {words}"),
        Err(words) => format!("{NOT_YET} {words}"),
    }
}

pub(crate) fn json(rows: &[Row]) -> Value {
    let server = |row: &Row| {
        let (name, day) = (row.contestant.program.name(), row.contestant.day);
        let behaviours = BEHAVIOURS.iter().zip(&row.verdicts);
        let behaviours: Map<_, _> = behaviours
            .map(|(behaviour, verdict)| {
                let promised = behaviour.is_promised_by(day);
                let value = match verdict {
                    Ok(Finding::Holds) => json!({ "holds": true, "promised": promised }),
                    Ok(Finding::Count(count)) => json!({ "count": count }),
                    Ok(Finding::Bytes(bytes)) => json!({ "bytes": bytes }),
                    Err(why) => json!({ "holds": false, "promised": promised, "why": why }),
                };
                (behaviour.key.to_owned(), value)
            })
            .collect();
        json!({ "name": name, "day": day, "behaviours": behaviours })
    };
    json!({ "servers": rows.iter().map(server).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Contestant;
    use programs::Program;
    use std::path::Path;

    /// A row in which all holds but a clean end.
    fn row(name: &str, day: Option<usize>) -> Row {
        let verdicts = BEHAVIOURS.iter().map(|behaviour| match behaviour.key {
            "ctrl-c" => Err("exit code 7".to_owned()),
            "threads" => Ok(Finding::Count(101)),
            "memory" => Ok(Finding::Bytes(3 << 19)),
            _ => Ok(Finding::Holds),
        });
        Row {
            verdicts: verdicts.collect(),
            contestant: Contestant {
                program: Program::new(name, Path::new(name)),
                day,
            },
        }
    }

    #[test]
    fn a_broken_promise_has_another_mark_than_what_no_day_promises_yet() {
        let rows = [
            row("sample", None),
            row("day 3", Some(3)),
            row("day 4", Some(4)),
        ];
        let text = text(&rows, 120, Paint::PLAIN);
        let line = |title: &str| text.lines().find(|line| line.contains(title)).unwrap();
        let marks = |c: char| [YES, NO, NOT_YET].contains(&c.to_string().as_str());
        assert_eq!(
            line("Ctrl-C").matches(marks).collect::<Vec<_>>(),
            [NO, NOT_YET, NO]
        );
        assert_eq!(line("threads").matches("101").count(), 3);
        assert_eq!(line("memory").matches("1.5 MiB").count(), 3);
        assert!(text.contains("day 4 promises: clean end on Ctrl-C"));
        assert!(!text.contains("day 3 promises"));
    }

    #[test]
    fn json_says_the_same() {
        let json = json(&[row("day 4", Some(4))]);
        let server = &json["servers"][0];
        assert_eq!(server["day"], 4);
        let behaviours = &server["behaviours"];
        assert_eq!(behaviours["ctrl-c"]["why"], "exit code 7");
        assert_eq!(behaviours["ctrl-c"]["promised"], true);
        assert_eq!(behaviours["burst"]["holds"], true);
        assert_eq!(behaviours["memory"]["bytes"], 3 << 19);
    }
}
