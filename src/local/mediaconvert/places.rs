//! MediaConvert in every account and region: each has queues, templates and jobs of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use super::super::clients::Clients;
use super::super::plain::Plain;
use super::super::secret::Secret;
use super::super::{Error, Ffmpeg};
use super::{Limits, MediaConvert, Model, Place};

/// The service in each place that was asked for so far.
pub(in super::super) struct Places {
    /// Where the cloud itself is.
    home: Place,
    tools: Tools,
    places: Mutex<BTreeMap<(String, String), Arc<MediaConvert>>>,
}

/// What the service of every place works with.
pub(in super::super) struct Tools {
    model: Arc<Model>,
    ffmpeg: Ffmpeg,
    http: Plain,
    secret: Secret,
    slots: Arc<Semaphore>,
    limits: Arc<Limits>,
}

impl Tools {
    /// These tools, with the API's model that a file has.
    ///
    /// # Errors
    /// When the model cannot be read.
    pub(in super::super) fn new(
        model: &Path,
        ffmpeg: Ffmpeg,
        http: Plain,
        secret: Secret,
    ) -> Result<Self, Error> {
        let model = Arc::new(Model::read(model)?);
        // An encoder uses every core, so more than one job per two cores would not be faster.
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let slots = Arc::new(Semaphore::new((cores / 2).max(1)));
        Ok(Self { model, ffmpeg, http, secret, slots, limits: Arc::default() })
    }
}

impl Places {
    /// The service, in no place yet.
    pub(in super::super) fn new(home: Place, tools: Tools) -> Self {
        Self { home, tools, places: Mutex::default() }
    }

    /// The service in an account and region.
    pub(in super::super) fn at(&self, account: &str, region: &str) -> Arc<MediaConvert> {
        let make = || {
            let Tools { model, ffmpeg, http, secret, slots, limits } = &self.tools;
            let place = Place { account: account.to_owned(), region: region.to_owned(), ..self.home.clone() };
            let clients = Clients::new(http, &place.endpoint, secret.credentials(account), region);
            let (model, slots, limits) = (Arc::clone(model), Arc::clone(slots), Arc::clone(limits));
            MediaConvert::new(place, model, clients, ffmpeg.clone(), slots, limits)
        };
        let key = (account.to_owned(), region.to_owned());
        Arc::clone(self.places().entry(key).or_insert_with(make))
    }

    /// How many jobs there are in every status.
    pub(in super::super) fn job_counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for service in self.places().values() {
            for (status, count) in service.job_counts() {
                *counts.entry(status).or_insert(0) += count;
            }
        }
        counts
    }

    /// What limits and merges jobs everywhere.
    pub(in super::super) fn limits(&self) -> &Limits {
        &self.tools.limits
    }

    /// Cancels every job and clears the state.
    pub(in super::super) fn reset(&self) {
        self.places().values().for_each(|service| service.reset());
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<(String, String), Arc<MediaConvert>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
