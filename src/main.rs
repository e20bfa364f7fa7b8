//! The `outlay` binary.

fn main() {}
