//! Single values with a unit or a fixed set of words: durations, switches, numbers, choices.

use std::fmt;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::reader::{Scalar, Wrong};
use super::tree::Text;

/// A whole number of days, written `30d`: the unit of S3 lifecycles and log retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^[0-9]+d$"), description = "A number of days, such as 30d.")]
pub struct Days(u32);

impl Days {
    /// `days` days.
    pub const fn new(days: u32) -> Self {
        Self(days)
    }

    /// How many days.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d", self.0)
    }
}

impl Serialize for Days {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Scalar for Days {
    const EXAMPLE: &'static str = "30d";

    fn scalar(text: &Text) -> Result<Self, Wrong> {
        let help = "a whole number of days, such as 7d or 30d";
        match split(&text.text) {
            Some((count, "d")) => Ok(Self(count)),
            Some((count, unit)) => Err(unit_wrong("must be in days", count, unit, "d", help)),
            None => Err(Wrong::new("is not a number of days", "not a number with the unit d", help)),
        }
    }
}

/// The unit that a [`Period`] was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
}

/// A short time, written `6s`, `10m` or `2h`; it prints as it was written.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^[0-9]+[smh]$"), description = "A time with its unit, such as 6s, 10m or 2h.")]
pub struct Period {
    count: u32,
    unit: TimeUnit,
}

impl Period {
    /// `count` times `unit`.
    pub const fn new(count: u32, unit: TimeUnit) -> Self {
        Self { count, unit }
    }

    /// `count` seconds.
    pub const fn from_seconds(count: u32) -> Self {
        Self::new(count, TimeUnit::Second)
    }

    /// Its length in seconds.
    pub const fn seconds(self) -> u64 {
        let factor = match self.unit {
            TimeUnit::Second => 1,
            TimeUnit::Minute => 60,
            TimeUnit::Hour => 3600,
        };
        self.count as u64 * factor
    }
}

/// Compared by length: `60s` equals `1m`, so writing it differently is not a change.
impl PartialEq for Period {
    fn eq(&self, other: &Self) -> bool {
        self.seconds() == other.seconds()
    }
}

impl Eq for Period {}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            TimeUnit::Second => 's',
            TimeUnit::Minute => 'm',
            TimeUnit::Hour => 'h',
        };
        write!(f, "{}{unit}", self.count)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Scalar for Period {
    const EXAMPLE: &'static str = "6s";

    fn scalar(text: &Text) -> Result<Self, Wrong> {
        let help = "a whole number with the unit s, m or h, such as 6s, 10m or 2h";
        let unit = match split(&text.text) {
            Some((_, "s")) => TimeUnit::Second,
            Some((_, "m")) => TimeUnit::Minute,
            Some((_, "h")) => TimeUnit::Hour,
            Some((count, unit)) => {
                return Err(unit_wrong("must be in seconds, minutes or hours", count, unit, "s", help));
            }
            None => return Err(Wrong::new("is not a time", "not a number with a unit", help)),
        };
        let count = split(&text.text).map_or(0, |(count, _)| count);
        Ok(Self { count, unit })
    }
}

/// Splits `30d` into 30 and `d`; `None` without leading digits, or with too many.
pub(super) fn split(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let count = text[..digits].parse().ok()?;
    Some((count, &text[digits..]))
}

fn unit_wrong(says: &str, count: u32, unit: &str, suggestion: &str, help: &str) -> Wrong {
    let label = if unit.is_empty() {
        format!("no unit: did you mean {count}{suggestion}?")
    } else {
        format!("`{}` is not an allowed unit", unit.trim())
    };
    Wrong::new(says, label, help)
}

impl Scalar for bool {
    const EXAMPLE: &'static str = "true";

    fn scalar(text: &Text) -> Result<Self, Wrong> {
        match (text.plain, text.text.as_str()) {
            (true, "true") => Ok(true),
            (true, "false") => Ok(false),
            (false, "true" | "false") => {
                Err(Wrong::new("must be true or false", "this is text", "remove the quotes"))
            }
            _ => Err(Wrong::new("must be true or false", "neither true nor false", "allowed: true, false")),
        }
    }
}

impl Scalar for u32 {
    const EXAMPLE: &'static str = "1080";

    fn scalar(text: &Text) -> Result<Self, Wrong> {
        let digits =
            text.plain && !text.text.is_empty() && text.text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.text.parse().ok()).flatten();
        number.ok_or_else(|| {
            Wrong::new("must be a whole number", "not a whole number", "digits only, without unit and quotes")
        })
    }
}

/// The text of a scalar. Text that YAML reads as a number, a boolean or nothing must be quoted.
pub(super) fn text(text: &Text) -> Result<&str, Wrong> {
    let kind = match text.text.as_str() {
        _ if !text.plain => return Ok(&text.text),
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => "a boolean",
        number if is_number(number) => "a number",
        plain => return Ok(plain),
    };
    let help = format!("write it in quotes: \"{}\"", text.text);
    Err(Wrong::new("must be text", format!("YAML reads {kind} here"), help))
}

/// True if YAML 1.2 reads a plain scalar as a number.
fn is_number(text: &str) -> bool {
    let prefixed = ["0x", "0o"].iter().any(|prefix| text.starts_with(prefix));
    let starts = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    prefixed || matches!(text, ".inf" | "-.inf" | ".nan") || starts && text.parse::<f64>().is_ok()
}

/// Declares an enum that is written as one of a few words, with its schema, display and reader.
macro_rules! choices {
    ($(#[$attribute:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// The word for it in a stack file.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::stack::config::reader::Scalar for $name {
            const EXAMPLE: &'static str = [$($word),+][0];

            fn scalar(text: &$crate::stack::config::tree::Text) -> Result<Self, $crate::stack::config::reader::Wrong> {
                match text.text.as_str() {
                    $($word => Ok(Self::$variant),)+
                    other => Err($crate::stack::config::values::no_choice(other, &[$($word),+])),
                }
            }
        }
    };
}
pub(super) use choices;

/// Other names for the same choice that are spelled too differently to be suggested by similarity.
const SYNONYMS: [(&str, &str); 4] =
    [("amd64", "x86_64"), ("x64", "x86_64"), ("intel", "x86_64"), ("aarch64", "arm64")];

/// The message for a word that is not in `words`.
pub(super) fn no_choice(word: &str, words: &[&str]) -> Wrong {
    let synonym = SYNONYMS.iter().find(|(other, meant)| *other == word && words.contains(meant));
    let near = synonym.map(|(_, meant)| *meant).or_else(|| super::reader::nearest(word, words));
    let label =
        near.map_or_else(|| "not one of the choices".to_owned(), |near| format!("did you mean `{near}`?"));
    Wrong::new(format!("cannot be `{word}`"), label, format!("allowed: {}", words.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Text {
        Text { text: text.to_owned(), plain: true }
    }

    #[test]
    fn durations_print_as_they_were_written() {
        for written in ["0d", "30d", "36500d"] {
            assert_eq!(Days::scalar(&plain(written)).unwrap().to_string(), written);
        }
        for (written, seconds) in [("6s", 6), ("10m", 600), ("2h", 7200)] {
            let period = Period::scalar(&plain(written)).unwrap();
            assert_eq!((period.to_string().as_str(), period.seconds()), (written, seconds));
        }
    }

    #[test]
    fn a_respelled_period_is_the_same() {
        assert_eq!(Period::new(1, TimeUnit::Minute), Period::from_seconds(60));
        assert_ne!(Period::new(1, TimeUnit::Minute), Period::from_seconds(61));
    }

    #[test]
    fn other_units_signs_and_fractions_are_refused() {
        for wrong in ["30", "30 d", "30D", "d", "-1d", "1.5d", "4294967296d", "1w", ""] {
            assert!(Days::scalar(&plain(wrong)).is_err(), "{wrong}");
        }
        for wrong in ["6", "6S", "6sec", "1d", "-6s", "0.5h", "１s"] {
            assert!(Period::scalar(&plain(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_yaml_takes_for_something_else_is_no_text() {
        for wrong in ["true", "12", "-1.5", "1e3", "0x1f", "0o17", ".inf"] {
            assert!(text(&plain(wrong)).is_err(), "{wrong}");
        }
        for right in ["media", "1.2.3", "12a", "yes", "-"] {
            assert_eq!(text(&plain(right)).unwrap(), right);
        }
    }
}
