//! `cargo fuzz run job`: see `provision_fuzz::targets::job`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| provision_fuzz::targets::job::job(data));
