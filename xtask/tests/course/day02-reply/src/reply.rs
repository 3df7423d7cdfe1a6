//! What a client gets back.

/// The answer to a line.
pub struct Reply {
    text: String,
}

impl Reply {
    /// Answers `line`.
    pub fn new(line: &str) -> Self {
        Self {
            text: format!("Echo: {line}"),
        }
    }

    /// What is sent.
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use crate::Reply;

    #[test]
    fn a_reply_has_a_prefix() {
        assert_eq!(Reply::new("x").text(), "Echo: x");
    }
}
