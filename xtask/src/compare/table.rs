//! The verdicts as a table.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

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
        .set_width(width);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    let names = rows.iter().map(|row| row.program.name());
    table.set_header([""].into_iter().chain(names));
    // The titles are worth more than the same tick on one line.
    let titles = ColumnConstraint::LowerBoundary(Width::Fixed(TITLE_WIDTH));
    table
        .column_mut(0)
        .map(|column| column.set_constraint(titles));
    for (index, behaviour) in BEHAVIOURS.iter().enumerate() {
        let cell = |row: &Row| cell(behaviour, &row.verdicts[index], row.day);
        let title = [behaviour.title.to_owned()].into_iter();
        table.add_row(title.chain(rows.iter().map(cell)));
    }
    // Colours come last and to single characters: the table counts columns.
    let mut text = format!("{table}\n");
    for row in rows {
        for broken in row.broken_promises() {
            let name = row.program.name();
            text += &format!("{NO} {name} promises: {broken}\n");
        }
    }
    text += &format!("{YES} holds, {NO} does not, {NOT_YET} a later day promises it\n");
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

#[cfg(test)]
mod tests {
    use super::*;
    use programs::Program;
    use std::path::Path;

    /// A row in which all holds but a clean end.
    fn row(name: &str, day: Option<usize>) -> Row {
        let verdicts = BEHAVIOURS.iter().map(|behaviour| match behaviour.title {
            "clean end on Ctrl-C" => Err("exit code 7".to_owned()),
            "threads for 100 clients" => Ok(Finding::Count(101)),
            "memory with 100 clients" => Ok(Finding::Bytes(3 << 19)),
            _ => Ok(Finding::Holds),
        });
        Row {
            verdicts: verdicts.collect(),
            program: Program::new(name, Path::new(name)),
            day,
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
}
