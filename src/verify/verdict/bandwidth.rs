//! Bit rates of renditions, as RFC 8216 counts them.

use super::MeasuredRendition;
use crate::verify::measure::Segment;

/// The peak and average bit rates of a variant with the heaviest of its sounds, as RFC 8216 (4.3.4.2) counts them.
pub fn bandwidth(variant: &MeasuredRendition<'_>, sounds: &[&MeasuredRendition<'_>]) -> (u64, u64) {
    let one = |rendition: &MeasuredRendition<'_>| {
        let durations = rendition.playlist.segments.iter().map(|segment| f64::from(segment.duration));
        let sizes: Vec<(u64, f64)> =
            rendition.stream.segments.iter().map(|Segment { bytes, .. }| *bytes).zip(durations).collect();
        (peak(&sizes, rendition.playlist.target_duration as f64), rate(&sizes))
    };
    let (picture, heard) = (one(variant), sounds.iter().map(|sound| one(sound)));
    let most = heard.fold((0, 0), |most: (u64, u64), one| (most.0.max(one.0), most.1.max(one.1)));
    (picture.0 + most.0, picture.1 + most.1)
}

/// Bits per second over segments of these sizes and durations.
fn rate(segments: &[(u64, f64)]) -> u64 {
    let (bytes, seconds) = segments.iter().fold((0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    if seconds > 0.0 { (bytes as f64 * 8.0 / seconds).round() as u64 } else { 0 }
}

/// The largest bit rate of any contiguous set of segments that lasts between 0.5 and 1.5 target durations.
fn peak(segments: &[(u64, f64)], target: f64) -> u64 {
    let mut peak = None;
    for from in 0..segments.len() {
        let mut seconds = 0.0;
        for to in from..segments.len() {
            seconds += segments[to].1;
            if seconds > 1.5 * target {
                break;
            }
            if seconds >= 0.5 * target {
                peak = peak.max(Some(rate(&segments[from..=to])));
            }
        }
    }
    peak.unwrap_or_else(|| rate(segments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_counted_over_half_to_one_and_a_half_target_durations() {
        let crumb = [(600_000, 6.0), (1_000_000, 1.0)];
        assert_eq!(peak(&crumb, 6.0), 1_828_571, "a crumb counts with its neighbour");
        assert_eq!(peak(&[(600_000, 6.0), (1_000_000, 3.0)], 6.0), 2_666_667);
        assert_eq!(peak(&[(125_000, 1.0)], 6.0), 1_000_000, "what is all of it counts however short");
    }
}
