//! `cargo fuzz run saved_plan`: see `provision_fuzz::targets::saved_plan`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| provision_fuzz::targets::saved_plan::saved_plan(data));
