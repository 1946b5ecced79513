//! What was filmed, held against what is shown: the shape of the picture, and its tracks.

use super::{Faults, MeasuredRendition, Of};
use crate::local::Film;
use crate::verify::measure::Picture;

/// Checks that nothing of the film is missing or distorted.
pub(super) fn check(renditions: &[MeasuredRendition<'_>], film: &Film, faults: &mut Faults) {
    let seen = renditions.iter().any(|rendition| rendition.stream.picture.is_some());
    if film.picture.is_some() && !seen {
        faults.of("").film("the film has a picture, and no rendition has one");
    }
    let heard = renditions.iter().any(|rendition| rendition.stream.sound.is_some());
    if film.sound_starts.is_some() && !heard {
        faults.of("").film("the film has sound, and no rendition has any");
    }
    for rendition in renditions {
        if let Some(picture) = &rendition.stream.picture {
            shape(picture, film, &mut faults.of(rendition.uri));
        }
    }
}

fn shape(picture: &Picture, film: &Film, faults: &mut Of<'_>) {
    let (across, down) = picture.sample;
    if across != down {
        faults.film(format!("its samples are {across}:{down}, and some players show only square ones right"));
    }
    let Some(shown) = &film.picture else { return };
    let (width, height) = (f64::from(picture.size.0), f64::from(picture.size.1));
    let wide = width * f64::from(across) / f64::from(down);
    let (ratio, ours) = (shown.size.0 / shown.size.1, wide / height);
    // Sides are even, so each may be a pixel off.
    let wanted = height * ratio;
    if (wide - wanted).abs() > 1.0 + ratio + 0.01 * f64::max(1.0, ratio) {
        let (film_wide, film_high) = shown.size;
        let film = format!("{film_wide:.0}x{film_high:.0} ({ratio:.3})");
        faults.film(format!("it is {width}x{height} ({ours:.3}), and the film is shown as {film}"));
    }
}
