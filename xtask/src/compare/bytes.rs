//! Probes of what becomes of the bytes.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};

use super::reply::payload;
use super::talk::Talk;

const MIB: usize = 1 << 20;

/// Above what the samples read at a time, and below what one segment holds on the
/// loopback interface.
const LONG: usize = 5000;

pub(crate) fn binary(addr: SocketAddr) -> Result<()> {
    let every_value: Vec<u8> = (0..=u8::MAX).collect();
    let talk = Talk::connect(addr)?;
    for payload in [&every_value, b"\0".as_slice(), b"\xff\xfe\0\0 \xc3\x28"] {
        talk.exchange(payload)?;
    }
    Ok(())
}

pub(crate) fn long_message(addr: SocketAddr) -> Result<()> {
    let talk = Talk::connect(addr)?;
    let reply = talk.exchange(&payload(LONG))?;
    match reply.prefixes {
        1 => Ok(()),
        pieces => bail!("in {pieces} pieces"),
    }
}

pub(crate) fn burst(addr: SocketAddr) -> Result<()> {
    let talk = Talk::connect(addr)?;
    talk.exchange(&payload(8 * MIB))?;
    Ok(())
}

/// The end of input reaches the server while most replies are still on its side.
pub(crate) fn half_close(addr: SocketAddr) -> Result<()> {
    let talk = Talk::connect_with_small_buffer(addr)?;
    talk.exchange_late(&payload(MIB), true, || Ok(()))?;
    Ok(())
}

/// Replies that cannot be sent must neither be lost nor keep the server from
/// others.
pub(crate) fn slow_reader(addr: SocketAddr) -> Result<()> {
    let talk = Talk::connect_with_small_buffer(addr)?;
    let another = || Talk::connect(addr)?.ping().context("others");
    talk.exchange_late(&payload(8 * MIB), false, another)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::bad_servers;

    fn words(result: Result<()>) -> String {
        format!("{:#}", result.unwrap_err())
    }

    #[test]
    fn a_good_server_passes() {
        let addr = bad_servers::good();
        for probe in [binary, long_message, burst, half_close, slow_reader] {
            probe(addr).unwrap();
        }
    }

    #[test]
    fn a_message_that_comes_back_shorter_or_in_pieces_is_noticed() {
        assert_eq!(
            words(long_message(bad_servers::in_pieces(1024))),
            "in 5 pieces"
        );
        let truncating = long_message(bad_servers::truncating(1024));
        assert_eq!(words(truncating), "stuck after 1024 of 5000 bytes");
        let cut = binary(bad_servers::cutting_at_nul());
        assert_eq!(words(cut), "stuck after 0 of 256 bytes");
    }

    #[test]
    fn a_lost_tail_is_noticed() {
        let dropped = half_close(bad_servers::dropping_the_tail());
        assert_eq!(words(dropped), "closed after 0 of 1048576 bytes");
        let endless = half_close(bad_servers::without_end());
        assert_eq!(words(endless), "all bytes, but no end: stuck");
        let forgetful = words(slow_reader(bad_servers::forgetting_the_rest()));
        assert!(
            forgetful.ends_with("differs") || forgetful.contains("after"),
            "{forgetful}"
        );
    }

    #[test]
    fn a_reader_that_keeps_others_waiting_is_noticed() {
        assert_eq!(
            words(slow_reader(bad_servers::one_at_a_time())),
            "others: stuck after 0 of 5 bytes"
        );
    }
}
