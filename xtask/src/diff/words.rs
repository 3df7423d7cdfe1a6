//! What differs within two lines.

use similar::{Algorithm, ChangeTag};

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    /// Whether the other line lacks it.
    pub(crate) differs: bool,
}

/// How much of two lines must be common before their differences are worth
/// pointing at. Below it, marks would cover nearly all of both.
const COMMON: f32 = 0.5;

/// Both lines in pieces. A line that stands alone is one piece, without a mark.
pub(crate) fn compare(old: Option<&str>, new: Option<&str>) -> (Vec<Piece>, Vec<Piece>) {
    let whole = |line: Option<&str>| {
        let text = line.unwrap_or_default().to_owned();
        vec![Piece {
            text,
            differs: false,
        }]
    };
    let (Some(old_line), Some(new_line)) = (old, new) else {
        return (whole(old), whole(new));
    };
    let (old_tokens, new_tokens) = (tokens(old_line), tokens(new_line));
    let ops = similar::capture_diff_slices(Algorithm::Myers, &old_tokens, &new_tokens);
    if similar::diff_ratio(&ops, old_tokens.len(), new_tokens.len()) < COMMON {
        return (whole(old), whole(new));
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for change in ops
        .iter()
        .flat_map(|op| op.iter_changes(&old_tokens, &new_tokens))
    {
        let differs = change.tag() != ChangeTag::Equal;
        if change.tag() != ChangeTag::Insert {
            push(&mut left, change.value(), differs);
        }
        if change.tag() != ChangeTag::Delete {
            push(&mut right, change.value(), differs);
        }
    }
    (left, right)
}

fn push(pieces: &mut Vec<Piece>, text: &str, differs: bool) {
    match pieces.last_mut() {
        Some(last) if last.differs == differs => last.text += text,
        _ => pieces.push(Piece {
            text: text.to_owned(),
            differs,
        }),
    }
}

/// Words, runs of blanks, and every other character by itself.
fn tokens(line: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = if is_word(first) {
            rest.find(|c| !is_word(c))
        } else if first == ' ' {
            rest.find(|c| c != ' ')
        } else {
            Some(first.len_utf8())
        };
        let (token, after) = rest.split_at(end.unwrap_or(rest.len()));
        tokens.push(token);
        rest = after;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differing(pieces: &[Piece]) -> Vec<&str> {
        let differing = pieces.iter().filter(|piece| piece.differs);
        differing.map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn the_words_that_differ_are_marked() {
        let (old, new) = compare(
            Some("let a = Channel::new(&epoll, fd);"),
            Some("let a = Channel::new(&event_loop, fd);"),
        );
        assert_eq!(differing(&old), ["epoll"]);
        assert_eq!(differing(&new), ["event_loop"]);
        let text: String = new.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(text, "let a = Channel::new(&event_loop, fd);");
    }

    #[test]
    fn lines_with_little_in_common_have_no_marks() {
        let (old, new) = compare(Some("use std::io;"), Some("fn main() -> ExitCode {"));
        assert!(differing(&old).is_empty() && differing(&new).is_empty());
        assert_eq!(old[0].text, "use std::io;");
    }

    #[test]
    fn a_line_alone_is_whole() {
        let (old, new) = compare(None, Some("héllo wörld"));
        assert_eq!(
            (old[0].text.as_str(), new[0].text.as_str()),
            ("", "héllo wörld")
        );
        assert_eq!(tokens("héllo  wörld!"), ["héllo", "  ", "wörld", "!"]);
    }
}
