//! Values for the tokens of another table.

use crate::Token;

/// A map from [`Token`]s, which come from a table of channels: their places are few and
/// dense, so that a vector serves, and hashing is not needed.
#[derive(Debug)]
pub(crate) struct TokenMap<T> {
    entries: Vec<Option<Entry<T>>>,
    len: usize,
}

#[derive(Debug)]
struct Entry<T> {
    generation: u32,
    value: T,
}

impl<T> TokenMap<T> {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Vec::new(),
            len: 0,
        }
    }

    /// Stores a value for a token; what was there for an earlier token of the same place
    /// comes back.
    pub(crate) fn insert(&mut self, token: Token, value: T) -> Option<T> {
        let index = token.index as usize;
        if index >= self.entries.len() {
            self.entries.resize_with(index + 1, || None);
        }
        let generation = token.generation;
        let before = self.entries[index].replace(Entry { generation, value });
        self.len += usize::from(before.is_none());
        before.map(|entry| entry.value)
    }

    pub(crate) fn get(&self, token: Token) -> Option<&T> {
        let entry = self.entries.get(token.index as usize)?.as_ref()?;
        (entry.generation == token.generation).then_some(&entry.value)
    }

    pub(crate) fn remove(&mut self, token: Token) -> Option<T> {
        let entry = self.entries.get_mut(token.index as usize)?;
        let removed = entry.take_if(|entry| entry.generation == token.generation)?;
        self.len -= 1;
        Some(removed.value)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().flatten().map(|entry| &entry.value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(generation: u32, index: u32) -> Token {
        Token { generation, index }
    }

    #[test]
    fn a_value_is_found_by_its_own_token_only() {
        let mut map = TokenMap::new();
        assert_eq!(map.insert(token(1, 3), 'a'), None);
        assert_eq!(map.get(token(1, 3)), Some(&'a'));
        assert_eq!(map.get(token(0, 3)), None);
        assert_eq!(map.get(token(1, 2)), None);
        assert_eq!(map.get(token(1, 99)), None);
        assert_eq!(map.remove(token(2, 3)), None);
        assert!(!map.is_empty());
        assert_eq!(map.remove(token(1, 3)), Some('a'));
        assert!(map.is_empty());
    }

    #[test]
    fn a_place_has_one_value_at_a_time() {
        let mut map = TokenMap::new();
        map.insert(token(0, 0), 'a');
        map.insert(token(0, 1), 'b');
        assert_eq!(map.insert(token(1, 0), 'c'), Some('a'));
        assert_eq!(map.values().collect::<String>(), "cb");
    }
}
