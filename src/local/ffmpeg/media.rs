//! What is in a media file: its container, its picture and its sounds.

/// A media file.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Media {
    /// ffmpeg's names of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    pub(in super::super) format: String,
    /// In seconds.
    pub(in super::super) duration: Option<f64>,
    /// In bits a second.
    pub(in super::super) bitrate: Option<u64>,
    /// The first picture stream.
    pub(in super::super) video: Option<Video>,
    /// Every sound stream.
    pub(in super::super) audio: Vec<Audio>,
}

/// A picture stream.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Video {
    pub(in super::super) index: u32,
    /// ffmpeg's name: `h264`, `hevc`, …
    pub(in super::super) codec: String,
    pub(in super::super) pixels: String,
    /// As stored, before a rotation.
    pub(in super::super) width: u32,
    pub(in super::super) height: u32,
    /// How wide a stored sample is shown, for each unit of height.
    pub(in super::super) sample: (u32, u32),
    pub(in super::super) color: ColorTags,
    pub(in super::super) order: FieldOrder,
    /// The average, if the rate varies.
    pub(in super::super) rate: Rate,
    /// Whether the time between frames varies.
    pub(in super::super) varies: bool,
    /// Degrees clockwise that the file says to turn the picture by.
    pub(in super::super) rotation: i32,
    /// When it begins, in seconds from the beginning of the file.
    pub(in super::super) start: f64,
    /// In seconds, if the file says so for this stream.
    pub(in super::super) duration: Option<f64>,
}

/// ffmpeg's names of a picture's colors. `None` is not specified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColorTags {
    /// Which colors the primaries are: `bt709`, `bt2020`, …
    pub primaries: Option<String>,
    /// Which light a value is: `bt709`, `smpte2084` (PQ), `arib-std-b67` (HLG), …
    pub transfer: Option<String>,
    /// How brightness and color are made of red, green and blue: `bt709`, `bt2020nc`, …
    pub matrix: Option<String>,
}

/// Whether frames are whole, or which of their fields is shown first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) enum FieldOrder {
    /// Frames are whole, or the file does not say.
    #[default]
    Progressive,
    Top,
    Bottom,
}

/// A sound stream.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Audio {
    pub(in super::super) index: u32,
    /// ffmpeg's name: `aac`, `ac3`, …
    pub(in super::super) codec: String,
    pub(in super::super) rate: u32,
    pub(in super::super) channels: u32,
    /// ISO 639-2, `und` where the file does not say.
    pub(in super::super) language: String,
    /// When it begins, in seconds from the beginning of the file.
    pub(in super::super) start: f64,
    /// In seconds, if the file says so for this stream.
    pub(in super::super) duration: Option<f64>,
}

/// Frames a second, exactly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Rate {
    pub(in super::super) numerator: u32,
    pub(in super::super) denominator: u32,
}

impl Rate {
    /// ffmpeg prints rates rounded; those a hair under a whole number are NTSC's thousand-and-oneths.
    pub(super) fn from_printed(printed: f64) -> Self {
        let whole = printed.round();
        if (printed - whole * 1000.0 / 1001.0).abs() < 0.006 && (printed - whole).abs() > 0.004 {
            return Self { numerator: whole as u32 * 1000, denominator: 1001 };
        }
        if (printed - whole).abs() < 0.004 {
            return Self { numerator: whole as u32, denominator: 1 };
        }
        Self { numerator: (printed * 1000.0).round() as u32, denominator: 1000 }
    }

    /// As a number.
    pub(in super::super) fn value(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

impl Film {
    /// Reads what ffmpeg prints of an input. `None` if it has neither a picture nor sound.
    pub fn printed(text: &str) -> Option<Self> {
        super::parse::parse(text).map(|media| media.film())
    }
}

impl Media {
    /// Sets the lengths of the streams, by their order in the file.
    pub(super) fn set_lengths(&mut self, lengths: &[f64]) {
        let of = |index: u32| lengths.get(usize::try_from(index).ok()?).copied();
        if let Some(video) = &mut self.video {
            video.duration = of(video.index);
        }
        for audio in &mut self.audio {
            audio.duration = of(audio.index);
        }
    }

    pub(super) fn film(&self) -> Film {
        let video = self.video.as_ref();
        let picture = video.map_or(0.0, |video| video.start);
        Film {
            picture: video.map(Video::shown),
            sound_starts: self.audio.first().map(|audio| audio.start - picture),
        }
    }
}

impl Video {
    fn shown(&self) -> Shown {
        Shown { size: self.displayed(), sample: self.sample, color: self.color.clone() }
    }

    /// Width and height as shown: with square samples, and turned as the file says.
    pub(in super::super) fn displayed(&self) -> (f64, f64) {
        let (width, height) = self.stretched();
        if self.rotation % 180 == 0 { (width, height) } else { (height, width) }
    }

    /// Width and height with square samples, not turned.
    pub(in super::super) fn stretched(&self) -> (f64, f64) {
        let (across, down) = self.sample;
        (f64::from(self.width) * f64::from(across) / f64::from(down), f64::from(self.height))
    }
}

/// What a viewer of a file sees and hears.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Film {
    /// Its picture, if it has one.
    pub picture: Option<Shown>,
    /// How many seconds after the picture the sound begins, if there is a sound.
    pub sound_starts: Option<f64>,
}

/// A picture as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Width and height with square samples, turned as the file says.
    pub size: (f64, f64),
    /// How wide a stored sample is shown, for each unit of height.
    pub sample: (u32, u32),
    /// What its samples mean.
    pub color: ColorTags,
}
