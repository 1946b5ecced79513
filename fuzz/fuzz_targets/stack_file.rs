//! `cargo fuzz run stack_file`: see `provision_fuzz::targets::stack_file`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| provision_fuzz::targets::stack_file::stack_file(data));
