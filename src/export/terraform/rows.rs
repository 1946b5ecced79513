//! How the properties of a type become arguments: rows, and what reads them. A property without a row is an error.

use serde_json::{Map, Value};

use super::locals::Locals;
use super::outputs;
use crate::export::Error;
use crate::export::hcl::{Block, Expr, Piece};
use crate::graph::Graph;
use crate::model::{Declaration, Part, StringExpr};

/// A property and what becomes of it.
pub(super) type Row = (&'static str, To);

/// What becomes of a property.
#[derive(Clone, Copy, Debug)]
pub(super) enum To {
    /// An argument with the same value.
    Argument(&'static str),
    /// An argument that is a number. CloudFormation has it as text.
    Number(&'static str),
    /// An argument with the value as JSON text.
    Json(&'static str),
    /// A map. CloudFormation has a list of pairs, with these names for key and value.
    Map(&'static str, &'static str, &'static str),
    /// The tags, without those that the provider sets on all resources.
    Tags,
    /// All tags as JSON text, for a provider that sets none.
    JsonTags,
    /// The only member of a list.
    Only(&'static str),
    /// A block, or one for each member of a list.
    Block(&'static str, &'static [Row]),
    /// Its members are arguments of the block where it stands itself.
    Within(&'static [Row]),
    /// In a block together with other properties.
    In(&'static str, &'static Self),
    /// Nothing: the provider has no argument for it, and this JSON is what it does.
    Always(&'static str),
    /// Nothing: the provider finds the value out.
    Computed,
    /// Nothing. What the README says of it.
    Unmanaged(&'static str),
    /// The file with a function's code.
    Code,
}

pub(super) const TAGS: Row = ("Tags", To::Tags);

/// What reads the properties of one declaration.
pub(super) struct Reader<'a> {
    pub(super) graph: &'a Graph,
    pub(super) of: &'a Declaration,
    pub(super) locals: &'a Locals<'a>,
    /// What the README must say of it.
    pub(super) notes: Vec<&'static str>,
}

impl Reader<'_> {
    /// Writes an object's properties into a block.
    pub(super) fn write(
        &mut self,
        rows: &[Row],
        properties: &Map<String, Value>,
        path: &str,
        block: &mut Block,
    ) -> Result<(), Error> {
        let unknown = properties.keys().find(|name| !rows.iter().any(|(known, _)| known == name));
        if let Some(name) = unknown {
            return Err(self.unmapped(path, name, "has no row"));
        }
        for (name, to) in rows {
            match properties.get(*name) {
                None | Some(Value::Null) => {}
                Some(value) => self.put(*to, value, &join(path, name), block)?,
            }
        }
        Ok(())
    }

    fn put(&mut self, to: To, value: &Value, path: &str, block: &mut Block) -> Result<(), Error> {
        match to {
            To::Argument(name) => block.set(name, self.expr(value)?),
            To::Number(name) => {
                let number = value.as_str().and_then(|text| text.parse::<i64>().ok());
                let number = number.ok_or_else(|| self.unmapped("", path, "is not a number"))?;
                block.set(name, Expr::Scalar(number.into()));
            }
            To::Json(name) => block.set(name, Expr::Call("jsonencode", vec![self.expr(value)?])),
            To::Tags => {
                let own = self.locals.own(self.pairs(value, path, ("Key", "Value"))?);
                if !own.is_empty() {
                    block.set("tags", Expr::Object(own));
                }
            }
            To::JsonTags => {
                let tags = self.locals.merged(self.pairs(value, path, ("Key", "Value"))?);
                block.set("tags", Expr::Call("jsonencode", vec![tags]));
            }
            To::Map(name, key, inner) => {
                let members = self.pairs(value, path, (key, inner))?;
                if !members.is_empty() {
                    block.set(name, Expr::Object(members));
                }
            }
            To::Only(name) => match value.as_array().map(Vec::as_slice) {
                Some([only]) => block.set(name, self.expr(only)?),
                _ => return Err(self.unmapped("", path, "has not exactly one member")),
            },
            To::Block(kind, rows) => {
                for object in self.objects(value, path)? {
                    let mut inner = Block::new(kind, &[]);
                    self.write(rows, object, path, &mut inner)?;
                    block.blocks.push(inner);
                }
            }
            To::Within(rows) => {
                for object in self.objects(value, path)? {
                    self.write(rows, object, path, block)?;
                }
            }
            To::In(kind, inner) => self.put(*inner, value, path, block.inside(kind))?,
            To::Always(json) => {
                let always: Option<Value> = serde_json::from_str(json).ok();
                if always.as_ref() != Some(value) {
                    return Err(self.unmapped("", path, "has a value that Terraform cannot be told"));
                }
            }
            To::Computed => {}
            To::Unmanaged(note) => self.notes.push(note),
            To::Code => {
                let folder = Piece::Reference("path.module".to_owned());
                let file = Piece::Literal(format!("/{}", super::code_file(&self.of.address)));
                let file = Expr::Text(vec![folder, file]);
                block.set("filename", file.clone());
                block.set("source_code_hash", Expr::Call("filebase64sha256", vec![file]));
            }
        }
        Ok(())
    }

    /// An object, or the objects of a list.
    fn objects<'v>(&self, value: &'v Value, path: &str) -> Result<Vec<&'v Map<String, Value>>, Error> {
        let list = match value {
            Value::Array(list) => list.iter().map(Value::as_object).collect(),
            one => one.as_object().map(|one| vec![one]),
        };
        list.ok_or_else(|| self.unmapped("", path, "is not an object"))
    }

    /// The members of a map: of a list of pairs, or of an object.
    fn pairs(
        &self,
        value: &Value,
        path: &str,
        (key, inner): (&str, &str),
    ) -> Result<Vec<(String, Expr)>, Error> {
        match value {
            Value::Object(members) => {
                members.iter().map(|(name, value)| Ok((name.clone(), self.expr(value)?))).collect()
            }
            list => self
                .objects(list, path)?
                .into_iter()
                .map(|pair| match (pair.get(key).and_then(Value::as_str), pair.get(inner), pair.len()) {
                    (Some(name), Some(value), 2) => Ok((name.to_owned(), self.expr(value)?)),
                    _ => Err(self.unmapped("", path, "is not a list of pairs")),
                })
                .collect(),
        }
    }

    /// Any value, with references to other resources as expressions.
    pub(super) fn expr(&self, value: &Value) -> Result<Expr, Error> {
        Ok(match value {
            Value::String(text) => self.locals.text(text),
            Value::Array(list) => {
                Expr::List(list.iter().map(|item| self.expr(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(members)
                if members.len() == 1 && members.keys().any(|key| key.starts_with("Fn::")) =>
            {
                self.joined(value)?
            }
            Value::Object(members) => {
                let members = members.iter().map(|(name, inner)| Ok((name.clone(), self.expr(inner)?)));
                Expr::Object(members.collect::<Result<_, Error>>()?)
            }
            scalar => Expr::Scalar(scalar.clone()),
        })
    }

    fn joined(&self, value: &Value) -> Result<Expr, Error> {
        let input: StringExpr = serde_json::from_value(value.clone())
            .map_err(|_| self.unmapped("", &value.to_string(), "is not a reference"))?;
        let mut pieces = Vec::new();
        for part in input.parts() {
            match part {
                Part::Literal(text) => pieces.extend(self.locals.pieces(text)),
                Part::Ref(reference) => pieces.extend(outputs::pieces(self.graph, reference)?),
            }
        }
        Ok(match pieces.as_slice() {
            [Piece::Reference(path)] => Expr::Reference(path.clone()),
            _ => Expr::Text(pieces),
        })
    }

    fn unmapped(&self, path: &str, name: &str, why: &'static str) -> Error {
        let (address, kind) = (self.of.address.clone(), self.of.kind.clone());
        Error::Unmapped { address, kind, property: join(path, name), why }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
