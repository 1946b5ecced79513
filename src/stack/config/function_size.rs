//! The memory and the time of one handler: `handlers.submit` and `handlers.publish`.

use schemars::JsonSchema;
use serde::Serialize;

use super::reader::{Scalar, Table, Wrong};
use super::size::{Size, SizeUnit};
use super::tree::Text;
use super::values::{Period, TimeUnit};

/// How large one handler is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FunctionSize {
    /// Its memory, up to `10240MiB`. Lambda gives processor and network in proportion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Size>,
    /// How long one invocation may take, up to `15m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

/// What a handler needs at least, why, and what it has where the stack file does not say.
pub(super) struct Needs {
    memory: (Size, &'static str),
    timeout: (Period, &'static str),
}

/// The most that Lambda gives to a function.
const MOST: (Size, Period) = (Size::new(10_240, SizeUnit::Mebi), Period::new(15, TimeUnit::Minute));

/// Submit: Lambda's smallest function is enough. Its time is `PATIENCE` in `lambda/submit/src/patience.rs`, the last
/// attempt, Probe, and the repetitions of its other calls.
pub(super) const SUBMIT: Needs = Needs {
    memory: (Size::new(128, SizeUnit::Mebi), "Lambda has no smaller function"),
    timeout: (
        Period::new(4, TimeUnit::Minute),
        "submit waits up to 150 s for its turn at MediaConvert and up to 25 s for Probe, and repeats its other calls",
    ),
};

/// Publish: 10,000 objects are copied by one invocation, and the last step may wait for CloudFront.
pub(super) const PUBLISH: Needs = Needs {
    memory: (
        Size::new(512, SizeUnit::Mebi),
        "with less, publish has too little processor and network to copy 10,000 objects in one invocation",
    ),
    timeout: (
        Period::new(10, TimeUnit::Minute),
        "publish copies up to 10,000 objects, and waits up to 240 s for one of CloudFront's 15 invalidations",
    ),
};

/// A size in which no unit means mebibytes, for the message.
struct Memory(Size);

impl Scalar for Memory {
    const EXAMPLE: &'static str = "512MiB";

    fn scalar(text: &Text) -> Result<Self, Wrong> {
        if !text.text.is_empty() && text.text.bytes().all(|byte| byte.is_ascii_digit()) {
            let label = format!("no unit: did you mean {}MiB?", text.text);
            return Err(Wrong::new(
                "must be in MiB or GiB",
                label,
                "a whole number with its unit, such as 512MiB",
            ));
        }
        Size::scalar(text).map(Self)
    }
}

/// Reads the section of one handler.
pub(super) fn read(table: &Table<'_>, needs: &Needs) -> Option<FunctionSize> {
    let memory = memory(table, needs.memory);
    let timeout = timeout(table, needs.timeout);
    Some(FunctionSize { memory: memory?, timeout: timeout? })
}

fn memory(table: &Table<'_>, (least, why): (Size, &str)) -> Option<Option<Size>> {
    let size = table.optional::<Memory>("memory")?.map(|Memory(size)| size);
    let Some(given) = size else { return Some(None) };
    let label = match given.bytes() {
        bytes if bytes < least.bytes() => why,
        bytes if bytes > MOST.0.bytes() => "more than Lambda gives to a function",
        _ => return Some(size),
    };
    reject(table, "memory", (&given, label), (&least, &MOST.0));
    None
}

fn timeout(table: &Table<'_>, (least, why): (Period, &str)) -> Option<Option<Period>> {
    let time = table.optional::<Period>("timeout")?;
    let Some(given) = time else { return Some(None) };
    let label = match given.seconds() {
        seconds if seconds < least.seconds() => why,
        seconds if seconds > MOST.1.seconds() => "longer than Lambda lets a function run",
        _ => return Some(time),
    };
    reject(table, "timeout", (&given, label), (&least, &MOST.1));
    None
}

fn reject<T: std::fmt::Display>(
    table: &Table<'_>,
    key: &'static str,
    (given, label): (&T, &str),
    (least, most): (&T, &T),
) {
    if let Some(value) = table.get(key) {
        value.reject(Wrong::new(format!("cannot be {given}"), label, format!("{least} to {most}")));
    }
}
