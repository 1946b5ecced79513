//! The keys in the work bucket: MediaConvert writes there, publish reads, copies and deletes.

/// The prefix of everything that one run writes, with a trailing slash.
#[must_use]
pub fn prefix(asset: &str, run: &str) -> String {
    format!("{asset}/{run}/")
}

/// The destination of a job's HLS or CMAF group; MediaConvert appends modifiers and extensions to its last part.
#[must_use]
pub fn playlists(bucket: &str, asset: &str, run: &str) -> String {
    format!("s3://{bucket}/{}index", prefix(asset, run))
}

/// The key of the multivariant playlist that a job with destination [`playlists`] writes.
#[must_use]
pub fn multivariant(asset: &str, run: &str) -> String {
    format!("{}index.m3u8", prefix(asset, run))
}

/// The destination of a job's frame captures.
#[must_use]
pub fn thumbnails(bucket: &str, asset: &str, run: &str) -> String {
    format!("s3://{bucket}/{}{THUMBNAILS}frame", prefix(asset, run))
}

/// The folder of the thumbnails inside a run, here and in the output bucket.
pub const THUMBNAILS: &str = "thumbnails/";

/// The prefix of the records of started jobs. No asset id can equal it, since every id ends in a digest.
pub const RECORDS: &str = "jobs/";

/// The key of the record that a run's job was started. It outlives the run's objects (the bucket's lifecycle rule
/// removes it), so that a late duplicate of an event starts no second job.
#[must_use]
pub fn record(asset: &str, run: &str) -> String {
    format!("{}{run}.json", records(asset))
}

/// The prefix of the records of an asset's jobs.
#[must_use]
pub fn records(asset: &str) -> String {
    format!("{RECORDS}{asset}/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_and_keys_agree() {
        let playlists = playlists("work", "a-1", "r");
        assert_eq!(format!("{playlists}.m3u8"), format!("s3://work/{}", multivariant("a-1", "r")));
        assert_eq!(thumbnails("work", "a-1", "r"), "s3://work/a-1/r/thumbnails/frame");
        assert_eq!(record("a-1", "r"), "jobs/a-1/r.json");
    }
}
