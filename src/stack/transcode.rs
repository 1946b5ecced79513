//! The encoder: the queue for jobs, the template with the ladder, and the role that jobs use.

mod settings;

use super::config::{Acceleration, ConcurrentJobs, StackFile};
use super::ladder::Ladder;
use super::storage::Storage;
use super::{Declarations, Handle, names, roles};
use crate::resource::iam::Role;
use crate::resource::mediaconvert::{AccelerationSettings, JobTemplate, Queue};

/// The declared encoder.
#[derive(Debug)]
pub struct EncoderResources {
    /// The queue for jobs.
    pub queue: Handle<Queue>,
    /// The template of jobs.
    pub template: Handle<JobTemplate>,
    /// The role that jobs use.
    pub role: Handle<Role>,
}

/// Declares the encoder between the source and the work bucket.
pub fn declare(stack: &mut Declarations, file: &StackFile, storage: &Storage) -> EncoderResources {
    let queue = queue(stack, file);
    let template = template(stack, file, &queue);
    let role = role(stack, storage, &queue);
    EncoderResources { queue, template, role }
}

/// The stack's own queue: its costs have the stack's tags, and its jobs do not wait for other jobs.
fn queue(stack: &mut Declarations, file: &StackFile) -> Handle<Queue> {
    let queue = Queue {
        name: stack.name("transcode"),
        description: Some(format!("Uploads of {} that wait to be transcoded", stack.scope().stack)),
        pricing_plan: "ON_DEMAND".to_owned(),
        status: "ACTIVE".to_owned(),
        concurrent_jobs: file.transcode.concurrent_jobs.map(ConcurrentJobs::count),
        tags: stack.tags(names::QUEUE.as_str()).into(),
    };
    stack.declare(names::QUEUE.as_str(), &queue)
}

fn template(stack: &mut Declarations, file: &StackFile, queue: &Handle<Queue>) -> Handle<JobTemplate> {
    let mode = match file.transcode.acceleration {
        Acceleration::Disabled => "DISABLED",
        Acceleration::Preferred => "PREFERRED",
    };
    let template = JobTemplate {
        name: stack.name("ladder"),
        description: Some(summary(&file.transcode.ladder)),
        category: None,
        queue: queue.arn(),
        priority: 0,
        acceleration_settings: AccelerationSettings { mode: mode.to_owned() },
        status_update_interval: "SECONDS_60".to_owned(),
        hop_destinations: Vec::new(),
        settings_json: settings::settings(&file.transcode),
        tags: stack.tags(names::TEMPLATE.as_str()).into(),
    };
    stack.declare(names::TEMPLATE.as_str(), &template)
}

/// The ladder in one line, for readers of the console.
fn summary(ladder: &Ladder) -> String {
    let name = ladder.name.as_deref().unwrap_or("A ladder of its own");
    match ladder.rungs.as_slice() {
        [only] => format!("{name}: {only}"),
        [lowest, .., highest] => {
            format!("{name}: {} renditions, {lowest} to {highest}", ladder.rungs.len())
        }
        [] => name.to_owned(),
    }
}

/// Jobs read uploads and write to the work bucket, for this queue only.
fn role(stack: &mut Declarations, storage: &Storage, queue: &Handle<Queue>) -> Handle<Role> {
    let role = Role::new(
        stack.name_everywhere("transcode"),
        "What MediaConvert's jobs may do",
        roles::encoder_trust(stack.scope(), queue.arn()),
        roles::inline(
            stack.with_key(roles::encoder(storage.source.arn.clone(), storage.work.arn()), &["s3"]),
        ),
        stack.tags_everywhere("transcode/role"),
    );
    stack.declare_role("transcode/role", role)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::mediaconvert::settings::unknown_words;

    #[test]
    fn a_ladder_is_summed_up_in_a_line() {
        assert_eq!(
            summary(&Ladder::named("hls-1080p").unwrap()),
            "hls-1080p: 9 renditions, 234p 145k to 1080p 7.8M"
        );
        let mut single = Ladder::named("hls-720p").unwrap();
        single.rungs.truncate(1);
        single.name = None;
        assert_eq!(summary(&single), "A ladder of its own: 234p 145k");
    }

    #[test]
    fn sound_has_the_declared_loudness() {
        let head = "stack: vod\naccount: \"111122223333\"\nregion: eu-west-1\n";
        let normalized = |transcode: &str| {
            let file = crate::stack::config::parse("x.yaml", &format!("{head}{transcode}")).unwrap();
            let settings = settings::settings(&file.transcode);
            assert_eq!(unknown_words(&settings), Vec::<String>::new());
            let outputs =
                settings.output_groups.unwrap().into_iter().flat_map(|group| group.outputs.unwrap());
            let sound = outputs.into_iter().find_map(|output| output.audio_descriptions).unwrap();
            sound.into_iter().find_map(|audio| audio.audio_normalization_settings)
        };
        assert_eq!(normalized(""), None, "as in the original");
        insta::assert_json_snapshot!(normalized("transcode: { loudness: -16 }"), @r#"
        {
          "Algorithm": "ITU_BS_1770_3",
          "AlgorithmControl": "CORRECT_AUDIO",
          "LoudnessLogging": "DONT_LOG",
          "PeakCalculation": "NONE",
          "TargetLkfs": -16.0,
          "TruePeakLimiterThreshold": -1.0
        }
        "#);
    }
}
