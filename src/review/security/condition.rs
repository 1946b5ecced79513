//! Whether one set of conditions is only met if another one is met too.
//!
//! Follows the IAM user guide, "IAM JSON policy elements: Condition operators". If two conditions cannot be compared,
//! the answer is that they do not imply each other: a change is then shown and not missed.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::pattern;
use crate::model::{Conditions, StringExpr};

/// Whether everything that meets `strong` meets `weak`.
pub(super) fn implies(strong: &Conditions, weak: &Conditions) -> bool {
    each(weak).all(|(operator, key, values)| implied(strong, operator, key, values))
}

/// Every condition of `before` that `after` does not imply, in words.
pub(super) fn loosened(before: &Conditions, after: &Conditions) -> Vec<String> {
    let loose = each(before).filter(|(operator, key, values)| !implied(after, operator, key, values));
    loose
        .map(|(operator, key, values)| {
            let now = after.get(operator).and_then(|keys| keys.get(key));
            let Some(now) = now else { return format!("no longer requires {operator} {key}") };
            let negated = Operator::parse(operator).negated();
            let (verb, moved) = if negated {
                ("no longer excludes", values.difference(now))
            } else {
                ("is also met by", now.difference(values))
            };
            let moved: Vec<String> = moved.map(super::show::input).collect();
            format!("{operator} {key} {verb} {}", moved.join(", "))
        })
        .collect()
}

/// Every condition of `after` that `before` does not imply: the new restrictions, in words.
pub(super) fn tightened(before: &Conditions, after: &Conditions) -> Vec<String> {
    each(after)
        .filter(|(operator, key, values)| !implied(before, operator, key, values))
        .map(|(operator, key, values)| {
            format!("now only if {}", super::show::condition(operator, key, values))
        })
        .collect()
}

fn each(conditions: &Conditions) -> impl Iterator<Item = (&String, &String, &BTreeSet<StringExpr>)> {
    let keys = |(operator, keys)| std::iter::repeat(operator).zip(keys);
    conditions.iter().flat_map(keys).map(|(operator, (key, values))| (operator, key, values))
}

fn implied(strong: &Conditions, operator: &str, key: &str, values: &BTreeSet<StringExpr>) -> bool {
    let weak = Operator::parse(operator);
    let texts = |values: &BTreeSet<StringExpr>| values.iter().map(StringExpr::text).collect::<Vec<_>>();
    each(strong)
        .filter(|(_, other, _)| *other == key)
        .any(|(operator, _, found)| Operator::parse(operator).implies(&texts(found), &weak, &texts(values)))
}

/// A condition operator, taken apart.
#[derive(Clone, Debug, PartialEq)]
struct Operator<'a> {
    /// `ForAllValues` or `ForAnyValue`.
    quantifier: Option<&'a str>,
    family: Family<'a>,
    if_exists: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Family<'a> {
    Text {
        negated: bool,
        fold: bool,
        wild: bool,
    },
    Arn {
        negated: bool,
    },
    Ip {
        negated: bool,
    },
    /// Numbers and dates.
    Order(Order),
    /// All others are only compared with themselves: `Bool`, `Null`, `BinaryEquals`.
    Exact(&'a str),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    Equal,
    NotEqual,
    Less { or_equal: bool },
    Greater { or_equal: bool },
}

impl<'a> Operator<'a> {
    fn parse(text: &'a str) -> Self {
        let (quantifier, name) = match text.split_once(':') {
            Some((quantifier, name)) => (Some(quantifier), name),
            None => (None, text),
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        Self { quantifier, family: Family::parse(name), if_exists }
    }

    fn negated(&self) -> bool {
        matches!(
            self.family,
            Family::Text { negated: true, .. }
                | Family::Arn { negated: true }
                | Family::Ip { negated: true }
                | Family::Order(Order::NotEqual)
        )
    }

    /// Whether a key that meets this operator with `values` meets the other with `others`.
    fn implies(&self, values: &[String], weak: &Self, others: &[String]) -> bool {
        // An absent key meets a negated operator.
        let absent_is_no_matter = !self.if_exists || weak.if_exists || weak.negated();
        self.quantifier == weak.quantifier
            && absent_is_no_matter
            && self.family.implies(values, &weak.family, others)
    }
}

impl<'a> Family<'a> {
    fn parse(name: &'a str) -> Self {
        let text = |negated, fold, wild| Self::Text { negated, fold, wild };
        match name {
            "StringEquals" => text(false, false, false),
            "StringNotEquals" => text(true, false, false),
            "StringEqualsIgnoreCase" => text(false, true, false),
            "StringNotEqualsIgnoreCase" => text(true, true, false),
            "StringLike" => text(false, false, true),
            "StringNotLike" => text(true, false, true),
            "ArnEquals" | "ArnLike" => Self::Arn { negated: false },
            "ArnNotEquals" | "ArnNotLike" => Self::Arn { negated: true },
            "IpAddress" => Self::Ip { negated: false },
            "NotIpAddress" => Self::Ip { negated: true },
            _ => Order::parse(name).map_or(Self::Exact(name), Self::Order),
        }
    }

    fn implies(&self, values: &[String], weak: &Family<'_>, others: &[String]) -> bool {
        let within = |inner: &[String], outer: &[String], covers: &dyn Fn(&str, &str) -> bool| {
            inner.iter().all(|inner| outer.iter().any(|outer| covers(outer, inner)))
        };
        match (self, weak) {
            (Self::Text { negated: false, .. }, Family::Text { negated: false, .. })
            | (Self::Arn { negated: false }, Family::Text { negated: false, .. })
            | (Self::Text { negated: false, .. }, Family::Arn { negated: false })
            | (Self::Arn { negated: false }, Family::Arn { negated: false }) => {
                within(values, others, &|outer, inner| weak.covers(outer, self, inner))
            }
            (Self::Text { negated: true, .. }, Family::Text { negated: true, .. })
            | (Self::Arn { negated: true }, Family::Arn { negated: true }) => {
                within(others, values, &|outer, inner| self.covers(outer, weak, inner))
            }
            (Self::Ip { negated: false }, Family::Ip { negated: false }) => {
                within(values, others, &ip_covers)
            }
            (Self::Ip { negated: true }, Family::Ip { negated: true }) => within(others, values, &ip_covers),
            (Self::Order(strong), Family::Order(weak)) => strong.implies(values, *weak, others),
            (Self::Exact(one), Family::Exact(other)) => {
                let fold = ["Bool", "Null"].contains(one);
                let same = |outer: &str, inner: &str| {
                    if fold { outer.eq_ignore_ascii_case(inner) } else { outer == inner }
                };
                one == other && within(values, others, &same)
            }
            _ => false,
        }
    }

    /// Whether every value that meets `inner` under the other operator meets `outer` under this one.
    fn covers(&self, outer: &str, other: &Family<'_>, inner: &str) -> bool {
        let plain = |text: &str| !text.contains(['*', '?']);
        let inner_is_plain = matches!(other, Family::Text { wild: false, .. }) || plain(inner);
        match self {
            Self::Arn { .. } => {
                // A wildcard of `StringLike` also matches colons, one of `ArnLike` does not.
                (inner_is_plain || matches!(other, Family::Arn { .. })) && arn_covers(outer, inner)
            }
            Self::Text { fold, wild, .. } => {
                let folded = matches!(other, Family::Text { fold: true, .. });
                let (outer, inner) = if *fold {
                    (outer.to_lowercase(), inner.to_lowercase())
                } else {
                    (outer.to_owned(), inner.to_owned())
                };
                let covered =
                    if *wild { pattern::covers(&outer, &inner) } else { inner_is_plain && outer == inner };
                (*fold || !folded) && covered
            }
            _ => false,
        }
    }
}

/// Compares ARNs part by part. Only the last of their six parts may have colons.
fn arn_covers(outer: &str, inner: &str) -> bool {
    let parts = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    let (wide, narrow) = (parts(outer), parts(inner));
    outer == "*"
        || wide.len() == narrow.len()
            && wide.iter().zip(&narrow).all(|(wide, narrow)| pattern::covers(wide, narrow))
}

/// Whether a network contains another.
fn ip_covers(outer: &str, inner: &str) -> bool {
    let network = |text: &str| -> Option<(u128, u32, u32)> {
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        let (bits, size) = match address.parse().ok()? {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        let length: u32 = length.map_or(Some(size), |length| length.parse().ok())?;
        (length <= size).then_some((bits, length, size))
    };
    let (Some((wide, length, size)), Some((narrow, longer, same))) = (network(outer), network(inner)) else {
        return outer == inner;
    };
    let prefix = |bits: u128| bits.checked_shr(size - length).unwrap_or_default();
    size == same && length <= longer && prefix(wide) == prefix(narrow)
}

impl Order {
    /// The order of a `Numeric…` or `Date…` operator. Dates in the same format compare as text.
    fn parse(name: &str) -> Option<Self> {
        let order = name.strip_prefix("Numeric").or_else(|| name.strip_prefix("Date"))?;
        Some(match order {
            "Equals" => Self::Equal,
            "NotEquals" => Self::NotEqual,
            "LessThan" => Self::Less { or_equal: false },
            "LessThanEquals" => Self::Less { or_equal: true },
            "GreaterThan" => Self::Greater { or_equal: false },
            "GreaterThanEquals" => Self::Greater { or_equal: true },
            _ => return None,
        })
    }

    fn implies(self, values: &[String], weak: Self, others: &[String]) -> bool {
        let is = |value: &str, order: fn(std::cmp::Ordering) -> bool| {
            others.iter().any(|other| compare(value, other).is_some_and(order))
        };
        // One value is enough to meet the strong condition, so each alone must imply the weak one.
        let all = |order: fn(std::cmp::Ordering) -> bool| values.iter().all(|value| is(value, order));
        match (self, weak) {
            (Self::Equal, Self::Equal) => all(std::cmp::Ordering::is_eq),
            (Self::NotEqual, Self::NotEqual) => others.iter().all(|other| values.contains(other)),
            (Self::Less { or_equal: true } | Self::Equal, Self::Less { or_equal: false }) => {
                all(std::cmp::Ordering::is_lt)
            }
            (Self::Less { .. } | Self::Equal, Self::Less { .. }) => all(std::cmp::Ordering::is_le),
            (Self::Greater { or_equal: true } | Self::Equal, Self::Greater { or_equal: false }) => {
                all(std::cmp::Ordering::is_gt)
            }
            (Self::Greater { .. } | Self::Equal, Self::Greater { .. }) => all(std::cmp::Ordering::is_ge),
            _ => false,
        }
    }
}

fn compare(one: &str, other: &str) -> Option<std::cmp::Ordering> {
    if let (Ok(one), Ok(other)) = (one.parse::<f64>(), other.parse::<f64>()) {
        return one.partial_cmp(&other);
    }
    let utc = |text: &str| text.ends_with('Z') && text.contains('T');
    (one == other || one.len() == other.len() && utc(one) && utc(other)).then(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(operator: &str, values: &[&str]) -> Conditions {
        let values = values.iter().map(|value| StringExpr::from(*value)).collect();
        [(operator.to_owned(), [("key".to_owned(), values)].into())].into()
    }

    #[test]
    fn a_condition_implies_another_as_aws_evaluates_them() {
        type One<'a> = (&'a str, &'a [&'a str]);
        let cases: &[(One<'_>, One<'_>, bool)] = &[
            (("StringEquals", &["a"]), ("StringEquals", &["a", "b"]), true),
            (("StringEquals", &["a", "b"]), ("StringEquals", &["a"]), false),
            (("StringEquals", &["a1"]), ("StringLike", &["a*"]), true),
            (("StringLike", &["a*"]), ("StringEquals", &["a*"]), false),
            (("StringLike", &["a"]), ("StringEquals", &["a"]), true),
            (("StringLike", &["ab*"]), ("StringLike", &["a*"]), true),
            (("StringLike", &["a*"]), ("StringLike", &["ab*"]), false),
            (("StringEquals", &["A"]), ("StringEqualsIgnoreCase", &["a"]), true),
            (("StringEqualsIgnoreCase", &["a"]), ("StringEquals", &["a"]), false),
            (("StringNotEquals", &["a", "b"]), ("StringNotEquals", &["a"]), true),
            (("StringNotEquals", &["a"]), ("StringNotEquals", &["a", "b"]), false),
            (("StringNotLike", &["a*"]), ("StringNotEquals", &["ab"]), true),
            (("StringNotEquals", &["ab"]), ("StringNotLike", &["a*"]), false),
            (("StringEquals", &["a"]), ("StringEqualsIfExists", &["a"]), true),
            (("StringEqualsIfExists", &["a"]), ("StringEquals", &["a"]), false),
            (("StringNotEqualsIfExists", &["a"]), ("StringNotEquals", &["a"]), true),
            (("ForAnyValue:StringEquals", &["a"]), ("StringEquals", &["a"]), false),
            (("ForAnyValue:StringEquals", &["a"]), ("ForAnyValue:StringEquals", &["a", "b"]), true),
            (("ArnLike", &["arn:aws:s3:::a"]), ("ArnLike", &["arn:aws:s3:::*"]), true),
            (("ArnLike", &["arn:aws:s3:::*"]), ("ArnLike", &["arn:aws:s3:::a"]), false),
            (("ArnEquals", &["arn:aws:s3:::a*"]), ("ArnLike", &["arn:aws:s3:::a*"]), true),
            (("ArnLike", &["arn:aws:s3:r:1:a"]), ("ArnLike", &["arn:aws:*:a"]), false),
            (("StringEquals", &["arn:aws:s3:::a"]), ("ArnLike", &["arn:aws:s3:::*"]), true),
            (("StringLike", &["arn:aws:s3:::*"]), ("ArnLike", &["arn:aws:s3:::*"]), false),
            (("ArnLike", &["arn:aws:s3:::a*"]), ("StringLike", &["arn:aws:s3:::*"]), true),
            (("IpAddress", &["10.1.0.0/16"]), ("IpAddress", &["10.0.0.0/8"]), true),
            (("IpAddress", &["10.0.0.0/8"]), ("IpAddress", &["10.1.0.0/16"]), false),
            (("IpAddress", &["2001:db8::1"]), ("IpAddress", &["2001:db8::/32"]), true),
            (("IpAddress", &["10.0.0.1"]), ("IpAddress", &["0.0.0.0/0"]), true),
            (("NotIpAddress", &["10.0.0.0/8"]), ("NotIpAddress", &["10.1.0.0/16"]), true),
            (("NotIpAddress", &["10.1.0.0/16"]), ("NotIpAddress", &["10.0.0.0/8"]), false),
            (("NumericLessThan", &["5"]), ("NumericLessThan", &["10"]), true),
            (("NumericLessThan", &["10"]), ("NumericLessThan", &["5"]), false),
            (("NumericLessThanEquals", &["5"]), ("NumericLessThan", &["5"]), false),
            (("NumericLessThan", &["5"]), ("NumericLessThanEquals", &["5"]), true),
            (("NumericGreaterThan", &["5"]), ("NumericGreaterThan", &["1"]), true),
            (("NumericGreaterThan", &["1"]), ("NumericGreaterThan", &["5"]), false),
            (("NumericEquals", &["4"]), ("NumericLessThan", &["5"]), true),
            (("NumericNotEquals", &["4", "5"]), ("NumericNotEquals", &["4"]), true),
            (("DateLessThan", &["2026-01-01T00:00:00Z"]), ("DateLessThan", &["2027-01-01T00:00:00Z"]), true),
            (("DateLessThan", &["2027-01-01T00:00:00Z"]), ("DateLessThan", &["2026-01-01T00:00:00Z"]), false),
            (("Bool", &["true"]), ("Bool", &["True"]), true),
            (("Bool", &["true"]), ("Bool", &["false"]), false),
            (("Null", &["false"]), ("Bool", &["false"]), false),
            (("SomethingNew", &["a"]), ("SomethingNew", &["a", "b"]), true),
            (("SomethingNew", &["a", "b"]), ("SomethingNew", &["a"]), false),
        ];
        for ((strong, values), (weak, others), expected) in cases {
            let found = implies(&condition(strong, values), &condition(weak, others));
            assert_eq!(found, *expected, "{strong} {values:?} => {weak} {others:?}");
        }
    }

    #[test]
    fn more_keys_are_stronger_than_fewer() {
        let mut both = condition("StringEquals", &["a"]);
        both.get_mut("StringEquals").unwrap().insert("other".into(), [StringExpr::from("b")].into());
        let one = condition("StringEquals", &["a"]);
        assert!(implies(&both, &one) && !implies(&one, &both));
        assert!(implies(&one, &Conditions::new()) && !implies(&Conditions::new(), &one));
        assert_eq!(loosened(&both, &one), ["no longer requires StringEquals other"]);
    }

    #[test]
    fn what_loosens_is_named() {
        let (few, more) = (condition("StringEquals", &["a"]), condition("StringEquals", &["a", "b"]));
        assert_eq!(loosened(&few, &more), ["StringEquals key is also met by b"]);
        let (few, more) = (condition("StringNotEquals", &["a"]), condition("StringNotEquals", &["a", "b"]));
        assert_eq!(loosened(&more, &few), ["StringNotEquals key no longer excludes b"]);
        assert!(loosened(&few, &more).is_empty());
    }
}
