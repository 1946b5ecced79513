//! AWS Elemental MediaConvert.

mod job_template;
mod mirror;
mod queue;
mod raw;
pub mod settings;
mod tags;

pub use job_template::{AccelerationSettings, HopDestination, JobTemplate};
pub use queue::Queue;
pub use settings::JobTemplateSettings;
pub use tags::TagMap;

const NAMED: &[&str] = &[
    "arn:aws:mediaconvert:{region}:{account}:queues/{name}",
    "arn:aws:mediaconvert:{region}:{account}:jobTemplates/{name}",
];
/// MediaConvert assigns the ids of jobs, and they carry no mark of ours.
const JOBS: &[&str] = &["arn:aws:mediaconvert:{region}:{account}:jobs/*"];

/// What MediaConvert answers when there is no queue, template or tagged resource of that name.
const ABSENT: &[&str] = &["NotFoundException"];
/// What it answers when the name is taken, or when a queue still has jobs.
const CONFLICT: &[&str] = &["ConflictException"];
