//! `cargo fuzz run event`: see `provision_fuzz::targets::event`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| provision_fuzz::targets::event::event(data));
