//! MediaConvert of every account and region: each has queues, templates and jobs of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use super::merge::Merge;
use super::model::Model;
use super::{MediaConvert, Place};
use crate::local::clients::Clients;
use crate::local::plain::Plain;
use crate::local::secret::Secret;
use crate::local::{Error, Ffmpeg};

/// An account and a region.
type Where = (String, String);

/// What all of them have in common.
pub(in crate::local) struct Common {
    pub(in crate::local) endpoint: String,
    pub(in crate::local) http: Plain,
    pub(in crate::local) secret: Secret,
    pub(in crate::local) ffmpeg: Ffmpeg,
    /// The directory in which each has its working directory.
    pub(in crate::local) work: PathBuf,
}

/// The services, made when they are first asked for.
pub(in crate::local) struct Everywhere {
    common: Common,
    model: Arc<Model>,
    merge: Arc<Mutex<Merge>>,
    slots: Arc<Semaphore>,
    home: Where,
    services: Mutex<BTreeMap<Where, Arc<MediaConvert>>>,
}

impl Everywhere {
    /// With the service of the cloud's account and region.
    pub(in crate::local) fn new(
        common: Common,
        model: &Path,
        account: &str,
        region: &str,
    ) -> Result<Self, Error> {
        // An encoder uses every core, so more than one job per two cores would not be faster.
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let all = Self {
            common,
            model: Arc::new(Model::read(model)?),
            merge: Arc::default(),
            slots: Arc::new(Semaphore::new((cores / 2).max(1))),
            home: (account.to_owned(), region.to_owned()),
            services: Mutex::default(),
        };
        drop(all.at(account, region));
        Ok(all)
    }

    /// The service of an account in a region.
    pub(in crate::local) fn at(&self, account: &str, region: &str) -> Arc<MediaConvert> {
        let key = (account.to_owned(), region.to_owned());
        let mut services = self.services.lock().expect("nothing panics while it holds the services");
        Arc::clone(services.entry(key).or_insert_with(|| self.made(account, region)))
    }

    fn made(&self, account: &str, region: &str) -> Arc<MediaConvert> {
        let Common { endpoint, http, secret, ffmpeg, work } = &self.common;
        let place = Place {
            account: account.to_owned(),
            region: region.to_owned(),
            endpoint: endpoint.clone(),
            work: work.join(format!("{account}-{region}")),
        };
        let clients = Clients::new(http, endpoint, secret.credentials(account), region);
        let (model, merge, slots) =
            (Arc::clone(&self.model), Arc::clone(&self.merge), Arc::clone(&self.slots));
        MediaConvert::new(place, model, clients, ffmpeg.clone(), merge, slots)
    }

    fn all(&self) -> Vec<Arc<MediaConvert>> {
        let services = self.services.lock().expect("nothing panics while it holds the services");
        services.values().cloned().collect()
    }

    /// The number of jobs with each status.
    pub(in crate::local) fn job_counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (status, count) in self.all().iter().flat_map(|service| service.job_counts()) {
            *counts.entry(status).or_insert(0) += count;
        }
        counts
    }

    /// From now on, the cloud's account creates at most `burst` jobs at once and `per_second` in the long run.
    pub(in crate::local) fn limit_new_jobs(&self, per_second: f64, burst: u32) {
        self.at(&self.home.0, &self.home.1).limit_new_jobs(per_second, burst);
    }

    /// From now on, merges templates as `name` says: `by-group` or `by-index`. Returns `false` for other names.
    pub(in crate::local) fn merge_templates(&self, name: &str) -> bool {
        let Some(merge) = Merge::named(name) else { return false };
        *self.merge.lock().expect("nothing panics while it holds the merge") = merge;
        true
    }

    /// Cancels every job and clears all states.
    pub(in crate::local) fn reset(&self) {
        for service in self.all() {
            service.reset();
        }
    }
}
