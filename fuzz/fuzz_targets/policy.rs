//! `cargo fuzz run policy`: see `provision_fuzz::targets::policy`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| provision_fuzz::targets::policy::policy(data));
