//! The two Lambda functions, the rules that invoke them, and the dead-letter queue.
//!
//! Each rule comes last: the function's permission and destinations and the queue's policy exist before the first event
//! can arrive. So no event is lost while a stack is created. `docs/handlers.md` describes what the functions do with
//! their environment.

mod feed;
mod function;
#[cfg(test)]
mod tests;

use feed::{Feed, deletions, ended_jobs, refusals, uploads};
pub(super) use feed::{Undelivered, rule};
use function::{Declared, Handler, logs};

use super::config::{FunctionArchitecture, FunctionSize, OnDelete, StackFile};
use super::roles::{self, FunctionAccess, PublishAccess, SubmitAccess};
use super::{Declarations, Handle, names, notify};
use crate::model::{Address, PolicyDocument, Principal, Statement, StringExpr};
use crate::resource::events::Rule;
use crate::resource::iam::Role;
use crate::resource::lambda::Function;
use crate::resource::sqs::{MAXIMUM_MESSAGE_SIZE, Queue, QueuePolicy};

const EVENTS: &str = "events.amazonaws.com";
const HOUR: u32 = 60 * 60;
const DAY: u32 = 24 * HOUR;
const UPLOAD_RULE: &str = "upload";
const JOB_RULE: &str = "job";
const REFUSAL_RULE: &str = "refusal";
const DELETION_RULE: &str = "deletion";
/// The bus that AWS services, and submit, send to.
pub(super) const DEFAULT_BUS: &str = "default";

/// A resource by name and ARN.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its name, or its id if it has no name.
    pub name: StringExpr,
    /// Its ARN.
    pub arn: StringExpr,
}

impl Named {
    /// A declared resource; `name` is the output that is its name.
    #[must_use]
    pub fn of<R>(declared: &Handle<R>, name: &str) -> Self {
        Self { name: declared.output(name), arn: declared.arn() }
    }
}

/// The resources that the handlers use.
#[derive(Clone, Debug)]
pub struct Wiring {
    /// The bucket of uploads.
    pub source: Named,
    /// The bucket that MediaConvert writes to.
    pub work: Named,
    /// The bucket that viewers read from.
    pub output: Named,
    /// The ARN of the queue of jobs.
    pub queue: StringExpr,
    /// The job template.
    pub template: Named,
    /// The ARN of the role that MediaConvert assumes.
    pub encoder: StringExpr,
    /// The distribution, by id and ARN.
    pub distribution: Named,
    /// The ARN of the topic for notices about assets, if there is one.
    pub topic: Option<StringExpr>,
}

/// The handlers' deployment packages, each by its SHA-256 in lower-case hexadecimal. The default is empty, for callers
/// to which the deployed code does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageDigests {
    /// For submit.
    pub submit: String,
    /// For publish.
    pub publish: String,
}

/// The declared resources that others refer to.
#[derive(Debug)]
pub struct HandlerResources {
    /// Starts a job for an upload.
    pub submit: Handle<Function>,
    /// Publishes the result of a job.
    pub publish: Handle<Function>,
    /// Invokes submit.
    pub upload_rule: Handle<Rule>,
    /// Invokes publish.
    pub job_rule: Handle<Rule>,
    /// Receives the events that neither function could handle.
    pub dead_letters: Handle<Queue>,
    /// The address of its policy.
    guarded: Address,
}

impl HandlerResources {
    /// Where a rule sends what it cannot deliver.
    #[must_use]
    pub fn undelivered(&self) -> Undelivered<'_> {
        Undelivered { queue: &self.dead_letters, policy: &self.guarded }
    }
}

/// The processor that the functions are built for and run on. The local cloud runs them as plain processes, so there it
/// is this machine's processor.
#[must_use]
pub fn architecture(file: &StackFile) -> FunctionArchitecture {
    match (file.local, cfg!(target_arch = "aarch64")) {
        (true, true) => FunctionArchitecture::Arm64,
        (true, false) => FunctionArchitecture::X86_64,
        (false, _) => file.handlers.architecture,
    }
}

/// Declares the handlers.
pub fn declare(
    stack: &mut Declarations,
    file: &StackFile,
    wiring: &Wiring,
    code: &PackageDigests,
) -> HandlerResources {
    let dead_letters = dead_letters(stack);
    let submit = submit(stack, file, wiring, &code.submit, &dead_letters);
    let publish = publish(stack, file, wiring, &code.publish, &dead_letters);
    let guarded = dead_letters_policy(stack, file, &dead_letters, [&submit.role, &publish.role]);
    let guarded = guarded.address().clone();
    let undelivered = Undelivered { queue: &dead_letters, policy: &guarded };
    let upload_rule = Feed {
        address: "handlers/upload-rule",
        rule: UPLOAD_RULE,
        description: "Objects put into the source bucket, to submit",
        pattern: uploads(&wiring.source.name),
        target: "submit",
        to: &submit,
    }
    .declare(stack, &undelivered);
    let job_rule = Feed {
        address: "handlers/job-rule",
        rule: JOB_RULE,
        description: "Jobs of the stack's queue that have ended, to publish",
        pattern: ended_jobs(&wiring.queue),
        target: "publish",
        to: &publish,
    }
    .declare(stack, &undelivered);
    Feed {
        address: "handlers/refusal-rule",
        rule: REFUSAL_RULE,
        description: "Uploads that submit refused, to publish",
        pattern: refusals(&stack.scope().stack, &wiring.source.name),
        target: "publish",
        to: &publish,
    }
    .declare(stack, &undelivered);
    if unpublishes(file) {
        Feed {
            address: "handlers/deletion-rule",
            rule: DELETION_RULE,
            description: "Objects deleted from the source bucket, to publish",
            pattern: deletions(&wiring.source.name),
            target: "publish",
            to: &publish,
        }
        .declare(stack, &undelivered);
    }
    HandlerResources {
        submit: submit.function,
        publish: publish.function,
        upload_rule,
        job_rule,
        dead_letters,
        guarded,
    }
}

/// True if the video of a deleted original is taken down.
fn unpublishes(file: &StackFile) -> bool {
    file.source.on_delete == OnDelete::Unpublish
}

fn submit(
    stack: &mut Declarations,
    file: &StackFile,
    wiring: &Wiring,
    digest: &str,
    dead_letters: &Handle<Queue>,
) -> Declared {
    let logs = logs(stack, file, "submit");
    let Wiring { source, work, queue, template, encoder, .. } = wiring.clone();
    let acceleration = file.transcode.acceleration.as_str().to_uppercase();
    let environment = [
        ("ACCELERATION", acceleration.into()),
        ("AUDIO", file.source.audio.as_str().into()),
        ("JOB_TEMPLATE", template.name),
        ("MAX_DURATION", max_duration(file)),
        ("MAX_SIZE", file.source.max_size.bytes().to_string().into()),
        ("QUEUE", queue.clone()),
        ("ROLE", encoder.clone()),
        ("STACK", stack.scope().stack.as_str().into()),
        ("WORK_BUCKET", work.name),
    ];
    let access = SubmitAccess {
        source: source.arn,
        work: work.arn,
        template: template.arn,
        queue,
        encoder,
        function: FunctionAccess { log_group: logs.arn(), dead_letters: dead_letters.arn() },
    };
    let handler = Handler {
        name: "submit",
        description: "Starts a MediaConvert job for an uploaded video",
        rules: vec![UPLOAD_RULE],
        digest,
        memory: memory(file.handlers.submit, 256),
        // Most of it is the patience with MediaConvert's rate of new jobs.
        timeout: timeout(file.handlers.submit, 300),
        concurrency: file.handlers.reserved_concurrency.get(),
        environment: environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        policy: stack.with_key(roles::submit(stack.scope(), &access), &["s3", "sqs"]),
        logs: &logs,
    };
    handler.declare(stack, file, dead_letters)
}

fn publish(
    stack: &mut Declarations,
    file: &StackFile,
    wiring: &Wiring,
    digest: &str,
    dead_letters: &Handle<Queue>,
) -> Declared {
    let logs = logs(stack, file, "publish");
    let Wiring { source, work, output, distribution, topic, .. } = wiring.clone();
    let environment = [
        ("DISTRIBUTION", distribution.name),
        ("MAX_DURATION", max_duration(file)),
        ("OUTPUT_BUCKET", output.name),
        ("STACK", stack.scope().stack.as_str().into()),
        ("WORK_BUCKET", work.name),
    ];
    let bus = file.notify.bus.as_deref();
    let optional = [
        topic.clone().map(|topic| ("TOPIC", topic)),
        bus.map(|bus| ("EVENT_BUS", bus.into())),
        unpublishes(file).then(|| ("ON_DELETE", OnDelete::Unpublish.as_str().into())),
    ];
    let environment = environment.into_iter().chain(optional.into_iter().flatten());
    let access = PublishAccess {
        source: source.arn,
        work: work.arn,
        output: output.arn,
        distribution: distribution.arn,
        topic,
        bus: bus.unwrap_or(DEFAULT_BUS).to_owned(),
        function: FunctionAccess { log_group: logs.arn(), dead_letters: dead_letters.arn() },
    };
    let services: &[&str] = if access.topic.is_some() { &["s3", "sns", "sqs"] } else { &["s3", "sqs"] };
    let handler = Handler {
        name: "publish",
        description: "Publishes what a MediaConvert job made",
        rules: [JOB_RULE, REFUSAL_RULE]
            .into_iter()
            .chain(unpublishes(file).then_some(DELETION_RULE))
            .collect(),
        digest,
        // A function's share of the network grows with its memory, and publish mostly copies. A two-hour title must fit
        // into one invocation.
        memory: memory(file.handlers.publish, 1024),
        timeout: timeout(file.handlers.publish, 900),
        concurrency: None,
        environment: environment.map(|(name, value)| (name.to_owned(), value)).collect(),
        policy: stack.with_key(roles::publish(stack.scope(), &access), services),
        logs: &logs,
    };
    handler.declare(stack, file, dead_letters)
}

/// A handler's memory in MB, as Lambda counts it.
fn memory(size: FunctionSize, usual: i32) -> i32 {
    size.memory.and_then(|memory| memory.mebibytes().try_into().ok()).unwrap_or(usual)
}

/// How many seconds an invocation of a handler may take.
fn timeout(size: FunctionSize, usual: i32) -> i32 {
    size.timeout.and_then(|timeout| timeout.seconds().try_into().ok()).unwrap_or(usual)
}

/// The longest video in seconds. Submit refuses what the file says is longer, publish what turned out to be longer.
fn max_duration(file: &StackFile) -> StringExpr {
    file.source.max_duration.seconds().to_string().into()
}

/// The ARN of one of the stack's rules, written out because the rule itself is declared later.
fn rule_arn(stack: &Declarations, rule: &str) -> StringExpr {
    rule_arn_on(stack, None, rule)
}

/// The same on another bus than the default one.
pub(super) fn rule_arn_on(stack: &Declarations, bus: Option<&str>, rule: &str) -> StringExpr {
    let bus = bus.map(|bus| format!("{bus}/")).unwrap_or_default();
    stack.scope().arn("events", &format!("rule/{bus}{}", stack.name(rule))).into()
}

fn dead_letters(stack: &mut Declarations) -> Handle<Queue> {
    let address = names::DEAD_LETTERS.as_str();
    let queue = plain_queue(stack, address, "dead-letters");
    stack.declare(address, &queue)
}

/// A queue that keeps its messages for as long as SQS can.
pub(super) fn plain_queue(stack: &Declarations, address: &str, name: &str) -> Queue {
    Queue {
        queue_name: stack.name(name),
        message_retention_period: 14 * DAY,
        visibility_timeout: 30,
        maximum_message_size: MAXIMUM_MESSAGE_SIZE,
        delay_seconds: 0,
        receive_message_wait_time_seconds: 0,
        redrive_policy: None,
        redrive_allow_policy: None,
        sqs_managed_sse_enabled: stack.key().is_none(),
        kms_master_key_id: stack.key().map(str::to_owned),
        tags: stack.tags(address),
    }
}

/// Only the stack's rules and the two functions may send. The rules need to be allowed here; the functions are allowed by
/// their roles. The denial stops other principals of the account that may send to every queue.
fn dead_letters_policy(
    stack: &mut Declarations,
    file: &StackFile,
    queue: &Handle<Queue>,
    senders: [&Handle<Role>; 2],
) -> Handle<QueuePolicy> {
    let rules = [UPLOAD_RULE, JOB_RULE, REFUSAL_RULE].into_iter();
    let rules = rules.chain(unpublishes(file).then_some(DELETION_RULE)).map(|rule| rule_arn(stack, rule));
    let rules: Vec<StringExpr> = rules.chain(notify::rule_arn(stack, file)).collect();
    let statements = [
        Statement::allow("Rules", &["sqs:SendMessage"])
            .to(Principal::service(EVENTS))
            .on([queue.arn()])
            .when("ArnEquals", "aws:SourceArn", rules),
        Statement::deny("Others", &["sqs:SendMessage"])
            .to(Principal::Any)
            .on([queue.arn()])
            .when("ArnNotEquals", "aws:PrincipalArn", senders.map(Handle::arn))
            .when("Bool", "aws:PrincipalIsAWSService", ["false".into()]),
        Statement::deny("PlainHttp", &["sqs:*"]).to(Principal::Any).on([queue.arn()]).when(
            "Bool",
            "aws:SecureTransport",
            ["false".into()],
        ),
    ];
    let policy =
        QueuePolicy { queues: [queue.output("QueueUrl")], policy_document: PolicyDocument::new(statements) };
    stack.declare("handlers/dead-letters/policy", &policy)
}
