//! Terraform's language, as much as an export writes: blocks, arguments and expressions, in the shape of `terraform fmt`.
//!
//! Lines with `=` that follow each other are aligned. An argument over several lines ends such a group, as in
//! `hclwrite`'s formatter.

use serde_json::Value;

use crate::model::printable::acts;

/// Spaces of one level.
const INDENT: usize = 2;
/// A list in one line is at most this long.
const LINE: usize = 100;
/// Words that mean something at the beginning of an object.
const RESERVED: [&str; 5] = ["for", "if", "null", "true", "false"];

/// A value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// A text, with values of others in it.
    Text(Vec<Piece>),
    /// A number, a switch, or nothing.
    Scalar(Value),
    /// A list.
    List(Vec<Self>),
    /// A map or an object.
    Object(Vec<(String, Self)>),
    /// A value of another resource, such as `aws_sqs_queue.a.arn`.
    Reference(String),
    /// A call of a function.
    Call(&'static str, Vec<Self>),
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Letters.
    Literal(String),
    /// A value of another resource.
    Reference(String),
}

/// A block: its type, its labels, and what is in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Block {
    pub(super) kind: String,
    pub(super) labels: Vec<String>,
    pub(super) arguments: Vec<(String, Expr)>,
    pub(super) blocks: Vec<Self>,
}

impl Expr {
    /// A text without values of others.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(vec![Piece::Literal(text.into())])
    }

    fn is_short(&self) -> bool {
        match self {
            Self::Text(_) | Self::Scalar(_) | Self::Reference(_) => true,
            Self::List(items) => {
                items.is_empty() || items.iter().all(Self::is_scalar) && self.inline().len() <= LINE
            }
            Self::Object(members) => members.is_empty(),
            Self::Call(_, arguments) => arguments.iter().all(Self::is_short),
        }
    }

    const fn is_scalar(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Scalar(_) | Self::Reference(_))
    }

    fn inline(&self) -> String {
        match self {
            Self::Text(pieces) => quoted(pieces),
            Self::Scalar(Value::Number(number)) => match number.as_f64() {
                Some(float) if number.is_f64() && float.fract() == 0.0 => format!("{float:.0}"),
                _ => number.to_string(),
            },
            Self::Scalar(value) => value.to_string(),
            Self::Reference(path) => path.clone(),
            Self::List(items) => {
                format!("[{}]", items.iter().map(Self::inline).collect::<Vec<_>>().join(", "))
            }
            Self::Object(members) if members.is_empty() => "{}".to_owned(),
            Self::Object(members) => {
                let members =
                    members.iter().map(|(name, value)| format!("{} = {}", key(name), value.inline()));
                format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
            }
            Self::Call(function, arguments) => {
                format!("{function}({})", arguments.iter().map(Self::inline).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// The text of the value that stands at this depth. Its first line has no indentation.
    fn render(&self, depth: usize) -> String {
        if self.is_short() {
            return self.inline();
        }
        let (inside, outside) = (" ".repeat(INDENT * (depth + 1)), " ".repeat(INDENT * depth));
        match self {
            Self::List(items) => {
                let items = items.iter().map(|item| format!("{inside}{},\n", item.render(depth + 1)));
                format!("[\n{}{outside}]", items.collect::<String>())
            }
            Self::Object(members) => {
                let members =
                    members.iter().map(|(name, value)| (key(name), value.clone())).collect::<Vec<_>>();
                format!("{{\n{}{outside}}}", assignments(&members, depth + 1))
            }
            Self::Call(function, arguments) => {
                let arguments: Vec<String> = arguments.iter().map(|one| one.render(depth)).collect();
                format!("{function}({})", arguments.join(", "))
            }
            scalar => scalar.inline(),
        }
    }
}

impl Block {
    /// An empty block of this type with these labels.
    pub(super) fn new(kind: &str, labels: &[&str]) -> Self {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        Self { kind: kind.to_owned(), labels, ..Self::default() }
    }

    /// Adds an argument.
    pub(super) fn set(&mut self, name: &str, value: Expr) {
        self.arguments.push((name.to_owned(), value));
    }

    /// The block of this type inside, made if there is none.
    pub(super) fn inside(&mut self, kind: &str) -> &mut Self {
        let at = self.blocks.iter().position(|block| block.kind == kind).unwrap_or_else(|| {
            self.blocks.push(Self::new(kind, &[]));
            self.blocks.len() - 1
        });
        &mut self.blocks[at]
    }

    /// The text of the block.
    pub(super) fn render(&self) -> String {
        self.at(0)
    }

    fn at(&self, depth: usize) -> String {
        let outside = " ".repeat(INDENT * depth);
        let labels: String = self.labels.iter().map(|label| format!(" \"{label}\"")).collect();
        if self.arguments.is_empty() && self.blocks.is_empty() {
            return format!("{outside}{}{labels} {{}}\n", self.kind);
        }
        let arguments = assignments(&self.arguments, depth + 1);
        let blocks: Vec<String> = self.blocks.iter().map(|block| block.at(depth + 1)).collect();
        let parts: Vec<String> =
            std::iter::once(arguments).chain(blocks).filter(|part| !part.is_empty()).collect();
        format!("{outside}{}{labels} {{\n{}{outside}}}\n", self.kind, parts.join("\n"))
    }
}

/// Arguments below each other. Those in one line are aligned with their neighbours in one line.
fn assignments(members: &[(String, Expr)], depth: usize) -> String {
    let inside = " ".repeat(INDENT * depth);
    let mut text = String::new();
    for group in members.chunk_by(|(_, a), (_, b)| a.is_short() && b.is_short()) {
        let width = group.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        for (name, value) in group {
            text.push_str(&format!("{inside}{name:<width$} = {}\n", value.render(depth)));
        }
    }
    text
}

/// A key of an object: quoted if it is no name.
fn key(name: &str) -> String {
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    let is_name = begins && letters.all(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | '-'));
    if is_name && !RESERVED.contains(&name) {
        name.to_owned()
    } else {
        quoted(&[Piece::Literal(name.to_owned())])
    }
}

fn quoted(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(&escaped(literal)),
            Piece::Reference(path) => {
                // `$${` would be text, so a `$` before a value is a value too.
                if text.ends_with('$') {
                    text.pop();
                    text.push_str("${\"$\"}");
                }
                text.push_str(&format!("${{{path}}}"));
            }
        }
    }
    format!("\"{text}\"")
}

/// A text inside quotes: `${` and `%{` begin a template, and what would act on a terminal is written as its code.
fn escaped(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\\' => clean.extend(['\\', letter]),
            '\n' => clean.push_str("\\n"),
            '\r' => clean.push_str("\\r"),
            '\t' => clean.push_str("\\t"),
            letter if acts(letter) && u32::from(letter) > 0xffff => {
                clean.push_str(&format!("\\U{:08x}", u32::from(letter)));
            }
            letter if acts(letter) => clean.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => clean.push(letter),
        }
    }
    clean.replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_block_is_in_the_shape_of_fmt() {
        let mut block = Block::new("resource", &["aws_sqs_queue", "a"]);
        block.set("name", Expr::text("vod \"x\" ${a} %{b} \u{1b}\n"));
        block.set("delay_seconds", Expr::Scalar(json!(3.0)));
        block.set("arns", Expr::List(vec![Expr::Reference("aws_a.b.arn".into()), Expr::text("x")]));
        let mut statement = vec![("Effect".to_owned(), Expr::text("Allow"))];
        statement.push((
            "aws:SourceArn".to_owned(),
            Expr::Text(vec![Piece::Reference("aws_a.b.arn".into()), Piece::Literal("/*".into())]),
        ));
        let policy = Expr::Object(vec![
            ("Version".to_owned(), Expr::text("2012-10-17")),
            ("Statement".to_owned(), Expr::List(vec![Expr::Object(statement)])),
            ("for".to_owned(), Expr::Object(vec![])),
        ]);
        block.set("policy", Expr::Call("jsonencode", vec![policy]));
        block.set("short", Expr::Scalar(json!(true)));
        let rule = block.inside("rule");
        rule.set("id", Expr::text("a"));
        rule.inside("filter");
        insta::assert_snapshot!(block.render(), @r#"
        resource "aws_sqs_queue" "a" {
          name          = "vod \"x\" $${a} %%{b} \u001b\n"
          delay_seconds = 3
          arns          = [aws_a.b.arn, "x"]
          policy = jsonencode({
            Version = "2012-10-17"
            Statement = [
              {
                Effect          = "Allow"
                "aws:SourceArn" = "${aws_a.b.arn}/*"
              },
            ]
            "for" = {}
          })
          short = true

          rule {
            id = "a"

            filter {}
          }
        }
        "#);
    }

    #[test]
    fn a_dollar_before_a_value_stays() {
        let pieces = vec![Piece::Literal("costs $".into()), Piece::Reference("local.price".into())];
        assert_eq!(Expr::Text(pieces).render(0), r#""costs ${"$"}${local.price}""#);
    }

    #[test]
    fn a_long_list_has_a_line_for_each_member() {
        let list = Expr::List((0..9).map(|number| Expr::text(format!("a-long-member-{number}"))).collect());
        assert_eq!(list.render(1).lines().count(), 11);
        assert_eq!(Expr::List(vec![]).render(1), "[]");
    }
}
