//! The events of an operation on a CloudFormation stack, from its begin to its end.

use std::sync::{Mutex, PoisonError};

use aws_sdk_cloudformation::types::StackEvent;

use super::stack::{PATIENCE, StackSeen, is_absent, look};
use super::status::{Phase, StackStatus};
use crate::aws::{Context, Error, OrEmpty, Poll, Result, SdkResult, until};

/// The newest event of a stack at some time. What comes after it is new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marker(Option<String>);

/// What an event says of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceProgress {
    /// The resource.
    pub logical_id: String,
    /// Its status, such as `CREATE_IN_PROGRESS`.
    pub status: String,
    /// Why, in CloudFormation's words.
    pub reason: String,
}

impl ResourceProgress {
    /// Whether CloudFormation began to work on it, and the event is the first of the two that say so.
    #[must_use]
    pub fn is_start(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS")
    }

    /// Whether it was done. A resource that a deletion retains is let go, and nothing was done to it.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.status.ends_with("_COMPLETE")
    }

    /// Whether it failed by itself. What CloudFormation cancels because something else failed is no cause.
    #[must_use]
    pub fn is_cause(&self) -> bool {
        self.status.ends_with("_FAILED") && !CANCELLED.iter().any(|text| self.reason.contains(text))
    }
}

/// The reason of what CloudFormation stops because of another failure, as recorded: "Resource creation cancelled".
const CANCELLED: [&str; 2] = ["cancelled", "canceled"];

/// A resource that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceFailure {
    /// The resource's logical id; the stack's name if the stack as a whole failed.
    pub logical_id: String,
    /// Why, in CloudFormation's words.
    pub reason: String,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationEnd {
    /// The stack afterwards.
    pub stack: StackSeen,
    /// What failed by itself, the oldest first.
    pub causes: Vec<ResourceFailure>,
}

impl OperationEnd {
    /// Whether the operation did what it was asked for.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.stack.status.is_success()
    }
}

/// The newest event of a stack. Nothing if there is no stack.
///
/// # Errors
/// When the call fails.
pub async fn newest(cx: &Context, stack: &str) -> Result<Marker> {
    let answer = cx.cloudformation().describe_stack_events().stack_name(stack).send().await;
    match answer.named("cloudformation:DescribeStackEvents") {
        Ok(answer) => {
            Ok(Marker(answer.stack_events.or_empty().into_iter().next().and_then(|event| event.event_id)))
        }
        Err(error) if is_absent(&error) => Ok(Marker::default()),
        Err(error) => Err(error),
    }
}

/// Waits for the end of the operation that began after `since`, and reports each new event of a resource.
///
/// # Errors
/// When a call fails, it takes too long, or the run is interrupted: CloudFormation then goes on by itself.
pub async fn follow(
    cx: &Context,
    stack_id: &str,
    since: &Marker,
    report: &(dyn Fn(&ResourceProgress) + Send + Sync),
) -> Result<OperationEnd> {
    let followed = Mutex::new(Followed { seen: since.clone(), status: None, causes: Vec::new() });
    let known = || followed.lock().unwrap_or_else(PoisonError::into_inner);
    let stack = until(cx, "cloudformation:DescribeStackEvents", PATIENCE, || async {
        let seen = known().seen.clone();
        let events = after(cx, stack_id, &seen).await?;
        known().take(stack_id, events, report);
        let stack = look(cx, stack_id).await?.ok_or_else(|| gone(stack_id))?;
        let told = known().status.clone();
        Ok(match (stack.status.phase(), told) {
            (Phase::Gone, _) => Poll::Done(stack),
            (Phase::Working | Phase::Review, _) => {
                Poll::Pending(format!("waiting for CloudFormation: {} is in {}", stack.name, stack.status))
            }
            // The stack's own event ends the operation. Its status alone may still be that of before.
            (_, Some(told)) if told == stack.status => Poll::Done(stack),
            _ => Poll::Pending(format!("waiting until CloudFormation begins on {}", stack.name)),
        })
    });
    let stack = stack.await?;
    let causes = followed.into_inner().unwrap_or_else(PoisonError::into_inner).causes;
    Ok(OperationEnd { stack, causes })
}

/// What is known of an operation so far.
struct Followed {
    seen: Marker,
    /// The status of the stack, by its newest event.
    status: Option<StackStatus>,
    causes: Vec<ResourceFailure>,
}

impl Followed {
    fn take(
        &mut self,
        stack_id: &str,
        events: Vec<StackEvent>,
        report: &(dyn Fn(&ResourceProgress) + Send + Sync),
    ) {
        for event in events {
            self.seen = Marker(event.event_id);
            let status = event.resource_status.map(|status| status.as_str().to_owned()).unwrap_or_default();
            if event.physical_resource_id.as_deref() == Some(stack_id) {
                // It says again which of its resources failed.
                self.status = Some(StackStatus::new(status));
                continue;
            }
            let progress = ResourceProgress {
                logical_id: event.logical_resource_id.unwrap_or_default(),
                status,
                reason: event.resource_status_reason.unwrap_or_default(),
            };
            if progress.is_cause() {
                let (logical_id, reason) = (progress.logical_id.clone(), progress.reason.clone());
                self.causes.push(ResourceFailure { logical_id, reason });
            }
            report(&progress);
        }
    }
}

/// The events after a marker, the oldest first.
async fn after(cx: &Context, stack: &str, since: &Marker) -> Result<Vec<StackEvent>> {
    let mut pages = cx.cloudformation().describe_stack_events().stack_name(stack).into_paginator().send();
    let mut events = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.named("cloudformation:DescribeStackEvents")?;
        for event in page.stack_events.or_empty() {
            if since.0.is_some() && event.event_id == since.0 {
                events.reverse();
                return Ok(events);
            }
            events.push(event);
        }
    }
    events.reverse();
    Ok(events)
}

fn gone(stack: &str) -> Error {
    Error::unexpected("cloudformation:DescribeStacks", format!("{stack} is no longer there"))
}
