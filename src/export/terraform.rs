//! One Terraform configuration for all regions of a stack, with an `import` block for every live resource.
//!
//! The provider `aws` has everything but MediaConvert's job templates, which are of `awscc`. Each resource says its region
//! where it is not the stack's (Terraform AWS provider, "Enhanced Region Support").

mod locals;
mod outputs;
mod readme;
mod rows;
mod tables;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::hcl::{Block, Expr};
use super::{Error, ExportFile, ExportedStack};
use crate::model::{Address, Declaration, Guard, Live, refs};
use locals::Locals;
use rows::Reader;
use tables::{PartRule, Rule, rule};

/// What is known of the whole export besides its blocks.
#[derive(Default)]
struct Findings {
    /// What the README says of single resources.
    notes: Vec<(Address, &'static str)>,
    /// Resources without an import, which `terraform apply` creates.
    created: Vec<Address>,
    imported: usize,
}

/// The configuration, the code of the functions, and the README.
pub(super) fn files(stack: &ExportedStack<'_>) -> Result<Vec<ExportFile>, Error> {
    let mut findings = Findings::default();
    let locals = Locals::of(stack);
    let mut concerns: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut imports = Vec::new();
    for declaration in stack.graph.in_order() {
        let (resources, taken) = resources(stack, &locals, declaration, &mut findings)?;
        let texts = resources.iter().map(Block::render);
        concerns.entry(declaration.address.concern()).or_default().extend(texts);
        imports.extend(taken.iter().map(Block::render));
    }
    findings.imported = imports.len();
    let mut files = vec![
        ExportFile::readme(&readme::text(stack, &findings)),
        ExportFile::text(".gitignore", IGNORED),
        ExportFile::text("versions.tf", versions(stack, &locals)),
        ExportFile::text("locals.tf", locals.block().render()),
        ExportFile::text("imports.tf", imports.join("\n")),
    ];
    let concerns = concerns.into_iter();
    files.extend(concerns.map(|(name, blocks)| ExportFile::text(format!("{name}.tf"), blocks.join("\n"))));
    files.extend(
        stack
            .code
            .iter()
            .map(|(handler, bytes)| ExportFile { path: format!("code/{handler}.zip"), bytes: bytes.clone() }),
    );
    Ok(files)
}

/// The earliest Terraform with `import` blocks.
const TERRAFORM: &str = "1.5";
/// The providers that the tables were written for. `~>` allows later versions of the same major one.
const AWS: &str = "6.69";
const AWSCC: &str = "1.106";

/// What Terraform makes and no repository should hold. A state may hold what is secret.
const IGNORED: &str = ".terraform/\n*.tfplan\n*.tfstate\n*.tfstate.*\n";

/// The file with the code of the function at an address.
fn code_file(function: &Address) -> String {
    let handler = function.as_str().rsplit('/').next().unwrap_or(function.as_str());
    format!("code/{handler}.zip")
}

/// The name of the resource at an address: `storage/source/policy` is `storage_source_policy`.
fn label(address: &Address) -> String {
    identifier(address.as_str())
}

fn identifier(text: &str) -> String {
    text.chars().map(|one| if one.is_ascii_alphanumeric() { one.to_ascii_lowercase() } else { '_' }).collect()
}

/// Terraform and the providers.
fn versions(stack: &ExportedStack<'_>, locals: &Locals<'_>) -> String {
    let mut terraform = Block::new("terraform", &[]);
    terraform.set("required_version", Expr::text(format!(">= {TERRAFORM}")));
    let provider = |source: &str, version: &str| {
        Expr::Object(vec![
            ("source".to_owned(), Expr::text(source)),
            ("version".to_owned(), Expr::text(format!("~> {version}"))),
        ])
    };
    let providers = terraform.inside("required_providers");
    providers.set("aws", provider("hashicorp/aws", AWS));
    providers.set("awscc", provider("hashicorp/awscc", AWSCC));
    let mut aws = Block::new("provider", &["aws"]);
    let local = |name: &str| Expr::Reference(format!("local.{name}"));
    aws.set("region", local("region"));
    aws.set("allowed_account_ids", Expr::List(vec![local("account")]));
    locals.set_default_tags(&mut aws);
    let mut awscc = Block::new("provider", &["awscc"]);
    awscc.set("region", local("region"));
    let dns = stack.zone_role.map(|role| {
        let mut dns = Block::new("provider", &["aws"]);
        dns.set("alias", Expr::text("dns"));
        dns.set("region", local("region"));
        dns.inside("assume_role").set("role_arn", locals.text(role));
        dns
    });
    let blocks = [terraform, aws, awscc].into_iter().chain(dns);
    blocks.map(|block| block.render()).collect::<Vec<_>>().join("\n")
}

/// The resources of a declaration and their imports.
fn resources(
    stack: &ExportedStack<'_>,
    locals: &Locals<'_>,
    declaration: &Declaration,
    findings: &mut Findings,
) -> Result<(Vec<Block>, Vec<Block>), Error> {
    let Declaration { address, kind, .. } = declaration;
    let live = stack.live(address)?;
    let rule =
        rule(kind).ok_or_else(|| Error::UnknownType { address: address.clone(), kind: kind.clone() })?;
    let mut properties = prepared(declaration, live);
    let mut reader = Reader { graph: stack.graph, of: declaration, locals, notes: Vec::new() };
    let mut writer = Writer { stack, declaration, live, resources: Vec::new(), imports: Vec::new() };
    let parts: Vec<(&PartRule, Value)> =
        rule.parts.iter().filter_map(|part| Some((part, properties.remove(part.property)?))).collect();
    let name = label(address);
    writer.add(&mut reader, rule.resource, &name, rule.regional, (&[], rule.rows), &properties)?;
    if !writer.import(rule.resource, &name, rule.regional, rule.import, &Map::new()) {
        findings.created.push(address.clone());
    }
    depend(stack, declaration, &mut writer.resources[0])?;
    if stack.zone_role.is_some() && kind.as_str() == "AWS::Route53::RecordSet" {
        writer.resources[0].set("provider", Expr::Reference("aws.dns".to_owned()));
    }
    if declaration.guard == Guard::Data {
        writer.resources[0].inside("lifecycle").set("prevent_destroy", Expr::Scalar(true.into()));
    }
    for (part, value) in parts {
        writer.part(&mut reader, rule, part, &value)?;
    }
    findings.notes.extend(reader.notes.into_iter().map(|note| (address.clone(), note)));
    Ok((writer.resources, writer.imports))
}

/// Resources that must exist first although no argument refers to them.
fn depend(stack: &ExportedStack<'_>, declaration: &Declaration, block: &mut Block) -> Result<(), Error> {
    let referred: Vec<Address> = refs(&declaration.properties).into_iter().map(|one| one.address).collect();
    let mut silent = Vec::new();
    for address in declaration.after.iter().filter(|address| !referred.contains(address)) {
        let unknown = || Error::Missing { address: address.clone() };
        let kind = &stack.graph.get(address).ok_or_else(unknown)?.kind;
        let of =
            rule(kind).ok_or_else(|| Error::UnknownType { address: address.clone(), kind: kind.clone() })?;
        silent.push(Expr::Reference(format!("{}.{}", of.resource, label(address))));
    }
    if !silent.is_empty() {
        block.set("depends_on", Expr::List(silent));
    }
    Ok(())
}

/// What writes the resources of one declaration.
struct Writer<'a> {
    stack: &'a ExportedStack<'a>,
    declaration: &'a Declaration,
    live: &'a Live,
    resources: Vec<Block>,
    imports: Vec<Block>,
}

impl Writer<'_> {
    fn is_away(&self, regional: bool) -> bool {
        regional && self.declaration.region != self.stack.scope.region
    }

    fn add(
        &mut self,
        reader: &mut Reader<'_>,
        resource: &str,
        name: &str,
        regional: bool,
        (fixed, rows): (&[(&str, Expr)], &[rows::Row]),
        properties: &Map<String, Value>,
    ) -> Result<(), Error> {
        let mut block = Block::new("resource", &[resource, name]);
        if self.is_away(regional) {
            block.set("region", Expr::text(&self.declaration.region));
        }
        fixed.iter().for_each(|(argument, value)| block.set(argument, value.clone()));
        reader.write(rows, properties, "", &mut block)?;
        self.resources.push(block);
        Ok(())
    }

    /// A property that is a resource of its own, or several.
    fn part(
        &mut self,
        reader: &mut Reader<'_>,
        whole: &Rule,
        part: &PartRule,
        value: &Value,
    ) -> Result<(), Error> {
        let parent = label(&self.declaration.address);
        let one = std::slice::from_ref(value);
        let objects = value.as_array().map_or(one, Vec::as_slice);
        for properties in objects.iter().filter_map(Value::as_object) {
            let own = part.named_by.and_then(|member| properties.get(member)).and_then(Value::as_str);
            let name = own.map_or_else(|| parent.clone(), |own| format!("{parent}_{}", identifier(own)));
            let path = |attribute: &str| Expr::Reference(format!("{}.{parent}.{attribute}", whole.resource));
            let fixed: Vec<(&str, Expr)> =
                part.of.iter().map(|(argument, attribute)| (*argument, path(attribute))).collect();
            self.add(reader, part.resource, &name, part.regional, (&fixed, part.rows), properties)?;
            self.import(part.resource, &name, part.regional, part.import, properties);
        }
        Ok(())
    }

    /// The import of a resource. False if AWS has not assigned its id yet.
    fn import(
        &mut self,
        resource: &str,
        name: &str,
        regional: bool,
        form: &str,
        part: &Map<String, Value>,
    ) -> bool {
        let Some(id) = import_id(form, self.live, part) else { return false };
        let region =
            if self.is_away(regional) { format!("@{}", self.declaration.region) } else { String::new() };
        let mut block = Block::new("import", &[]);
        block.set("to", Expr::Reference(format!("{resource}.{name}")));
        block.set("id", Expr::text(format!("{id}{region}")));
        self.imports.push(block);
        true
    }
}

/// An import id by its form: `{id}` is the physical id, `{Name}` a live property, `{#Arn}` an output, and `{.Id}` a member
/// of the part.
fn import_id(form: &str, live: &Live, part: &Map<String, Value>) -> Option<String> {
    let mut id = String::new();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        let value = match (name, name.strip_prefix('#'), name.strip_prefix('.')) {
            ("id", ..) => Some(live.id.as_str()),
            (_, Some(output), _) => live.outputs.get(output).map(String::as_str),
            (_, _, Some(member)) => part.get(member).and_then(Value::as_str),
            _ => live.properties.get(name).and_then(Value::as_str),
        };
        id.push_str(before);
        id.push_str(value.filter(|value| !value.is_empty())?);
        rest = after;
    }
    id.push_str(rest);
    Some(id)
}

/// The properties of a declaration in the shape that the rows expect.
fn prepared(declaration: &Declaration, live: &Live) -> Map<String, Value> {
    let mut properties = declaration.properties.as_object().cloned().unwrap_or_default();
    match declaration.kind.as_str() {
        "AWS::S3::Bucket" => {
            let rules =
                properties.get_mut("LifecycleConfiguration").and_then(|all| all["Rules"].as_array_mut());
            let rules = rules.into_iter().flatten().filter_map(Value::as_object_mut);
            rules.for_each(|rule| drop(rule.insert("Filter".to_owned(), filter(&mut rule.clone()))));
            let rules =
                properties.get_mut("LifecycleConfiguration").and_then(|all| all["Rules"].as_array_mut());
            for rule in rules.into_iter().flatten().filter_map(Value::as_object_mut) {
                FILTERS.iter().for_each(|name| drop(rule.remove(*name)));
            }
        }
        "AWS::Lambda::Permission" => {
            let statement = live.id.rsplit('/').next().unwrap_or(&live.id);
            properties.insert("StatementId".to_owned(), json!(statement));
        }
        "AWS::MediaConvert::JobTemplate" => {
            if let Some(Value::Object(settings)) = properties.get_mut("AccelerationSettings") {
                *settings = std::mem::take(settings)
                    .into_iter()
                    .map(|(name, value)| (name.to_ascii_lowercase(), value))
                    .collect();
            }
        }
        "AWS::CloudFront::Distribution" => {
            if let Some(Value::Object(config)) = properties.get_mut("DistributionConfig") {
                let none = json!({ "GeoRestriction": { "RestrictionType": "none" } });
                config.entry("Restrictions").or_insert(none);
            }
        }
        _ => {}
    }
    properties
}

/// What CloudFormation has in a lifecycle rule and Terraform in its filter.
const FILTERS: [&str; 4] = ["Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "TagFilters"];

/// The filter of a lifecycle rule: one condition as it is, several joined, none for all objects.
fn filter(rule: &mut Map<String, Value>) -> Value {
    let tags = rule.remove("TagFilters").and_then(|tags| tags.as_array().cloned()).unwrap_or_default();
    let mut conditions: Map<String, Value> =
        FILTERS.iter().filter_map(|name| Some(((*name).to_owned(), rule.remove(*name)?))).collect();
    match (conditions.len(), tags.as_slice()) {
        (0, [tag]) => json!({ "Tag": tag }),
        (0, []) => json!({}),
        (1, []) => conditions.into(),
        _ => {
            if !tags.is_empty() {
                conditions.insert("Tags".to_owned(), tags.into());
            }
            json!({ "And": conditions })
        }
    }
}

#[cfg(test)]
mod tests;
