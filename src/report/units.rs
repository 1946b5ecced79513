//! Numbers with the units in which a stack file writes them: `30d`, `6s`, `10m`, `8.5M`.

/// What a property counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Seconds,
    Days,
    Mebibytes,
    BitsPerSecond,
}

/// The last names of the paths of properties with a unit, and the unit. AWS documents it with each type.
const UNITS: &[(&str, Unit)] = &[
    ("AccessControlMaxAgeSec", Unit::Seconds),
    ("ConnectionTimeout", Unit::Seconds),
    ("DaysAfterInitiation", Unit::Days),
    ("DefaultTTL", Unit::Seconds),
    ("ErrorCachingMinTTL", Unit::Seconds),
    ("ExpirationInDays", Unit::Days),
    ("MaxAge", Unit::Seconds),
    ("MaxBitrate", Unit::BitsPerSecond),
    ("MaxTTL", Unit::Seconds),
    ("MaximumEventAgeInSeconds", Unit::Seconds),
    ("MemorySize", Unit::Mebibytes),
    ("MessageRetentionPeriod", Unit::Seconds),
    ("MinTTL", Unit::Seconds),
    ("NoncurrentDays", Unit::Days),
    ("Period", Unit::Seconds),
    ("RetentionInDays", Unit::Days),
    ("SegmentLength", Unit::Seconds),
    ("EphemeralStorage.Size", Unit::Mebibytes),
    ("Timeout", Unit::Seconds),
    ("TransitionInDays", Unit::Days),
    ("VisibilityTimeout", Unit::Seconds),
];

/// A number at this path with its unit, or nothing if it has none.
pub(super) fn with_unit(path: &str, number: i64) -> Option<String> {
    let named =
        |name: &str| path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let (_, unit) = UNITS.iter().find(|(name, _)| named(name))?;
    Some(match unit {
        Unit::Seconds => duration(number),
        Unit::Days => format!("{number}d"),
        Unit::Mebibytes => format!("{number} MiB"),
        Unit::BitsPerSecond => bits(number),
    })
}

/// Seconds in the largest unit that divides them.
fn duration(seconds: i64) -> String {
    match seconds {
        0 => "0s".to_owned(),
        days if days % 86_400 == 0 => format!("{}d", days / 86_400),
        hours if hours % 3_600 == 0 => format!("{}h", hours / 3_600),
        minutes if minutes % 60 == 0 => format!("{}m", minutes / 60),
        seconds => format!("{seconds}s"),
    }
}

/// Bits per second as a stack file writes them.
fn bits(number: i64) -> String {
    match number {
        millions if millions >= 1_000_000 && millions % 100_000 == 0 => {
            format!("{}M", millions as f64 / 1_000_000.0)
        }
        thousands if thousands % 1_000 == 0 => format!("{}k", thousands / 1_000),
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_the_stack_file() {
        let read = |path, number| with_unit(path, number).unwrap_or_default();
        assert_eq!(read("Timeout", 900), "15m");
        assert_eq!(read("Timeout", 90), "90s");
        assert_eq!(read("CachePolicyConfig.DefaultTTL", 86_400), "1d");
        assert_eq!(read("LifecycleConfiguration.Rules[x].ExpirationInDays", 30), "30d");
        assert_eq!(read("MemorySize", 512), "512 MiB");
        assert_eq!(read("A.H264Settings.MaxBitrate", 8_500_000), "8.5M");
        assert_eq!(read("A.H264Settings.MaxBitrate", 145_000), "145k");
        assert_eq!(read("EphemeralStorage.Size", 512), "512 MiB");
        assert_eq!(with_unit("NotATimeout", 3), None);
        assert_eq!(with_unit("BatchSize", 3), None);
    }
}
