//! What a statement covers, and whether other statements cover it too.
//!
//! A statement is split into every combination of one principal, one action and one resource. A combination is covered
//! if a single other statement covers all of it under conditions that are not stricter. So statements can be split,
//! merged, renamed and reordered, and nothing broadens.

use super::condition;
use super::pattern::Pattern;
use super::show;
use crate::model::{Principal, Statement, StringExpr};

/// One side of what a statement covers: those listed, or all except those listed.
#[derive(Clone, Debug, PartialEq)]
enum Span {
    Of(Vec<Pattern>),
    AllBut(Vec<Pattern>),
}

impl Span {
    fn all() -> Self {
        Self::Of(vec![Pattern::plain("*".to_owned(), "*".to_owned())])
    }

    /// With neither a list nor an exclusion it is everything that the policy can mean.
    fn new(of: Vec<Pattern>, but: Vec<Pattern>) -> Self {
        match (of.is_empty(), but.is_empty()) {
            (true, true) => Self::all(),
            (true, false) => Self::AllBut(but),
            (false, _) => Self::Of(of),
        }
    }

    /// Its single members.
    fn split(&self) -> Vec<Self> {
        match self {
            Self::Of(patterns) => patterns.iter().map(|pattern| Self::Of(vec![pattern.clone()])).collect(),
            Self::AllBut(_) => vec![self.clone()],
        }
    }

    fn covers(&self, other: &Self) -> bool {
        let within = |outer: &[Pattern], inner: &[Pattern]| {
            inner.iter().all(|inner| outer.iter().any(|outer| outer.covers(inner)))
        };
        match (self, other) {
            (Self::Of(outer), Self::Of(inner)) => within(outer, inner),
            (Self::Of(outer), Self::AllBut(_)) => outer.iter().any(Pattern::is_all),
            (Self::AllBut(but), Self::Of(inner)) => {
                !inner.iter().any(|inner| but.iter().any(|but| but.overlaps(inner)))
            }
            (Self::AllBut(fewer), Self::AllBut(more)) => within(more, fewer),
        }
    }

    fn shown(&self) -> String {
        let names = |patterns: &[Pattern]| {
            patterns.iter().map(|pattern| pattern.shown.clone()).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Of(patterns) => names(patterns),
            Self::AllBut(patterns) => format!("all except {}", names(patterns)),
        }
    }
}

/// A principal, an action and a resource.
#[derive(Clone, Debug)]
pub(super) struct Atom([Span; 3]);

/// The names of the three sides of an [`Atom`].
const SIDES: [&str; 3] = ["principal", "action", "resource"];

/// What a statement covers.
#[derive(Clone, Debug)]
pub(super) struct Reach<'a> {
    pub(super) statement: &'a Statement,
    spans: [Span; 3],
}

impl<'a> Reach<'a> {
    pub(super) fn new(statement: &'a Statement) -> Self {
        let plain = |inputs: &std::collections::BTreeSet<StringExpr>| -> Vec<Pattern> {
            inputs.iter().map(|input| Pattern::new(input, show::input(input))).collect()
        };
        // Actions are compared without case.
        let actions = |inputs| plain(inputs).into_iter().map(Pattern::without_case).collect();
        let who = |principal: &Option<Principal>| principal.as_ref().map(principals).unwrap_or_default();
        let spans = [
            Span::new(who(&statement.principal), who(&statement.not_principal)),
            Span::new(actions(&statement.action), actions(&statement.not_action)),
            Span::new(plain(&statement.resource), plain(&statement.not_resource)),
        ];
        Self { statement, spans }
    }

    fn atoms(&self) -> Vec<Atom> {
        let [who, what, on] = self.spans.each_ref().map(Span::split);
        let mut atoms = Vec::new();
        for who in &who {
            for what in &what {
                atoms.extend(on.iter().map(|on| Atom([who.clone(), what.clone(), on.clone()])));
            }
        }
        atoms
    }

    /// Whether it covers all of this, whatever its conditions.
    fn touches(&self, atom: &Atom) -> bool {
        self.spans.iter().zip(&atom.0).all(|(span, part)| span.covers(part))
    }

    /// The part of it that none of the others covers under conditions that are not stricter.
    pub(super) fn uncovered(&self, by: &[Reach<'_>]) -> Vec<Atom> {
        let able: Vec<&Reach<'_>> = by
            .iter()
            .filter(|other| condition::implies(&self.statement.condition, &other.statement.condition))
            .collect();
        let mut atoms = self.atoms();
        atoms.retain(|atom| !able.iter().any(|other| other.touches(atom)));
        atoms
    }

    /// Whether the others cover all of these, apart from their conditions.
    pub(super) fn reached_under_conditions(atoms: &[Atom], by: &[Reach<'_>]) -> bool {
        atoms.iter().all(|atom| by.iter().any(|other| other.touches(atom)))
    }

    /// Which of the others this one most likely was or will be: the one of the same name, otherwise the one that shares
    /// most with it. One with the name of another of this one's `siblings` must share a whole atom.
    pub(super) fn counterpart<'b>(
        &self,
        among: &'b [Reach<'b>],
        siblings: &[Reach<'_>],
    ) -> Option<&'b Reach<'b>> {
        let same_name = |one: &Reach<'_>, other: &Reach<'_>| {
            !one.statement.sid.is_empty() && one.statement.sid == other.statement.sid
        };
        let atoms = self.atoms();
        let shared = |other: &&Reach<'_>| atoms.iter().filter(|atom| other.touches(atom)).count();
        let sides = |other: &&Reach<'_>| {
            let meets = |(span, own): (&Span, &Span)| own.split().iter().any(|part| span.covers(part));
            let either = |(one, two)| meets((one, two)) || meets((two, one));
            other.spans.iter().zip(&self.spans).filter(|pair| either(*pair)).count()
        };
        let free = |other: &&Reach<'_>| !siblings.iter().any(|sibling| same_name(sibling, other));
        among
            .iter()
            .find(|other| same_name(self, other))
            .or_else(|| among.iter().filter(|other| shared(other) > 0).max_by_key(shared))
            .or_else(|| among.iter().filter(|other| free(other) && sides(other) > 1).max_by_key(sides))
    }

    /// The parts of these atoms that this statement does not cover: `new action s3:PutObject`, with `verb` for `new`.
    pub(super) fn beyond(&self, atoms: &[Atom], verb: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for (side, name) in SIDES.iter().enumerate() {
            let outside =
                atoms.iter().map(|atom| &atom.0[side]).filter(|part| !self.spans[side].covers(part));
            for part in outside {
                let text = format!("{verb} {name} {}", part.shown());
                if !found.contains(&text) {
                    found.push(text);
                }
            }
        }
        found
    }
}

/// The principals of a statement as patterns; an account and its root are one.
fn principals(of: &Principal) -> Vec<Pattern> {
    let Principal::Of(by_type) = of else {
        return vec![Pattern::plain("*".to_owned(), "*".to_owned())];
    };
    let one = |kind: &str, name: &StringExpr| {
        let text = name.text();
        let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let name_in_full = match (kind, text.as_str()) {
            ("AWS", "*") => "*".to_owned(),
            ("AWS", _) if is_account => format!("AWS arn:aws:iam::{text}:root"),
            _ => format!("{kind} {text}"),
        };
        Pattern::plain(name_in_full, show::principal(kind, name))
    };
    by_type.iter().flat_map(|(kind, names)| names.iter().map(|name| one(kind, name))).collect()
}
