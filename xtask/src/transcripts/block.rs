//! The commands of a block, and what the text shows below them.

use anyhow::Result;
use regex_lite::Regex;

use crate::markdown::CodeBlock;

/// One command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) command: String,
    /// Each line with its number in the text.
    pub(super) shown: Vec<(usize, String)>,
    pub(super) line: usize,
}

/// A command follows `$ `. If it ends in `\\`, it goes on in the next line, which may begin
/// with `> `; a here-document belongs to it as it is.
pub(super) fn steps(block: &CodeBlock) -> Result<Vec<Step>> {
    let here = Regex::new(r"(?:^|[^<])<<'?([A-Z]+)'?")?;
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = block.text.lines().zip(block.line + 1..);
    while let Some((text, line)) = lines.next() {
        let Some(command) = text.strip_prefix("$ ") else {
            // What is before the first command is no command's output.
            if let Some(step) = steps.last_mut() {
                step.shown.push((line, text.trim_end().to_owned()));
            }
            continue;
        };
        let mut command = command.to_owned();
        let mut last = text;
        let end = loop {
            match here.captures(last) {
                Some(found) => break Some(found[1].to_owned()),
                None if !last.ends_with('\\') => break None,
                None => {}
            }
            let Some((next, _)) = lines.next() else {
                break None;
            };
            last = next.strip_prefix("> ").unwrap_or(next);
            command += &format!("\n{last}");
        };
        // What belongs to a here-document is not read any further.
        while end.as_deref().is_some_and(|end| end != last)
            && let Some((next, _)) = lines.next()
        {
            last = next;
            command += &format!("\n{last}");
        }
        let shown = Vec::new();
        steps.push(Step {
            command,
            shown,
            line,
        });
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps_of(text: &str) -> Vec<Step> {
        let block = CodeBlock {
            info: String::new(),
            text: text.to_owned(),
            line: 10,
        };
        steps(&block).unwrap()
    }

    #[test]
    fn a_block_is_commands_with_their_output() {
        let steps =
            steps_of("$ cargo run &\nlistening\n$ printf x \\\n> | nc\nEcho: x\n\n$ true\n");
        assert_eq!(steps.len(), 3);
        assert_eq!(steps[0].shown, [(12, "listening".to_owned())]);
        assert_eq!(
            (steps[1].command.as_str(), steps[1].line),
            ("printf x \\\n| nc", 13)
        );
        assert_eq!(
            steps[1].shown,
            [(15, "Echo: x".to_owned()), (16, String::new())]
        );
        assert!(steps[2].shown.is_empty());
    }
    #[test]
    fn a_here_document_belongs_to_its_command() {
        let steps =
            steps_of("$ python3 - 8888 <<'END'\nif x:\n    $ y\nEND\n1\n$ wc <<X &\na\nX\n2\n");
        assert_eq!(steps.len(), 2);
        assert_eq!(
            steps[0].command,
            "python3 - 8888 <<'END'\nif x:\n    $ y\nEND"
        );
        assert_eq!(steps[0].shown, [(15, "1".to_owned())]);
        assert_eq!(steps[1].command, "wc <<X &\na\nX");
    }
}
