//! The segments that ffmpeg cut, and the joining of last segments that are too short to play well.

use std::path::{Path, PathBuf};

use tokio::io::AsyncWriteExt;

use super::super::encode::Rendition;
use super::super::failure::Failure;
use super::super::playlist;

/// A segment as ffmpeg wrote it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cut {
    /// In seconds.
    pub(super) duration: f64,
    pub(super) file: PathBuf,
}

/// The segments of a rendition.
pub(super) fn of(rendition: &Rendition, work: &Path) -> Result<Vec<Cut>, Failure> {
    let listed = playlist::read(&std::fs::read_to_string(rendition.playlist(work))?);
    let cuts = listed.into_iter().map(|(duration, name)| Cut { duration, file: work.join(name) });
    Ok(cuts.collect())
}

/// Joins last segments under `shortest` seconds to the ones before. Renditions with as many segments are joined
/// together, so that their segments stay at the same times.
pub(super) async fn join_short_ends(
    renditions: &mut [(usize, Vec<Cut>)],
    shortest: f64,
) -> Result<(), Failure> {
    let short: Vec<usize> = renditions
        .iter()
        .filter(|(_, cuts)| cuts.len() > 1 && cuts.last().is_some_and(|last| last.duration < shortest))
        .map(|(_, cuts)| cuts.len())
        .collect();
    for (_, cuts) in renditions.iter_mut().filter(|(_, cuts)| short.contains(&cuts.len())) {
        let (Some(end), Some(last)) = (cuts.pop(), cuts.last_mut()) else { continue };
        // TS and AAC are streams of packets, and a segment of fragmented MP4 may have several fragments.
        let mut file = tokio::fs::OpenOptions::new().append(true).open(&last.file).await?;
        file.write_all(&tokio::fs::read(&end.file).await?).await?;
        file.flush().await?;
        last.duration += end.duration;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn short_ends_are_joined_in_all_renditions_that_have_them() {
        let folder = tempfile::tempdir().unwrap();
        let cut = |name: &str, durations: &[f64]| -> Vec<Cut> {
            let cut = |(index, duration): (usize, &f64)| {
                let file = folder.path().join(format!("{name}{index}"));
                std::fs::write(&file, format!("{name}{index} ")).unwrap();
                Cut { duration: *duration, file }
            };
            durations.iter().enumerate().map(cut).collect()
        };
        let mut all = vec![
            (0, cut("low", &[6.0, 1.0])),
            (1, cut("high", &[6.0, 0.983])),
            (2, cut("sound", &[6.0, 6.0, 2.0])),
        ];
        join_short_ends(&mut all, 1.0).await.unwrap();
        let durations =
            |rendition: usize| all[rendition].1.iter().map(|cut| cut.duration).collect::<Vec<_>>();
        assert_eq!(
            (durations(0), durations(1)),
            (vec![7.0], vec![6.983]),
            "a frame apart, and still aligned"
        );
        assert_eq!(durations(2), [6.0, 6.0, 2.0]);
        assert_eq!(std::fs::read_to_string(&all[1].1[0].file).unwrap(), "high0 high1 ");
        let mut one = vec![(0, cut("one", &[0.033]))];
        join_short_ends(&mut one, 1.0).await.unwrap();
        assert_eq!(one[0].1.len(), 1, "there is nothing to join it to");
    }
}
