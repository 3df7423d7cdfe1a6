//! The commands of a block, and what the text shows below them.

use crate::markdown::CodeBlock;

/// One command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) command: String,
    /// Each line with its number in the text.
    pub(super) shown: Vec<(usize, String)>,
    pub(super) line: usize,
}

/// A command follows `$ `; if it ends in `\\`, it goes on in the next line, which
/// may begin with `> `.
pub(super) fn steps(block: &CodeBlock) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut goes_on = false;
    for (at, line) in block.text.lines().enumerate() {
        let number = block.line + 1 + at;
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (_, Some(step)) if goes_on => {
                step.command.push('\n');
                step.command += line.strip_prefix("> ").unwrap_or(line);
                goes_on = line.ends_with('\\');
            }
            (Some(command), _) => {
                steps.push(Step {
                    command: command.to_owned(),
                    line: number,
                    ..Step::default()
                });
                goes_on = line.ends_with('\\');
            }
            (None, Some(step)) => step.shown.push((number, line.trim_end().to_owned())),
            // What stands before the first command is nobody's output.
            (None, None) => {}
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_commands_with_their_output() {
        let text = "$ cargo run &\nlistening\n$ printf x \\\n> | nc\nEcho: x\n\n$ true\n";
        let block = CodeBlock {
            info: String::new(),
            text: text.to_owned(),
            line: 10,
        };
        let steps = steps(&block);
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
}
