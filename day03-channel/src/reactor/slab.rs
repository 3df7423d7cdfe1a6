//! A table whose slots are reused and whose keys are not.

use crate::reactor::Token;

/// Values by [`Token`]. The token of a removed value finds nothing, even when its slot
/// holds another value by now.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Slab<T> {
    /// An empty table.
    pub(crate) const fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Stores a value in a free slot and returns its token.
    ///
    /// # Panics
    ///
    /// Panics when 2³² values are stored: more than there can be descriptors.
    pub(crate) fn insert(&mut self, value: T) -> Token {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot {
                generation: 0,
                value: None,
            });
            u32::try_from(self.slots.len() - 1).expect("fewer slots than 2³²")
        });
        let slot = &mut self.slots[index as usize];
        slot.value = Some(value);
        Token {
            generation: slot.generation,
            index,
        }
    }

    /// The value of a token.
    pub(crate) fn get(&self, token: Token) -> Option<&T> {
        let slot = self.slots.get(token.index as usize)?;
        slot.value
            .as_ref()
            .filter(|_| slot.generation == token.generation)
    }

    /// Takes out the value of a token. The slot's next token has another generation.
    pub(crate) fn remove(&mut self, token: Token) -> Option<T> {
        let slot = self.slots.get_mut(token.index as usize)?;
        if slot.generation != token.generation {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(token.index);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_reused_and_its_token_is_not() {
        let mut slab = Slab::new();
        let first = slab.insert("first");
        assert_eq!(slab.remove(first), Some("first"));
        let second = slab.insert("second");
        assert_eq!(second.index, first.index);
        assert_ne!(second, first);
        assert_eq!(slab.get(first), None);
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.get(second), Some(&"second"));
    }

    #[test]
    fn a_token_converts_to_64_bits_and_back() {
        let token = Token {
            generation: 0xdead_beef,
            index: 0x0102_0304,
        };
        assert_eq!(Token::from(u64::from(token)), token);
        let unknown = Token::from(u64::MAX);
        assert_eq!(Slab::<()>::new().get(unknown), None);
    }
}
