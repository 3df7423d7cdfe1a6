//! Words of day01-listen, which stay as they are.
//! Its own name is no change.
