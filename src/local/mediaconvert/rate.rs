//! The rate at which jobs may be created: a bucket of tokens that fills up by itself, as AWS throttles its APIs.

use std::time::Instant;

/// A token bucket. A call takes one token, or is throttled if there is none.
#[derive(Debug)]
pub(super) struct JobRate {
    per_second: f64,
    burst: f64,
    tokens: f64,
    filled: Option<Instant>,
}

impl JobRate {
    /// A full bucket of `burst` tokens.
    pub(super) fn new(per_second: f64, burst: u32) -> Self {
        let burst = f64::from(burst);
        Self { per_second, burst, tokens: burst, filled: None }
    }

    /// Takes a token, if there is one.
    pub(super) fn takes(&mut self, now: Instant) -> bool {
        let since = self.filled.map_or(0.0, |filled| now.duration_since(filled).as_secs_f64());
        self.filled = Some(now);
        self.tokens = since.mul_add(self.per_second, self.tokens).min(self.burst);
        let takes = self.tokens >= 1.0;
        if takes {
            self.tokens -= 1.0;
        }
        takes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate_counts() {
        let (start, mut rate) = (Instant::now(), JobRate::new(0.5, 2));
        let at = |seconds| start + Duration::from_secs(seconds);
        let asked = [0, 0, 0, 1, 2, 2, 3, 4, 60, 60, 60];
        let taken = asked.map(|seconds| rate.takes(at(seconds)));
        let expected = [true, true, false, false, true, false, false, true, true, true, false];
        assert_eq!(taken, expected);
    }
}
