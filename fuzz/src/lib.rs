//! Fuzz targets: whatever reads a text that somebody else may have written.
//!
//! The readers are compiled by the paths of their sources, at the same places as in the program. So no target needs the
//! SDKs, and no function has to be public for a target's sake. Only the record is read next to the SDK: its target
//! depends on the program (feature `sdk`).
//!
//! `#[path = "."]` makes the paths inside a module relative to this file.

#[path = "../../src/diff.rs"]
pub mod diff;
#[path = "../../src/graph.rs"]
pub mod graph;
#[path = "../../src/model/mod.rs"]
pub mod model;
#[path = "../../src/plan/mod.rs"]
pub mod plan;
#[path = "../../src/saved/mod.rs"]
pub mod saved;
#[path = "../../src/sign/mod.rs"]
pub mod sign;

/// The part of `provision::stack` that reads stack files.
#[path = "."]
pub mod stack {
    #[path = "../../src/stack/config/mod.rs"]
    pub mod config;
    #[path = "../../src/stack/ladder.rs"]
    pub mod ladder;
}

/// The part of `provision::report` that makes errors harmless.
#[path = "."]
pub mod report {
    #[path = "../../src/report/clean.rs"]
    pub(crate) mod clean;
}

/// The part of the local cloud's MediaConvert that reads a job's settings.
#[path = "."]
pub mod mediaconvert {
    #[path = "../../src/local/mediaconvert/merge.rs"]
    mod merge;
    #[path = "../../src/local/mediaconvert/settings.rs"]
    mod settings;

    use serde_json::Value;

    /// Whether a job's settings would be accepted.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn accept(settings: &Value) -> Result<(), String> {
        settings::check(settings, true)?;
        serde_json::from_value::<settings::Settings>(settings.clone())
            .map(drop)
            .map_err(|error| error.to_string())
    }

    /// A job's settings over its template's.
    pub fn merge(template: &Value, job: &Value) -> Value {
        merge::Merge::default().over(template, job)
    }
}

/// The parts of the handler `publish` that read.
#[path = "."]
pub mod publish {
    #[path = "../../lambda/publish/src/event.rs"]
    pub mod event;
    #[path = "../../lambda/publish/src/playlist.rs"]
    pub mod playlist;
    #[path = "../../lambda/publish/src/request.rs"]
    pub mod request;
}

/// The part of the handler `submit` that reads.
#[path = "."]
pub mod submit {
    #[path = "../../lambda/submit/src/event.rs"]
    pub mod event;
}

pub mod mutate;

/// What is asserted of each reader, for any bytes.
pub mod targets {
    pub mod event;
    pub mod job;
    pub mod playlist;
    pub mod policy;
    #[cfg(feature = "sdk")]
    pub mod record;
    pub mod saved_plan;
    pub mod stack_file;

    use std::error::Error;

    use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
    #[cfg(feature = "sdk")]
    use program::home::Record;

    use crate::model::printable::acts;
    use crate::report::clean::Clean;

    /// Fails if an error can act on the terminal that it is printed on.
    fn prints_safely(error: &dyn Diagnostic) {
        let mut drawn = String::new();
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(110);
        handler.render_report(&mut drawn, &Clean::of(error)).expect("a text takes what is written");
        assert!(!drawn.contains("Failed to read contents"), "a label outside the file: {drawn}");
        assert!(!drawn.contains(|letter: char| acts(letter) && letter != '\n'), "{drawn:?}");
    }

    /// Fails if a chain of errors has an empty message: nobody could tell what is wrong.
    fn says_something(error: &dyn Error) {
        let mut next = Some(error);
        while let Some(error) = next {
            assert!(!error.to_string().trim().is_empty(), "{error:?}");
            next = error.source();
        }
    }
}
