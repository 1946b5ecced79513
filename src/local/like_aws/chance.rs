//! Chance that is the same in each run with the same seed.

/// A source of numbers (SplitMix64 of Steele, Lea and Flood).
#[derive(Clone, Debug)]
pub(super) struct Chance(State);

#[derive(Clone, Debug)]
enum State {
    Seeded(u64),
    #[cfg(test)]
    Always(f64),
}

impl Chance {
    /// The numbers of this seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(State::Seeded(seed))
    }

    /// One number only.
    #[cfg(test)]
    pub(super) fn always(share: f64) -> Self {
        Self(State::Always(share))
    }

    /// The next number, from 0 to under 1.
    pub(super) fn share(&mut self) -> f64 {
        match &mut self.0 {
            State::Seeded(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut mixed = *state;
                mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                let top = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or_default();
                f64::from(top) / (f64::from(u32::MAX) + 1.0)
            }
            #[cfg(test)]
            State::Always(share) => *share,
        }
    }

    /// A number of seconds between these two.
    pub(super) fn between(&mut self, least: u64, most: u64) -> std::time::Duration {
        let least = std::time::Duration::from_secs(least);
        let most = std::time::Duration::from_secs(most);
        least + (most - least).mul_f64(self.share())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_and_another_seed_others() {
        let numbers = |seed| {
            let mut chance = Chance::new(seed);
            [chance.share(), chance.share(), chance.share()]
        };
        assert_eq!(numbers(1).map(f64::to_bits), numbers(1).map(f64::to_bits));
        assert_ne!(numbers(1).map(f64::to_bits), numbers(2).map(f64::to_bits));
        assert!(numbers(7).iter().all(|share| (0.0..1.0).contains(share)));
    }
}
