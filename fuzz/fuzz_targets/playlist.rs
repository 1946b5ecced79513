//! `cargo fuzz run playlist`: see `provision_fuzz::targets::playlist`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| provision_fuzz::targets::playlist::playlist(data));
