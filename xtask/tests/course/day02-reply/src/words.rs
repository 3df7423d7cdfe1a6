//! Words of day02-reply, which stay as they are.
//! Its own name is no change.
