//! Collects the declarations of a stack and returns references to them.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use crate::model::{
    Address, Declaration, Mark, OutputRef, Outputs, PolicyDocument, REGION_TAG, Scope, Statement, StringExpr,
    Tags,
};
use crate::resource::Resource;
use crate::resource::iam::Role;

/// The declarations of one stack, while they are collected.
#[derive(Debug)]
pub struct Declarations {
    scope: Scope,
    tags: BTreeMap<String, String>,
    boundary: Option<StringExpr>,
    role_path: String,
    key: Option<String>,
    in_fleet: bool,
    list: Vec<Declaration>,
}

/// A declared resource that others can refer to.
#[derive(Debug)]
pub struct Handle<R> {
    address: Address,
    predicted: Outputs,
    of: PhantomData<fn() -> R>,
}

impl<R> Handle<R> {
    /// Its address.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// One of its outputs, as an input of another resource. The reference also orders the two.
    #[must_use]
    pub fn output(&self, attribute: &str) -> StringExpr {
        StringExpr::output(OutputRef {
            address: self.address.clone(),
            attribute: attribute.to_owned(),
            predicted: self.predicted.get(attribute).cloned(),
        })
    }

    /// Its ARN: the output that nearly every type has.
    #[must_use]
    pub fn arn(&self) -> StringExpr {
        self.output("Arn")
    }
}

impl Declarations {
    /// An empty stack that adds `tags` to its taggable resources, in addition to the ownership tags.
    #[must_use]
    pub fn new(scope: Scope, tags: BTreeMap<String, String>) -> Self {
        let (role_path, list) = ("/".to_owned(), Vec::new());
        Self { scope, tags, boundary: None, role_path, key: None, in_fleet: false, list }
    }

    /// The same for a stack of a fleet, if it is one.
    #[must_use]
    pub fn of_fleet(self, in_fleet: bool) -> Self {
        Self { in_fleet, ..self }
    }

    /// The same, with the ARN of the permissions boundary of its roles.
    #[must_use]
    pub fn bounded(self, boundary: Option<&str>) -> Self {
        Self { boundary: boundary.map(StringExpr::from), ..self }
    }

    /// The same, with the IAM path of its roles.
    #[must_use]
    pub fn on_path(self, path: Option<&str>) -> Self {
        Self { role_path: path.unwrap_or("/").to_owned(), ..self }
    }

    /// The same, with the ARN of the KMS key for what it stores.
    #[must_use]
    pub fn encrypted(self, key: Option<&str>) -> Self {
        Self { key: key.map(str::to_owned), ..self }
    }

    /// The ARN of the KMS key for what the stack stores, if it has one.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The policy of a role that reads and writes by these services what is encrypted with the stack's key.
    #[must_use]
    pub fn with_key(&self, policy: PolicyDocument, services: &[&str]) -> PolicyDocument {
        let Some(key) = &self.key else { return policy };
        let by =
            services.iter().map(|service| format!("{service}.{}.amazonaws.com", self.scope.region).into());
        let use_key = Statement::allow("UseKey", &["kms:Decrypt", "kms:GenerateDataKey"])
            .on([key.as_str().into()])
            .when("StringEquals", "kms:ViaService", by);
        PolicyDocument::new(policy.statements().cloned().chain([use_key]))
    }

    /// The stack, account and region.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The name of one of the stack's resources: `vod-staging-submit`.
    #[must_use]
    pub fn name(&self, suffix: &str) -> String {
        format!("{}-{suffix}", self.scope.stack)
    }

    /// The name of a resource whose names all regions of an account share (IAM, CloudFront). A fleet has a stack in several of
    /// them: `vod-submit-eu-west-1`.
    #[must_use]
    pub fn name_everywhere(&self, suffix: &str) -> String {
        let name = self.name(suffix);
        if self.in_fleet { format!("{name}-{}", self.scope.region) } else { name }
    }

    /// The ownership tag of the resource at an address.
    fn mark(&self, address: &str) -> Mark {
        let mark = self.scope.mark(&address.into());
        if self.in_fleet { mark.of_fleet(&self.scope.region) } else { mark }
    }

    /// The tags for the resource at an address: the stack's own tags and the ownership tags.
    #[must_use]
    pub fn tags(&self, address: &str) -> Tags {
        let own = self.tags.iter().map(|(key, value)| (key.clone(), value.clone()));
        own.chain(self.mark(address).tags()).collect()
    }

    /// The same for a resource with a name that is unique in the account, not per region (IAM, CloudFront). The
    /// ownership tags include the stack's region, to distinguish it from a stack of the same name in another region.
    #[must_use]
    pub fn tags_everywhere(&self, address: &str) -> Tags {
        let tags = self.tags(address);
        let region = (REGION_TAG, self.scope.region.as_str());
        tags.iter().chain([region]).collect()
    }

    /// The comment that marks an untaggable resource at an address.
    #[must_use]
    pub fn comment(&self, address: &str) -> String {
        self.mark(address).comment()
    }

    /// Declares one of the stack's roles, on their path and within the boundary.
    pub fn declare_role(&mut self, address: &str, role: Role) -> Handle<Role> {
        let (path, permissions_boundary) = (self.role_path.clone(), self.boundary.clone());
        let role = Role { path, permissions_boundary, ..role };
        self.declare(address, &role)
    }

    /// Declares a resource in the stack's region.
    pub fn declare<R: Resource>(&mut self, address: &str, resource: &R) -> Handle<R> {
        self.declare_after(address, resource, &[])
    }

    /// Declares a resource in another region: the resources that CloudFront depends on are in us-east-1.
    pub fn declare_in<R: Resource>(&mut self, region: &str, address: &str, resource: &R) -> Handle<R> {
        self.add(region, address, resource, &[])
    }

    /// Declares a resource that must come after others, although no property refers to them.
    pub fn declare_after<R: Resource>(
        &mut self,
        address: &str,
        resource: &R,
        after: &[&Address],
    ) -> Handle<R> {
        let region = self.scope.region.clone();
        self.add(&region, address, resource, after)
    }

    /// Declares a resource in any region, after others.
    pub(super) fn add<R: Resource>(
        &mut self,
        region: &str,
        address: &str,
        resource: &R,
        after: &[&Address],
    ) -> Handle<R> {
        let address = Address::new(address);
        let predicted = resource.predicted(&Scope { region: region.to_owned(), ..self.scope.clone() });
        self.list.push(Declaration {
            address: address.clone(),
            kind: R::KIND,
            region: region.to_owned(),
            properties: serde_json::to_value(resource).expect("resources are plain data"),
            predicted: predicted.clone(),
            after: after.iter().map(|address| (*address).clone()).collect::<BTreeSet<_>>(),
            guard: R::GUARD,
        });
        Handle { address, predicted, of: PhantomData }
    }

    /// All declarations.
    #[must_use]
    pub fn finish(self) -> Vec<Declaration> {
        self.list
    }
}
