//! The record's fuzz target over its seeds and over mutations of them. It is here because a record needs the SDK, which
//! the other targets do without (`fuzz/`).

use std::path::Path;

#[expect(unreachable_pub, reason = "the fuzz crate exports it")]
#[path = "../../fuzz/src/mutate.rs"]
mod mutate;
#[expect(unreachable_pub, reason = "the fuzz crate exports it")]
#[path = "../../fuzz/src/targets/record.rs"]
mod record;

use mutate::{Mutator, seeds};
use provision::home::Record;
use record::record;

#[test]
fn any_record_that_is_read_is_the_same_once_it_is_written() {
    let seeds = seeds(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/record"));
    for seed in &seeds {
        assert!(serde_json::from_slice::<Record>(seed).is_ok(), "{}", String::from_utf8_lossy(seed));
        record(seed);
    }
    for number in 0..4_000 {
        record(&Mutator::new(number).mutated(&seeds));
    }
}
