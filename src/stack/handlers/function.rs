//! One of the two handlers: its function, role, log group, failure destination and permission.

use super::{EVENTS, HOUR, architecture, rule_arn};
use crate::model::{Address, PolicyDocument, Scope};
use crate::resource::iam::Role;
use crate::resource::lambda::{
    Code, Destination, DestinationConfig, Environment, EphemeralStorage, EventInvokeConfig, Function,
    LoggingConfig, Permission, ROLE_ID, TracingConfig,
};
use crate::resource::logs::{LogGroup, LogGroupClass};
use crate::resource::sqs::Queue;
use crate::stack::config::StackFile;
use crate::stack::{Declarations, Handle, roles};

fn log_group_name(scope: &Scope, name: &str) -> String {
    format!("/aws/lambda/{}-{name}", scope.stack)
}

pub(super) fn logs(stack: &mut Declarations, file: &StackFile, name: &str) -> Handle<LogGroup> {
    let address = format!("handlers/{name}/logs");
    let group = LogGroup {
        log_group_name: log_group_name(stack.scope(), name),
        log_group_class: LogGroupClass::Standard,
        retention_in_days: Some(file.handlers.log_retention.get()),
        deletion_protection_enabled: false,
        kms_key_id: stack.key().map(str::to_owned),
        tags: stack.tags(&address),
    };
    stack.declare(&address, &group)
}

/// One of the two functions with everything that belongs to it.
pub(super) struct Handler<'a> {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    /// The rules that may invoke it.
    pub(super) rules: Vec<&'static str>,
    pub(super) digest: &'a str,
    pub(super) memory: i32,
    pub(super) timeout: i32,
    /// How many invocations may run at the same time, if that is limited.
    pub(super) concurrency: Option<u16>,
    pub(super) environment: Environment,
    pub(super) policy: PolicyDocument,
    pub(super) logs: &'a Handle<LogGroup>,
}

/// A declared handler, and the resources that must exist before its rule invokes it.
pub(super) struct Declared {
    pub(super) function: Handle<Function>,
    pub(super) role: Handle<Role>,
    pub(super) beside: Vec<Address>,
}

impl Handler<'_> {
    pub(super) fn declare(
        self,
        stack: &mut Declarations,
        file: &StackFile,
        dead_letters: &Handle<Queue>,
    ) -> Declared {
        let role = self.role(stack);
        let function = self.function(stack, file, &role);
        let invoke = self.invoke(stack, &function, dead_letters);
        let mut beside = vec![invoke.address().clone()];
        for (index, rule) in self.rules.iter().enumerate() {
            let address = match index {
                0 => format!("handlers/{}/permission", self.name),
                _ => format!("handlers/{rule}-permission"),
            };
            beside.push(permission(stack, &address, &function, rule).address().clone());
        }
        Declared { function, role, beside }
    }

    fn role(&self, stack: &mut Declarations) -> Handle<Role> {
        let address = format!("handlers/{}/role", self.name);
        let description = format!("What {} may do", stack.name(self.name));
        let policies = roles::inline(self.policy.clone());
        let tags = stack.tags_everywhere(&address);
        let role =
            Role::new(stack.name_everywhere(self.name), &description, roles::lambda_trust(), policies, tags);
        stack.declare_role(&address, role)
    }

    fn function(&self, stack: &mut Declarations, file: &StackFile, role: &Handle<Role>) -> Handle<Function> {
        let address = format!("handlers/{}", self.name);
        let scope = stack.scope();
        let mut environment = self.environment.clone();
        environment.variables.insert(ROLE_ID.to_owned(), role.output("RoleId"));
        let function = Function {
            function_name: stack.name(self.name),
            description: self.description.to_owned(),
            role: role.arn(),
            package_type: "Zip".to_owned(),
            runtime: "provided.al2023".to_owned(),
            handler: "bootstrap".to_owned(),
            architectures: [architecture(file).as_str().to_owned()],
            code: Code { sha256: self.digest.to_owned() },
            memory_size: self.memory,
            timeout: self.timeout,
            ephemeral_storage: EphemeralStorage::default(),
            environment,
            logging_config: LoggingConfig {
                log_format: "JSON".to_owned(),
                log_group: log_group_name(scope, self.name).into(),
                application_log_level: Some("INFO".to_owned()),
                system_log_level: Some("INFO".to_owned()),
            },
            tracing_config: TracingConfig { mode: "Active".to_owned() },
            reserved_concurrent_executions: self.concurrency.map(i32::from),
            layers: Vec::new(),
            dead_letter_config: None,
            vpc_config: None,
            file_system_configs: Vec::new(),
            kms_key_arn: stack.key().map(str::to_owned),
            tags: stack.tags(&address),
        };
        // The group's only output is its ARN. So the log group's name in the function's settings does not order the
        // two.
        stack.declare_after(&address, &function, &[self.logs.address()])
    }

    fn invoke(
        &self,
        stack: &mut Declarations,
        function: &Handle<Function>,
        dead_letters: &Handle<Queue>,
    ) -> Handle<EventInvokeConfig> {
        let config = EventInvokeConfig {
            function_name: function.output("FunctionName"),
            qualifier: "$LATEST".to_owned(),
            maximum_retry_attempts: 2,
            maximum_event_age_in_seconds: (6 * HOUR).cast_signed(),
            destination_config: Some(DestinationConfig {
                on_failure: Some(Destination { destination: dead_letters.arn() }),
                on_success: None,
            }),
        };
        stack.declare(&format!("handlers/{}/invoke", self.name), &config)
    }
}

/// Lets a rule invoke a function. There is no source account condition: the rule's ARN already names the account.
/// EventBridge does not always send the source account, and a statement that requires it then silently matches no
/// event. EventBridge's user guide, "AWS Lambda permissions", uses the ARN alone.
fn permission(
    stack: &mut Declarations,
    address: &str,
    function: &Handle<Function>,
    rule: &str,
) -> Handle<Permission> {
    let permission = Permission {
        function_name: function.output("FunctionName"),
        action: "lambda:InvokeFunction".to_owned(),
        principal: EVENTS.to_owned(),
        source_arn: Some(rule_arn(stack, rule)),
        source_account: None,
        principal_org_id: None,
        event_source_token: None,
        function_url_auth_type: None,
        invoked_via_function_url: None,
    };
    stack.declare(address, &permission)
}
