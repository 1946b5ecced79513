//! Seeds, and mutations of them that are the same in every run. What `cargo fuzz` finds by coverage, this does not; but
//! it needs neither nightly nor a compiler of C++.

use std::path::Path;

/// Words that readers act on.
const WORDS: [&[u8]; 44] = [
    b"\"",
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\n",
    b"\r\n",
    b"\r",
    b"\t",
    b"\0",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e999",
    b"0.1",
    b"18446744073709551616",
    b"4294967296",
    b"&a ",
    b"*a",
    b"!!str ",
    b"---\n",
    b"%%\n",
    b"#",
    b"#EXTM3U\n",
    b"URI=\"",
    b"../",
    b"%2e%2e/",
    b"//",
    b"https://x/",
    b"*",
    b"arn:aws:iam::",
    b"\x1b[2J",
    b"\xc2\x9b",
    b"\xe2\x80\xae",
    b"\xe2\x81\xa6",
    b"\xef\xbb\xbf",
    b"\xff",
];

/// The seeds in a folder, in the order of their names.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn seeds(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("the file system works").path()).collect();
    files.sort();
    let seeds: Vec<Vec<u8>> =
        files.iter().map(|file| std::fs::read(file).expect("the file system works")).collect();
    assert!(!seeds.is_empty(), "{} has no seed", folder.display());
    seeds
}

/// Makes mutations.
pub struct Mutator(u64);

impl Mutator {
    /// The same number gives the same mutations.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `end`, which is not 0. Marsaglia's xorshift.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }

    /// A seed with a few changes.
    pub fn mutated(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(5) {
            self.change(&mut bytes, seeds);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let at = self.below(bytes.len() + 1);
        let end = (at + self.below(24)).min(bytes.len());
        let replacement: Vec<u8> = match self.below(8) {
            0 => Vec::new(),
            1 => bytes[at..end].repeat(2),
            2 => bytes[at..end].iter().map(|byte| byte ^ (1 << (end % 8))).collect(),
            3 => vec![self.below(256) as u8],
            4 => {
                let other = &seeds[self.below(seeds.len())];
                let from = self.below(other.len() + 1);
                other[from..(from + self.below(64)).min(other.len())].to_vec()
            }
            _ => WORDS[self.below(WORDS.len())].to_vec(),
        };
        let end = if self.below(2) == 0 { at } else { end };
        bytes.splice(at..end, replacement);
    }
}
