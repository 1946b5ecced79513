//! Reads what ffmpeg prints of an input: `Input #0, …`, `Duration: …`, `Stream #0:0: …`.

use super::media::{Audio, ColorTags, FieldOrder, Media, Rate, Video};

/// How far the average rate of frames may be from the rate of their clock, until the rate counts as variable.
const STEADY: f64 = 0.001;

/// Reads ffmpeg's description of an input. `None` if there is neither a picture nor sound.
pub(super) fn parse(text: &str) -> Option<Media> {
    let mut media =
        Media { format: String::new(), duration: None, bitrate: None, video: None, audio: Vec::new() };
    let mut start = 0.0;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("Input #0, ") {
            media.format = rest.split(", from ").next()?.to_owned();
        } else if let Some(rest) = line.strip_prefix("Duration: ") {
            media.duration = rest.split(',').next().and_then(clock);
            start = number_after(rest, "start: ").unwrap_or(0.0);
            media.bitrate = number_before(rest, " kb/s").map(|kilobits| (kilobits * 1000.0) as u64);
        } else if let Some(rest) = line.strip_prefix("Stream #0:") {
            stream(rest, start, &mut media);
        } else if let Some((_, rest)) = line.split_once("rotation of ")
            && let (Some(video), Some(degrees)) = (&mut media.video, number_before(rest, " degrees"))
        {
            video.rotation = (-degrees.round() as i32).rem_euclid(360);
        }
    }
    (!media.format.is_empty() && (media.video.is_some() || !media.audio.is_empty())).then_some(media)
}

/// Adds a stream of a file that begins at `start`.
fn stream(rest: &str, start: f64, media: &mut Media) {
    let Some((head, description)) = rest.split_once(": ") else { return };
    let index = head.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
    let codec = |kind: &str| {
        description.strip_prefix(kind).and_then(|text| text.split([' ', ',']).next()).map(str::to_owned)
    };
    if let Some(codec) = codec("Video: ").filter(|_| !description.contains("(attached pic)")) {
        if media.video.is_none() {
            media.video = video(index, codec, description);
            if let Some(video) = &mut media.video {
                video.start = begins(description, start);
            }
        }
    } else if let Some(codec) = codec("Audio: ") {
        let language = head.rsplit_once('(').map_or("und", |(_, tail)| tail.trim_end_matches(')'));
        let layout = description.split(", ").nth(2);
        media.audio.push(Audio {
            index,
            codec,
            rate: number_before(description, " Hz").unwrap_or(0.0) as u32,
            channels: layout.map_or(0, channels),
            language: language.to_owned(),
            start: begins(description, start),
            duration: None,
        });
    }
}

/// When a stream begins, from the beginning of its file. ffmpeg says nothing of streams that begin at zero.
fn begins(description: &str, start: f64) -> f64 {
    number_after(description, ", start ").unwrap_or(0.0) - start
}

fn video(index: u32, codec: String, description: &str) -> Option<Video> {
    let (width, height) = description.split(", ").find_map(size)?;
    let (pixels, details) = pixels(description);
    let (average, ticks) = (number_before(description, " fps"), number_before(description, " tbr"));
    let varies = average.zip(ticks).is_some_and(|(average, ticks)| varies(average, ticks));
    // The clock's rate is printed as exactly as the average, and does not depend on how long the last frame is shown.
    let steady = ticks.filter(|ticks| average.is_none_or(|average| near(ticks / average, 1.0)));
    Some(Video {
        index,
        codec,
        pixels: pixels.to_owned(),
        width,
        height,
        sample: sample(description),
        color: color(details),
        order: order(details),
        rate: Rate::from_printed(steady.or(average).unwrap_or(25.0)),
        varies,
        rotation: 0,
        start: 0.0,
        duration: None,
    })
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= STEADY * other
}

/// True if the frames do not come at the clock's rate, or at a whole part of it, as fields do.
fn varies(average: f64, ticks: f64) -> bool {
    let ratio = ticks / average;
    average > 0.0 && (ratio < 1.0 - STEADY || !near(ratio, ratio.round()))
}

/// The name of the pixels, and what is in the parentheses after it: `yuv420p(tv, bt709, top coded first (swapped))`.
fn pixels(description: &str) -> (&str, &str) {
    let Some((_, rest)) = description.split_once(", ") else { return ("", "") };
    let end = rest.find(['(', ',']).unwrap_or(rest.len());
    let Some(inside) = rest[end..].strip_prefix('(') else { return (&rest[..end], "") };
    let mut depth = 1;
    let close = inside.find(|letter| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        depth == 0
    });
    (&rest[..end], &inside[..close.unwrap_or(inside.len())])
}

/// The colors among the details of the pixels: `bt2020nc/bt2020/smpte2084`, or one name if all have it.
fn color(details: &str) -> ColorTags {
    let words = details.split(", ").filter(|word| !matches!(*word, "" | "tv" | "pc" | "progressive"));
    let Some(word) = words.into_iter().find(|word| !word.contains(" first")) else {
        return ColorTags::default();
    };
    let mut names = word.split('/').map(|name| (name != "unknown").then(|| name.to_owned()));
    let matrix = names.next().flatten();
    let (primaries, transfer) = match (names.next(), names.next()) {
        (Some(primaries), Some(transfer)) => (primaries, transfer),
        _ => (matrix.clone(), matrix.clone()),
    };
    ColorTags { primaries, transfer, matrix }
}

/// The order in which fields are shown. Those that are stored in the other order are `swapped`.
fn order(details: &str) -> FieldOrder {
    let order = details.split(", ").find(|word| word.contains(" first"));
    match order {
        Some("top first" | "bottom coded first (swapped)") => FieldOrder::Top,
        Some(_) => FieldOrder::Bottom,
        None => FieldOrder::Progressive,
    }
}

/// The shape of a sample. What the container says comes last, and counts.
fn sample(description: &str) -> (u32, u32) {
    let last = description.rsplit_once("SAR ").and_then(|(_, rest)| rest.split(' ').next());
    let (across, down) = last.and_then(|text| text.split_once(':')).unwrap_or(("1", "1"));
    match (across.parse(), down.parse()) {
        (Ok(across), Ok(down)) if across > 0 && down > 0 => (across, down),
        _ => (1, 1),
    }
}

fn size(field: &str) -> Option<(u32, u32)> {
    let (width, rest) = field.split_once('x')?;
    let height: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((width.parse().ok()?, height.parse().ok()?))
}

fn channels(layout: &str) -> u32 {
    match layout.split('(').next().unwrap_or(layout) {
        "mono" => 1,
        "stereo" => 2,
        "5.1" => 6,
        "7.1" => 8,
        other => other.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(2),
    }
}

/// The number that ends right before `unit`.
fn number_before(text: &str, unit: &str) -> Option<f64> {
    let (before, _) = text.split_once(unit)?;
    before.rsplit([' ', ',']).next()?.parse().ok()
}

fn number_after(text: &str, name: &str) -> Option<f64> {
    text.split_once(name)?.1.split([' ', ',']).next()?.parse().ok()
}

fn clock(text: &str) -> Option<f64> {
    let mut parts = text.trim().split(':').map(|part| part.parse::<f64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    Some(hours * 3600.0 + minutes * 60.0 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_video_is_read_with_its_rotation() {
        let media = parse(
            "Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'input.mov':
               Duration: 00:01:05.32, start: 0.000000, bitrate: 7590 kb/s
               Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 1920x1080 [SAR 1:1 DAR 16:9], 7453 kb/s, 29.97 fps, 29.97 tbr, 15360 tbn (default)
                 Side data:
                   displaymatrix: rotation of -90.00 degrees
               Stream #0:1[0x2](eng): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, stereo, fltp, 128 kb/s (default)
             At least one output file must be specified",
        )
        .unwrap();
        assert_eq!(media.duration, Some(65.32));
        assert_eq!(media.bitrate, Some(7_590_000));
        let video = media.video.unwrap();
        assert_eq!((video.width, video.height, video.rotation), (1920, 1080, 90));
        assert_eq!((video.codec.as_str(), video.pixels.as_str()), ("h264", "yuv420p"));
        assert_eq!(video.rate, Rate { numerator: 30000, denominator: 1001 });
        let sound = &media.audio[0];
        assert_eq!((sound.rate, sound.channels, sound.language.as_str(), sound.index), (48000, 2, "eng", 1));
    }

    #[test]
    fn what_is_no_media_has_no_description() {
        assert_eq!(parse("notes.mp4: Invalid data found when processing input"), None);
    }

    #[test]
    fn printed_rates_become_exact() {
        let exact = |printed| {
            let rate = Rate::from_printed(printed);
            (rate.numerator, rate.denominator)
        };
        assert_eq!(exact(23.98), (24000, 1001));
        assert_eq!(exact(29.97), (30000, 1001));
        assert_eq!(exact(59.94), (60000, 1001));
        assert_eq!(exact(25.0), (25, 1));
        assert_eq!(exact(12.5), (12500, 1000));
    }

    fn picture(details: &str) -> Video {
        let text =
            format!("Input #0, mov,mp4, from 'a':\n  Stream #0:0(und): Video: {details}, 90k tbn (default)");
        parse(&text).unwrap().video.unwrap()
    }

    #[test]
    fn colors_fields_and_samples_are_read_as_ffmpeg_prints_them() {
        let names = |video: &Video| {
            let ColorTags { primaries, transfer, matrix } = video.color.clone();
            [primaries, transfer, matrix].map(|name| name.unwrap_or_default()).join(" ")
        };
        let hdr = picture(
            "hevc (Main 10) (hvc1 / 0x31637668), yuv420p10le(tv, bt2020nc/bt2020/arib-std-b67, progressive), \
             640x360 [SAR 1:1 DAR 16:9], 499 kb/s, 30 fps, 30 tbr",
        );
        assert_eq!(
            (hdr.pixels.as_str(), names(&hdr).as_str()),
            ("yuv420p10le", "bt2020 arib-std-b67 bt2020nc")
        );
        let tape = picture(
            "h264 (Main) (avc1 / 0x31637661), yuv420p(tv, bt470bg, bottom coded first (swapped)), 720x576 \
             [SAR 1:1 DAR 5:4], 2051 kb/s, SAR 64:45 DAR 16:9, 25 fps, 50 tbr",
        );
        assert_eq!((tape.order, tape.sample, tape.varies), (FieldOrder::Top, (64, 45), false));
        assert_eq!(names(&tape), "bt470bg bt470bg bt470bg");
        assert_eq!(tape.displayed(), (1024.0, 576.0));
        let plain = picture("vp8, yuv420p, 640x360, 30 fps, 30 tbr");
        assert_eq!(
            (plain.order, plain.sample, names(&plain)),
            (FieldOrder::Progressive, (1, 1), "  ".into())
        );
        assert_eq!(
            picture("h264, yuv420p(top coded first (swapped)), 8x8, 25 fps, 25 tbr").order,
            FieldOrder::Bottom
        );
    }

    #[test]
    fn a_rate_varies_unless_it_is_the_clocks_or_a_whole_part_of_it() {
        let rate = |fps, tbr| {
            let video = picture(&format!("h264, yuv420p(progressive), 8x8, {fps} fps, {tbr} tbr"));
            (video.varies, video.rate.value())
        };
        assert_eq!(rate("17.07", "30"), (true, 17.07));
        assert_eq!(rate("29.8", "30"), (true, 29.8));
        assert_eq!(
            rate("29.98", "29.97"),
            (false, 30000.0 / 1001.0),
            "the last frame is shown a little shorter"
        );
        assert_eq!(rate("25", "50"), (false, 25.0), "fields");
        assert_eq!(rate("240", "240"), (false, 240.0));
    }

    #[test]
    fn a_late_sound_has_its_start() {
        let media = parse(
            "Input #0, mov,mp4, from 'a':
               Stream #0:0(und): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, 5.1, fltp, 127 kb/s, start 1.478667 (default)",
        )
        .unwrap();
        assert_eq!((media.audio[0].start, media.audio[0].channels), (1.478667, 6));
        assert_eq!(media.film(), super::super::Film { picture: None, sound_starts: Some(1.478667) });
        let broadcast = parse(
            "Input #0, mpegts, from 'a':
               Duration: 00:00:04.00, start: 1.400000, bitrate: 288 kb/s
               Stream #0:0[0x100]: Audio: aac (LC), 48000 Hz, stereo, fltp, start 1.400000
               Stream #0:1[0x101]: Video: h264 (High), yuv420p(progressive), 416x234, 30 fps, 30 tbr, start 1.466667",
        );
        let starts = broadcast.unwrap().film().sound_starts.unwrap();
        assert!((starts + 0.066667).abs() < 1e-9, "{starts}");
    }
}
