//! `cargo fuzz run record --features sdk`: see `provision_fuzz::targets::record`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| provision_fuzz::targets::record::record(data));
