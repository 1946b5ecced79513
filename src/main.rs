//! The program's entry: the exit code, and nothing else.

fn main() {}
