//! Every target over its seeds and over mutations of them, without a fuzzer: a normal test, the same in every run.
//! `MUTATIONS=100000 cargo test` tries more.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use provision_fuzz::mutate::{self, Mutator};
use provision_fuzz::targets;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    mutate::seeds(&Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target))
}

fn mutations() -> u64 {
    std::env::var("MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(4_000)
}

fn holds(name: &str, target: impl Fn(&[u8])) {
    let seeds = seeds(name);
    let tried = |bytes: &[u8]| {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(bytes))) {
            eprintln!("{name} does not hold for {:?}", String::from_utf8_lossy(bytes));
            resume_unwind(panic);
        }
    };
    seeds.iter().for_each(|seed| tried(seed));
    for number in 0..mutations() {
        tried(&Mutator::new(number).mutated(&seeds));
    }
}

#[test]
fn stack_file() {
    holds("stack_file", targets::stack_file::stack_file);
}

#[test]
fn saved_plan() {
    holds("saved_plan", targets::saved_plan::saved_plan);
}

#[cfg(feature = "sdk")]
#[test]
fn record() {
    holds("record", targets::record::record);
}

#[test]
fn policy() {
    holds("policy", targets::policy::policy);
}

#[test]
fn playlist() {
    holds("playlist", targets::playlist::playlist);
}

#[test]
fn event() {
    holds("event", targets::event::event);
}

#[test]
fn job() {
    holds("job", targets::job::job);
}

/// A seed that is refused at once teaches a fuzzer nothing.
#[test]
fn seeds_are_accepted() {
    use provision_fuzz::model::PolicyDocument;
    use provision_fuzz::publish::playlist::{media, multivariant};
    use provision_fuzz::publish::request::Request as Taken;
    use provision_fuzz::stack::config;
    use provision_fuzz::submit::event::Request;
    use serde_json::{Value, from_slice};

    let accepted = |target: &str, reads: &dyn Fn(&[u8]) -> bool| {
        let seeds = seeds(target);
        let refused = seeds.iter().find(|seed| !reads(seed));
        assert!(refused.is_none(), "{target}: {:?}", refused.map(|seed| String::from_utf8_lossy(seed)));
    };
    let text = |seed: &[u8]| String::from_utf8_lossy(seed).into_owned();
    accepted("stack_file", &|seed| config::parse("seed", &text(seed)).is_ok());
    accepted("saved_plan", &targets::saved_plan::is_read);
    accepted("policy", &|seed| from_slice::<PolicyDocument>(seed).is_ok());
    accepted("playlist", &|seed| media("a.m3u8", seed).is_ok() || multivariant("a.m3u8", seed).is_ok());
    accepted("event", &|seed| {
        let event = || from_slice::<Value>(seed).unwrap();
        Request::parse(event()).is_ok() || Taken::parse(event()).is_ok_and(|taken| taken != Taken::Foreign)
    });
    accepted("job", &|seed| provision_fuzz::mediaconvert::accept(&from_slice(seed).unwrap()).is_ok());
}
