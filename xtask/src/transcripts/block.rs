//! The commands of a block, and what the text shows below them.

use anyhow::Result;
use regex_lite::Regex;

use crate::markdown::CodeBlock;

/// One command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) command: String,
    /// Each line with its number in the text.
    pub(super) shown: Vec<(usize, String)>,
    pub(super) line: usize,
}

/// Whether the next line belongs to the command.
enum GoesOn {
    No,
    /// After a `\\` at the end of the line.
    Once,
    /// Up to this line, which ends a here-document.
    Until(String),
}

impl GoesOn {
    fn after(line: &str, here: &Regex) -> Self {
        if let Some(found) = here.captures(line) {
            Self::Until(found[1].to_owned())
        } else if line.ends_with('\\') {
            Self::Once
        } else {
            Self::No
        }
    }
}

/// A command follows `$ `. If it ends in `\\`, it goes on in the next line, which
/// may begin with `> `; a here-document belongs to it as it is.
pub(super) fn steps(block: &CodeBlock) -> Result<Vec<Step>> {
    let here = Regex::new(r"(?:^|[^<])<<'?([A-Z]+)'?")?;
    let mut steps: Vec<Step> = Vec::new();
    let mut goes_on = GoesOn::No;
    for (at, line) in block.text.lines().enumerate() {
        let number = block.line + 1 + at;
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (_, Some(step)) if !matches!(goes_on, GoesOn::No) => {
                step.command.push('\n');
                if let GoesOn::Until(end) = &goes_on {
                    step.command += line;
                    if line == end {
                        goes_on = GoesOn::No;
                    }
                } else {
                    step.command += line.strip_prefix("> ").unwrap_or(line);
                    goes_on = GoesOn::after(line, &here);
                }
            }
            (Some(command), _) => {
                steps.push(Step {
                    command: command.to_owned(),
                    line: number,
                    ..Step::default()
                });
                goes_on = GoesOn::after(line, &here);
            }
            (None, Some(step)) => step.shown.push((number, line.trim_end().to_owned())),
            // What stands before the first command is nobody's output.
            (None, None) => {}
        }
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
