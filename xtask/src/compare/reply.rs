//! What a server sent back.

use anyhow::{Result, bail, ensure};

/// What each reply of a sample, and of a day by default, begins with. How many
/// replies a stream of bytes gets is the server's choice.
pub(crate) const PREFIX: &[u8] = b"Echo: ";

/// Bytes from a server, with the prefixes taken out.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// What was between the prefixes.
    bytes: Vec<u8>,
    pub(crate) prefixes: usize,
    /// How much of a prefix the last bytes were.
    matched: usize,
}

impl Reply {
    pub(crate) fn push(&mut self, mut received: &[u8]) {
        while let Some(&byte) = received.first() {
            if byte == PREFIX[self.matched] {
                self.matched += 1;
                received = &received[1..];
                if self.matched == PREFIX.len() {
                    self.prefixes += 1;
                    self.matched = 0;
                }
            } else if self.matched > 0 {
                // The prefix begins with a byte that it does not contain again: no
                // other prefix can have begun within this one.
                self.bytes.extend(&PREFIX[..self.matched]);
                self.matched = 0;
            } else {
                let end = received.iter().position(|&byte| byte == PREFIX[0]);
                let end = end.unwrap_or(received.len());
                self.bytes.extend(&received[..end]);
                received = &received[end..];
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Compares the reply with what was sent. `end` says how the reply ended, if it
    /// is shorter.
    pub(crate) fn check(&self, sent: &[u8], end: &str) -> Result<()> {
        let common = self.bytes.len().min(sent.len());
        if self.bytes[..common] != sent[..common] {
            let same = self.bytes.iter().zip(sent).take_while(|(a, b)| a == b);
            bail!("byte {} differs", same.count());
        }
        let (received, sent) = (self.bytes.len(), sent.len());
        ensure!(received >= sent, "{end} after {received} of {sent} bytes");
        ensure!(received == sent, "{} bytes too many", received - sent);
        ensure!(self.prefixes > 0, "no 'Echo: ' in front");
        Ok(())
    }
}

/// Bytes of every value, in the same pseudo-random order in each run.
pub(crate) fn payload(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        // xorshift64*, by G. Marsaglia and S. Vigna.
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend(state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(pieces: &[&[u8]]) -> Reply {
        let mut reply = Reply::default();
        for piece in pieces {
            reply.push(piece);
        }
        reply
    }

    #[test]
    fn prefixes_come_out_wherever_the_stream_is_cut() {
        let stream = b"Echo: abEcho: EEchEcho: c";
        for cut in 0..stream.len() {
            let (head, tail) = stream.split_at(cut);
            let reply = reply(&[head, tail]);
            assert_eq!(reply.bytes, b"abEEchc", "cut at {cut}");
            assert_eq!(reply.prefixes, 3);
        }
    }

    #[test]
    fn what_is_wrong_with_a_reply_is_said_in_a_few_words() {
        let words =
            |reply: Reply, sent: &[u8]| reply.check(sent, "closed").unwrap_err().to_string();
        assert!(reply(&[b"Echo: abc"]).check(b"abc", "closed").is_ok());
        assert_eq!(
            words(reply(&[b"Echo: ab"]), b"abc"),
            "closed after 2 of 3 bytes"
        );
        assert_eq!(words(reply(&[b"Echo: aXc"]), b"abc"), "byte 1 differs");
        assert_eq!(words(reply(&[b"Echo: abcd"]), b"abc"), "1 bytes too many");
        assert_eq!(words(reply(&[b"abc"]), b"abc"), "no 'Echo: ' in front");
    }

    #[test]
    fn the_payload_has_every_value_and_no_prefix() {
        let payload = payload(8 << 20);
        let mut seen = [false; 256];
        for &byte in &payload[..64 << 10] {
            seen[usize::from(byte)] = true;
        }
        assert!(seen.iter().all(|&seen| seen));
        assert!(!payload.windows(PREFIX.len()).any(|bytes| bytes == PREFIX));
    }
}
