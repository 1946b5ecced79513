//! The protocol against a fake account and a store in memory.
