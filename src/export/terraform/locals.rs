//! What many resources repeat: the account, the region, and the tags that all of them have. They are written once, as
//! `locals`, and are the same values everywhere. So an import changes nothing by them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::tables::rule;
use crate::export::ExportedStack;
use crate::export::hcl::{Block, Expr, Piece};
use crate::model::{ADDRESS_TAG, Declaration};

/// The region of what belongs to CloudFront, whatever the region of the stack is.
const GLOBAL: &str = "us-east-1";

/// The values of the `locals`.
pub(super) struct Locals<'a> {
    account: &'a str,
    region: &'a str,
    /// The tags that each resource of the provider `aws` has. Empty if there are none.
    tags: BTreeMap<String, String>,
}

impl<'a> Locals<'a> {
    pub(super) fn of(stack: &'a ExportedStack<'_>) -> Self {
        let tagged = stack.graph.in_order().filter(|one| is_tagged(one));
        let common = tagged.map(tags).reduce(|mut common, own| {
            common.retain(|name, value| own.get(name) == Some(value));
            common
        });
        let mut tags = common.unwrap_or_default();
        tags.remove(ADDRESS_TAG);
        Self { account: &stack.scope.account, region: &stack.scope.region, tags }
    }

    /// The file with the values.
    pub(super) fn block(&self) -> Block {
        let mut block = Block::new("locals", &[]);
        block.set("account", Expr::text(self.account));
        block.set("region", Expr::text(self.region));
        if !self.tags.is_empty() {
            let tags = self.tags.iter().map(|(name, value)| (name.clone(), self.text(value)));
            block.set("tags", Expr::Object(tags.collect()));
        }
        block
    }

    /// Gives the provider the tags that each of its resources has.
    pub(super) fn set_default_tags(&self, provider: &mut Block) {
        if !self.tags.is_empty() {
            provider.inside("default_tags").set("tags", Expr::Reference("local.tags".to_owned()));
        }
    }

    /// The tags without those that the provider sets.
    pub(super) fn own(&self, tags: Vec<(String, Expr)>) -> Vec<(String, Expr)> {
        tags.into_iter().filter(|(name, value)| self.shared(name) != Some(value.clone())).collect()
    }

    /// All tags, as a resource of another provider writes them.
    pub(super) fn merged(&self, tags: Vec<(String, Expr)>) -> Expr {
        let count = tags.len();
        let own = self.own(tags.clone());
        if self.tags.is_empty() || own.len() + self.tags.len() != count {
            return Expr::Object(tags);
        }
        Expr::Call("merge", vec![Expr::Reference("local.tags".to_owned()), Expr::Object(own)])
    }

    fn shared(&self, name: &str) -> Option<Expr> {
        self.tags.get(name).map(|value| self.text(value))
    }

    /// A text, with references in the place of the account and the region.
    pub(super) fn text(&self, text: &str) -> Expr {
        match self.pieces(text).as_slice() {
            [Piece::Reference(path)] => Expr::Reference(path.clone()),
            pieces => Expr::Text(pieces.to_vec()),
        }
    }

    /// The pieces of a text. In us-east-1, a region in a text may be that of CloudFront and not the stack's, so it stays.
    pub(super) fn pieces(&self, text: &str) -> Vec<Piece> {
        let region = (self.region != GLOBAL).then_some((self.region, "local.region"));
        let mut pieces = vec![Piece::Literal(text.to_owned())];
        for (value, path) in std::iter::once((self.account, "local.account")).chain(region) {
            pieces = pieces.into_iter().flat_map(|piece| split(piece, value, path)).collect();
        }
        pieces
    }
}

/// A piece with references in the place of a word.
fn split(piece: Piece, word: &str, path: &str) -> Vec<Piece> {
    let Piece::Literal(text) = piece else { return vec![piece] };
    let is_part = |beside: Option<char>| beside.is_some_and(|one| one.is_ascii_alphanumeric());
    let (mut pieces, mut from) = (Vec::new(), 0);
    for (at, _) in text.match_indices(word) {
        let after = at + word.len();
        if is_part(text[..at].chars().next_back()) || is_part(text[after..].chars().next()) {
            continue;
        }
        if from < at {
            pieces.push(Piece::Literal(text[from..at].to_owned()));
        }
        pieces.push(Piece::Reference(path.to_owned()));
        from = after;
    }
    if from < text.len() || pieces.is_empty() {
        pieces.push(Piece::Literal(text[from..].to_owned()));
    }
    pieces
}

/// Whether the provider `aws` sets its default tags on the resource.
fn is_tagged(declaration: &Declaration) -> bool {
    let tags = |row: &super::rows::Row| matches!(row, (_, super::rows::To::Tags));
    rule(&declaration.kind).is_some_and(|rule| rule.rows.iter().any(tags))
}

/// The tags of a declaration: pairs, or a map.
fn tags(declaration: &Declaration) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match &declaration.properties["Tags"] {
        Value::Object(map) => {
            map.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
        }
        list => {
            let pairs = list.as_array().into_iter().flatten();
            pairs.filter_map(|pair| Some((text(&pair["Key"])?, text(&pair["Value"])?))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locals<'a>(account: &'a str, region: &'a str) -> Locals<'a> {
        Locals { account, region, tags: BTreeMap::new() }
    }

    fn written(locals: &Locals<'_>, text: &str) -> String {
        let mut block = Block::new("a", &[]);
        block.set("b", locals.text(text));
        block.render().lines().nth(1).unwrap_or_default().trim().to_owned()
    }

    #[test]
    fn only_whole_words_are_the_account_and_the_region() {
        let home = locals("111122223333", "eu-west-1");
        let pairs = [
            ("111122223333", "b = local.account"),
            ("eu-west-1", "b = local.region"),
            ("vod-logs-111122223333-eu-west-1", r#"b = "vod-logs-${local.account}-${local.region}""#),
            (
                "arn:aws:sqs:eu-west-1:111122223333:*",
                r#"b = "arn:aws:sqs:${local.region}:${local.account}:*""#,
            ),
            ("s3.eu-west-1.amazonaws.com", r#"b = "s3.${local.region}.amazonaws.com""#),
            ("eu-west-1a", r#"b = "eu-west-1a""#),
            ("eu-west-12", r#"b = "eu-west-12""#),
            ("9111122223333", r#"b = "9111122223333""#),
            ("${x} eu-west-1", r#"b = "$${x} ${local.region}""#),
            ("", r#"b = """#),
        ];
        for (text, expected) in pairs {
            assert_eq!(written(&home, text), expected);
        }
    }

    /// A web ACL of CloudFront is in us-east-1 wherever the stack is.
    #[test]
    fn a_region_that_may_be_cloudfronts_stays() {
        let global = locals("111122223333", "us-east-1");
        assert_eq!(
            written(&global, "arn:aws:wafv2:us-east-1:111122223333:global/webacl/a"),
            r#"b = "arn:aws:wafv2:us-east-1:${local.account}:global/webacl/a""#
        );
    }
}
