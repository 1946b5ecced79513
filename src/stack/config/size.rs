//! A size in bytes, written `20GiB`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::reader::{Scalar, Wrong};
use super::tree::Text;
use super::values::split;

/// The unit that a [`Size`] was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeUnit {
    /// 2^20 bytes.
    Mebi,
    /// 2^30 bytes.
    Gibi,
    /// 2^40 bytes.
    Tebi,
}

impl SizeUnit {
    const ALL: [Self; 3] = [Self::Mebi, Self::Gibi, Self::Tebi];

    /// The unit in a stack file.
    const fn word(self) -> &'static str {
        match self {
            Self::Mebi => "MiB",
            Self::Gibi => "GiB",
            Self::Tebi => "TiB",
        }
    }

    const fn bytes(self) -> u64 {
        match self {
            Self::Mebi => 1 << 20,
            Self::Gibi => 1 << 30,
            Self::Tebi => 1 << 40,
        }
    }
}

/// A size in bytes; it prints as it was written.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^[0-9]+(MiB|GiB|TiB)$"), description = "A size with its unit, such as 500MiB or 20GiB.")]
pub struct Size {
    count: u32,
    unit: SizeUnit,
}

impl Size {
    /// `count` times `unit`.
    pub const fn new(count: u32, unit: SizeUnit) -> Self {
        Self { count, unit }
    }

    /// The number of whole mebibytes.
    pub const fn mebibytes(self) -> u64 {
        self.bytes() / SizeUnit::Mebi.bytes()
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.count as u64 * self.unit.bytes()
    }
}

/// Compared by bytes: `1024MiB` equals `1GiB`, so writing it differently is not a change.
impl PartialEq for Size {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Size {}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit.word())
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Scalar for Size {
    const EXAMPLE: &'static str = "20GiB";

    fn scalar(text: &Text) -> Result<Self, Wrong> {
        let help = "a whole number with the unit MiB, GiB or TiB, such as 500MiB or 20GiB";
        if let Some(whole) = whole_mebibytes(&text.text) {
            return Err(Wrong::new("is not a whole number", format!("did you mean {whole}?"), help));
        }
        let Some((count, written)) = split(&text.text) else {
            return Err(Wrong::new("is not a size", "not a number with a unit", help));
        };
        if written.starts_with('.') {
            return Err(Wrong::new("is not a whole number", "a fraction", help));
        }
        if let Some(unit) = SizeUnit::ALL.into_iter().find(|unit| unit.word() == written) {
            return Ok(Self { count, unit });
        }
        let first = written.trim().chars().next().map(|first| first.to_ascii_uppercase());
        let meant = SizeUnit::ALL.into_iter().find(|unit| unit.word().chars().next() == first);
        let label = match (meant, written) {
            (Some(meant), _) => format!("did you mean {count}{}?", meant.word()),
            (None, "") => format!("no unit: did you mean {count}GiB?"),
            (None, other) => format!("`{}` is not an allowed unit", other.trim()),
        };
        Err(Wrong::new("must be in MiB, GiB or TiB", label, help))
    }
}

/// A fraction such as `1.5GiB` in mebibytes, if they are whole.
fn whole_mebibytes(text: &str) -> Option<Size> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.')?);
    let unit = SizeUnit::ALL.into_iter().find(|one| one.word() == unit)?;
    let (whole, part) = number.split_once('.')?;
    let tenths = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
    let count = format!("{whole}{part}").parse::<u64>().ok()?;
    let bytes = count.checked_mul(unit.bytes())?;
    let mebibyte = tenths.checked_mul(SizeUnit::Mebi.bytes())?;
    let exact = bytes > 0 && bytes.is_multiple_of(mebibyte);
    exact
        .then(|| u32::try_from(bytes / mebibyte).ok())
        .flatten()
        .map(|count| Size::new(count, SizeUnit::Mebi))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Size, Wrong> {
        Size::scalar(&Text { text: text.to_owned(), plain: true })
    }

    #[test]
    fn a_size_prints_as_it_was_written() {
        for (written, bytes) in
            [("500MiB", 524_288_000), ("20GiB", 21_474_836_480), ("5TiB", 5_497_558_138_880)]
        {
            let size = read(written).unwrap();
            assert_eq!((size.to_string().as_str(), size.bytes()), (written, bytes));
        }
        assert_eq!(read("1024MiB").unwrap(), Size::new(1, SizeUnit::Gibi));
    }

    #[test]
    fn a_fraction_is_offered_in_whole_mebibytes() {
        for (written, meant) in
            [("1.5GiB", Some("1536MiB")), ("0.25TiB", Some("262144MiB")), ("2.0MiB", Some("2MiB"))]
                .into_iter()
                .chain(
                    ["1.5MiB", "0.0GiB", "1.3GiB", "1.GiB.", "1.5GB", ".GiB", "99999999999.5TiB"]
                        .map(|other| (other, None)),
                )
        {
            assert_eq!(whole_mebibytes(written).map(|size| size.to_string()).as_deref(), meant, "{written}");
            assert!(read(written).is_err(), "{written}");
        }
    }

    #[test]
    fn other_units_signs_and_fractions_are_refused() {
        for wrong in
            ["20", "20GB", "20G", "20 GiB", "20gib", "1.5GiB", "-1GiB", "GiB", "4294967296GiB", "1KiB", ""]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
