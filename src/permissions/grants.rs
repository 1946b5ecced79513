//! Collects what a command needs: the permissions that the adapters list, with the names of one stack filled in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{ChangedBy, Command, Dns, Subject, document};
use crate::assets;
use crate::deploy;
use crate::home;
use crate::model::{
    ANYTHING, Allow, ArnVariables, Declaration, Mark, Only, Permissions, PolicyDocument, Scope, resolve,
};
use crate::resource::cloudformation;
use crate::resource::iam::Role;
use crate::resource::{Adapter, Registry, Resource as _, cloudfront, kms, lambda, route53, s3};
use crate::stack::config::{KmsKey, bucket_prefixes};
use crate::stack::home as home_stack;
use crate::verify;

/// The members of a type's properties that name a role which the resource works as.
const ROLES: [&str; 3] = ["Role", "RoleArn", "AdministrationRoleARN"];

/// The type of what gives a stack its address.
const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";

/// To become the role that calls Route 53 in another account.
const ASSUME: (&str, Only, &[&str]) = ("sts:AssumeRole", Only::Always, &[]);

/// The permissions collected so far: ARNs by action, condition and source list.
pub(super) struct Grants<'a> {
    pub(super) subject: Subject<'a>,
    /// The subject's scope. With a prefix, the stack's name in it is a pattern.
    pub(super) scope: Scope,
    /// The permissions boundary that the stack declares for its roles.
    boundary: Option<String>,
    /// The IAM path of the stack's roles.
    role_path: String,
    needed: BTreeMap<(&'static str, Only, &'static [&'static str]), BTreeSet<String>>,
}

impl<'a> Grants<'a> {
    /// None yet.
    pub(super) fn new(subject: Subject<'a>) -> Self {
        let stack = subject.prefix.map_or_else(|| subject.scope.stack.clone(), |prefix| format!("{prefix}*"));
        let boundary = |one: &Declaration| one.properties["PermissionsBoundary"].as_str().map(str::to_owned);
        let is_role = |one: &&Declaration| one.kind == Role::KIND;
        let path =
            |one: &Declaration| Some(one).filter(is_role)?.properties["Path"].as_str().map(str::to_owned);
        Self {
            subject,
            scope: Scope { stack, ..subject.scope.clone() },
            boundary: subject.declarations.iter().find_map(boundary),
            role_path: subject.declarations.iter().find_map(path).unwrap_or_else(|| "/".to_owned()),
            needed: BTreeMap::new(),
        }
    }

    /// Every type is read and may have former resources to delete. Only declared types are created and updated.
    pub(super) fn stack(&mut self, registry: &Registry, command: Command) {
        for adapter in self.adapters(registry) {
            let needs = adapter.permissions();
            let regions = self.regions(adapter);
            self.sweep(needs.list, &regions);
            self.own(&[needs.observe], &regions, &[]);
            match command {
                // CloudFormation makes the changes, with permissions of its own.
                Command::Apply if matches!(self.subject.changes, ChangedBy::CloudFormation(Some(_))) => {}
                Command::Apply => {
                    self.declared(adapter, &needs);
                    self.own(&[needs.delete], &regions, &[]);
                }
                Command::Teardown => self.own(&[needs.delete, needs.empty], &regions, &[]),
                _ => {}
            }
        }
        if self.is_fleet() {
            self.by_name(&[cloudformation::STATUS]);
        } else if matches!(command, Command::Plan | Command::Apply) {
            self.add(&lambda::QUOTA, &self.variables(&self.scope.region), &[]);
        }
        if self.subject.source.is_some() && command != Command::Teardown {
            self.by_name(s3::LOOK_AT_SOURCE);
        }
        if self.subject.domain.is_some() {
            let variables = self.variables(&self.scope.region);
            if self.subject.dns != Dns::Elsewhere {
                self.add(&route53::FIND_ZONE, &variables, &[]);
            }
            if command != Command::Teardown {
                self.add(&cloudfront::FIND_HOLDER, &variables, &[]);
            }
        }
    }

    /// What a command does with the CloudFormation stacks.
    pub(super) fn deployment(&mut self, command: Command) {
        let ChangedBy::CloudFormation(role) = self.subject.changes else {
            if command == Command::Move {
                self.by_name(&[deploy::READ, deploy::CHANGE, deploy::RELEASE].concat());
            }
            return;
        };
        let needed: &[&[Allow]] = match command {
            Command::Apply => &[deploy::READ, deploy::CHANGE],
            Command::Teardown => &[deploy::READ, deploy::DELETE],
            Command::Move => &[deploy::READ, deploy::CHANGE, deploy::RELEASE],
            _ => &[deploy::READ],
        };
        needed.iter().for_each(|list| self.by_name(list));
        if let Some(role) = role.filter(|_| command != Command::Plan) {
            let pass = ("iam:PassRole", Only::PassedTo("cloudformation.amazonaws.com"), [].as_slice());
            self.needed.entry(pass).or_default().insert(role.to_owned());
        }
    }

    /// What CloudFormation does as its service role: it makes everything, and reads the packages.
    pub(super) fn service_role(&mut self, registry: &Registry) {
        for adapter in self.adapters(registry) {
            let needs = adapter.permissions();
            let regions = self.regions(adapter);
            self.declared(adapter, &needs);
            self.own(&[needs.observe, needs.delete], &regions, &[]);
        }
        if self.subject.in_fleet {
            self.by_name(deploy::IN_TARGETS);
            for variables in self.bundles() {
                home::TAKE.iter().for_each(|allow| self.add(allow, &variables, &[]));
            }
        } else {
            self.by_name(home::TAKE);
        }
    }

    fn declared(&mut self, adapter: &dyn Adapter, needs: &Permissions) {
        let kind = adapter.kind();
        let all = self.subject.declarations.iter();
        let declared: Vec<&Declaration> = all.filter(|declaration| declaration.kind == kind).collect();
        let regions: BTreeSet<String> =
            declared.iter().map(|declaration| declaration.region.clone()).collect();
        self.own(&[needs.create, needs.update], &regions, &declared);
    }

    /// The stack's home bucket. Every command except plan creates it if missing. Teardown removes it in the end.
    pub(super) fn home(&mut self, registry: &Registry, command: Command) {
        let own = self.variables(&self.scope.region);
        let own = ArnVariables { buckets: vec![own.home.clone()], ..own };
        self.home_bucket(registry, command, &own);
        let bundles = self.bundles();
        if command == Command::Teardown && !bundles.is_empty() {
            self.by_name(home::LIST);
        }
        for variables in bundles {
            self.home_bucket(registry, command, &variables);
        }
    }

    fn home_bucket(&mut self, registry: &Registry, command: Command, variables: &ArnVariables) {
        let declarations = home_stack::declare(&self.scope, None);
        for declaration in &declarations {
            let Some(adapter) = registry.get(&declaration.kind) else { continue };
            let needs = adapter.permissions();
            let mut lists = Vec::new();
            if command != Command::Plan {
                lists.extend([needs.observe, needs.create, needs.update]);
            }
            if command == Command::Teardown {
                lists.extend([needs.delete, needs.empty]);
            }
            for allow in lists.into_iter().flatten() {
                self.add(allow, variables, &[declaration]);
            }
        }
        let own: &[&[Allow]] = match command {
            Command::Apply => &[home::READ, home::LOCK, home::KEEP],
            Command::Teardown => &[home::READ, home::LOCK, home::NOTE],
            _ => &[home::READ],
        };
        for allow in own.iter().copied().flatten() {
            self.add(allow, variables, &[]);
        }
    }

    /// What a command does with the stack's KMS key.
    pub(super) fn key(&mut self, command: Command) {
        let needed: &[Allow] = match command {
            Command::Plan | Command::Export | Command::Import => &[kms::LOOK, kms::READ],
            Command::Apply => &[kms::LOOK, kms::WRITE, kms::GIVE],
            Command::Teardown => &[kms::LOOK, kms::WRITE],
            Command::Asset => &[kms::READ_OBJECTS],
            Command::Move => &[kms::LOOK, kms::WRITE],
            Command::ServiceRole => &[kms::LOOK, kms::WRITE, kms::GIVE],
            Command::MoveName => &[],
            Command::Verify | Command::Library | Command::AssetRemove | Command::Upload => {
                &[kms::WRITE_OBJECTS]
            }
        };
        self.by_name(needed);
    }

    /// Permissions of `verify`: to find the distribution, the signing keys, and the two buckets.
    pub(super) fn verify(&mut self, registry: &Registry) {
        self.find(registry, &[DISTRIBUTION, "AWS::CloudFront::PublicKey"]);
        self.on_stack(verify::PERMISSIONS);
    }

    /// Permissions of `asset`: to find the distribution, for the address, and to read what the buckets know.
    pub(super) fn asset(&mut self, registry: &Registry) {
        self.find(registry, &[DISTRIBUTION]);
        self.on_stack(assets::LOOK);
    }

    /// What is needed to find the declared resources of these types.
    fn find(&mut self, registry: &Registry, types: &[&str]) {
        for adapter in registry.iter().filter(|adapter| types.contains(&adapter.kind().as_str())) {
            if self.subject.declarations.iter().any(|declaration| declaration.kind == adapter.kind()) {
                self.own(&[adapter.permissions().observe], &self.regions(adapter), &[]);
            }
        }
    }

    /// Permissions on what is found by name, and on the stack's zone, which every command looks for.
    pub(super) fn on_stack(&mut self, needed: &[Allow]) {
        self.by_name(needed);
        if self.subject.domain.is_some() && self.subject.dns != Dns::Elsewhere {
            self.add(&route53::FIND_ZONE, &self.variables(&self.scope.region), &[]);
        }
    }

    /// Permissions on what is found by name.
    pub(super) fn by_name(&mut self, needed: &[Allow]) {
        let variables = self.variables(&self.scope.region);
        for allow in needed {
            self.add(allow, &variables, &[]);
        }
    }

    /// The regions where resources of a type are looked for.
    fn regions(&self, adapter: &dyn Adapter) -> BTreeSet<String> {
        adapter.also_in().map(str::to_owned).into_iter().chain([self.scope.region.clone()]).collect()
    }

    pub(super) fn variables(&self, region: &str) -> ArnVariables {
        let Scope { stack, account, region: home } = &self.scope;
        let buckets = bucket_prefixes(stack, account).map(|prefix| prefix + home);
        let [own, work, output, _] = buckets.clone();
        let source = self.subject.source.map_or(own, str::to_owned);
        ArnVariables {
            account: account.clone(),
            region: region.to_owned(),
            stack: stack.clone(),
            path: self.role_path.clone(),
            name: format!("{stack}-*"),
            home: self.scope.home_bucket(),
            zone: self.subject.zone.unwrap_or("*").to_owned(),
            source,
            work,
            output,
            buckets: buckets.to_vec(),
            roles: Vec::new(),
            keys: self.keys(),
        }
    }

    /// The ARN of the stack's KMS key. That of an alias is not in this file: a condition names the alias.
    fn keys(&self) -> Vec<String> {
        let any = || self.scope.arn("kms", "key/*");
        let arn = |key: &KmsKey| if key.alias().is_some() { any() } else { key.arn(&self.scope) };
        self.subject.key.map(arn).into_iter().collect()
    }

    /// The ARNs of the roles that the declared resources work as.
    fn roles(&self, declared: &[&Declaration]) -> Vec<String> {
        let mut roles = BTreeSet::new();
        for one in declared {
            collect_roles(&resolve(&one.properties, &|_| None), &mut roles);
        }
        let own = format!(":role{}{}-", self.role_path, self.subject.scope.stack);
        let each = format!(":role{}{}-", self.role_path, self.scope.stack);
        roles.into_iter().map(|arn| arn.replacen(&own, &each, 1)).collect()
    }

    /// The search for the stack's resources reads the tags of everything whose name might be the stack's. Who may only
    /// read tags may read any: naming the types again would take a tenth of what fits a role.
    fn sweep(&mut self, list: &[Allow], regions: &BTreeSet<String>) {
        let is_tags = |action: &&str| action.contains(":ListTags") || *action == "sqs:ListQueueTags";
        for region in regions {
            let variables = self.variables(region);
            for allow in list {
                let anywhere = allow.actions.iter().all(is_tags);
                let allow = if anywhere { Allow { on: ANYTHING, ..*allow } } else { *allow };
                self.add(&allow, &variables, &[]);
            }
        }
    }

    /// Everything else is for the stack's own resources.
    fn own(&mut self, lists: &[&[Allow]], regions: &BTreeSet<String>, declared: &[&Declaration]) {
        let roles = self.roles(declared);
        for region in regions {
            let variables = ArnVariables { roles: roles.clone(), ..self.variables(region) };
            for allow in lists.iter().copied().flatten() {
                self.add(&allow.only(self.guarded(allow)), &variables, declared);
            }
        }
    }

    /// The condition of a permission on the stack's own resources. What begins with the stack's name can be another
    /// stack's.
    fn guarded(&self, allow: &Allow) -> Only {
        let by_prefix = allow.on.iter().any(|arn| arn.contains("{name}"));
        match allow.only {
            Only::Always if by_prefix => Only::NoOtherStackTag,
            Only::WithinBoundary if self.boundary.is_none() => Only::NoOtherStackTag,
            Only::OwnWithinBoundary if self.boundary.is_none() => Only::RequiresStackTag,
            only => only,
        }
    }

    fn add(&mut self, allow: &Allow, variables: &ArnVariables, declared: &[&Declaration]) {
        let empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        let has = |property| {
            let mut values = declared.iter().filter_map(|one| one.properties.get(property));
            values.any(|value| !empty(value))
        };
        // Without a domain name, the stack's records cannot be distinguished from other records.
        let unknown = allow.only == Only::OwnRecords && self.subject.domain.is_none();
        if unknown || allow.with.is_some_and(|property| !has(property)) {
            return;
        }
        for action in allow.actions {
            let arns = self.needed.entry((action, allow.only, allow.on)).or_default();
            arns.extend(allow.on.iter().flat_map(|arn| variables.fill(arn)));
        }
    }

    /// Keeps what the policy's own side of the account border does.
    fn divide(&mut self) {
        let is_dns = |action: &str| action.starts_with("route53:");
        match self.subject.dns {
            Dns::Own | Dns::Elsewhere => {}
            Dns::OfRole => self.needed.retain(|(action, ..), _| is_dns(action)),
            Dns::ByRole(role) => {
                let all = self.needed.len();
                self.needed.retain(|(action, ..), _| !is_dns(action));
                if self.needed.len() < all {
                    self.needed.insert(ASSUME, BTreeSet::from([role.to_owned()]));
                }
            }
        }
    }

    /// The policy that allows all of it.
    pub(super) fn document(mut self) -> PolicyDocument {
        self.divide();
        let mark = Mark { stack: self.scope.stack.clone(), address: "".into() };
        let mark = if self.subject.in_fleet { mark.of_fleet(&self.scope.region) } else { mark };
        let conditions = document::Conditions {
            stack: &self.scope.stack,
            mark: &mark.stack,
            is_pattern: self.subject.prefix.is_some() || mark.stack.contains('*'),
            domain: self.subject.domain.unwrap_or_default(),
            boundary: self.boundary.as_deref().unwrap_or_default(),
            region: &self.scope.region,
            alias: self.subject.key.and_then(KmsKey::alias),
        };
        document::document(self.needed, conditions)
    }
}

fn collect_roles(properties: &Value, found: &mut BTreeSet<String>) {
    match properties {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(arn) if ROLES.contains(&name.as_str()) => drop(found.insert(arn.to_owned())),
                    _ => collect_roles(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect_roles(value, found)),
        _ => {}
    }
}
