//! Numbers and bytes that look random, and that the same seed gives again.

/// Small numbers from a seed (Xorshift).
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Another sequence for each seed.
    pub fn new(seed: u64) -> Self {
        // The generator must not start at 0, and similar seeds must not look alike.
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("at most 64 bits");
        usize::try_from((self.next() >> 11) % end).expect("smaller than a usize")
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Bytes of every value, NUL included, in an order that does not repeat itself: a piece that
/// is lost, doubled or moved is noticed.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        bytes.extend(dice.next().to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}
