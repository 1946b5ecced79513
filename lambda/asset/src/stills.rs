//! The still pictures of a run in a few words: their addresses are numbered, so `asset.json` need not list them.

use serde::{Deserialize, Serialize};

/// The place of the number in [`Stills::pattern`].
const NUMBER: &str = "{number}";

/// Still pictures whose addresses differ in a number only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stills {
    /// The address of each, with `{number}` for its number.
    pub pattern: String,
    /// How many digits a number has, with zeros in front.
    pub digits: usize,
    /// The number of the first one.
    pub first: usize,
    /// How many there are.
    pub count: usize,
}

impl Stills {
    /// The stills with these addresses. `None` if there are none, or if they are not numbered one after the other.
    #[must_use]
    pub fn of(addresses: &[String]) -> Option<Self> {
        let first = addresses.first()?;
        let end = first.rfind(|char: char| char.is_ascii_digit())? + 1;
        let start = first[..end].rfind(|char: char| !char.is_ascii_digit()).map_or(0, |before| before + 1);
        let stills = Self {
            pattern: format!("{}{NUMBER}{}", &first[..start], &first[end..]),
            digits: end - start,
            first: first[start..end].parse().ok()?,
            count: addresses.len(),
        };
        stills.addresses().eq(addresses.iter().cloned()).then_some(stills)
    }

    /// The address of each, in order of time.
    pub fn addresses(&self) -> impl Iterator<Item = String> {
        let numbers = self.first..self.first.saturating_add(self.count);
        numbers.map(|number| self.pattern.replace(NUMBER, &format!("{number:0width$}", width = self.digits)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(numbers: impl Iterator<Item = usize>) -> Vec<String> {
        numbers.map(|number| format!("84f650dfd5d5/thumbnails/frame.{number:07}.jpg")).collect()
    }

    #[test]
    fn numbered_pictures_are_told_by_a_pattern() {
        let all = frames(0..3_600);
        let stills = Stills::of(&all).expect("they are numbered");
        assert_eq!(stills.pattern, "84f650dfd5d5/thumbnails/frame.{number}.jpg");
        assert_eq!((stills.digits, stills.first, stills.count), (7, 0, 3_600));
        assert_eq!(stills.addresses().collect::<Vec<_>>(), all);
        assert_eq!(Stills::of(&frames(5..7)).map(|stills| stills.first), Some(5));
    }

    #[test]
    fn others_have_no_pattern() {
        assert_eq!(Stills::of(&[]), None);
        assert_eq!(Stills::of(&frames([0, 2].into_iter())), None);
        assert_eq!(Stills::of(&["a/{number}/0.jpg".to_owned()]), None);
        assert_eq!(Stills::of(&["no digit".to_owned()]), None);
    }
}
