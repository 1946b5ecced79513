//! More uploads at once than MediaConvert takes jobs: they wait for their turn, and none becomes a dead letter.

use std::time::{Duration, Instant};

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sqs::types::QueueAttributeName;

use crate::support::{ACCOUNT, Cloud, REGION, StackFile};

const UPLOADS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_uploads_waits_and_none_is_lost() {
    let cloud = Cloud::start("burst").await;
    let ladder = ("ladder: hls-720p", "ladder: [{ height: 144, max_bitrate: 100k }]");
    let limit = ("log_retention: 1d", "log_retention: 1d\n  reserved_concurrency: 1");
    let stack = StackFile::new(&[ladder, limit]);
    cloud.provision(&["apply", stack.path(), "--yes"], 0);

    cloud.running.limit_new_jobs(1.0, 1).await.unwrap();
    let cx = cloud.context("vod-local").await;
    let began = Instant::now();
    for number in 0..UPLOADS {
        let put = cx.s3().put_object().bucket(format!("vod-local-source-{ACCOUNT}-{REGION}"));
        let put = put.key(format!("{number}.mp4")).body(ByteStream::from_static(b"no film"));
        put.send().await.unwrap();
    }
    while cloud.status().await.jobs.values().sum::<usize>() < UPLOADS {
        assert!(began.elapsed() < Duration::from_secs(120), "{:?}", cloud.status().await.jobs);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(began.elapsed() > Duration::from_secs(UPLOADS as u64 - 2), "the rate was kept");

    let queue = cx.sqs().get_queue_url().queue_name("vod-local-dead-letters").send().await.unwrap();
    let counted = cx.sqs().get_queue_attributes().queue_url(queue.queue_url().unwrap());
    let counted = counted.attribute_names(QueueAttributeName::ApproximateNumberOfMessages);
    let counted = counted.send().await.unwrap();
    let dead = &counted.attributes().unwrap()[&QueueAttributeName::ApproximateNumberOfMessages];
    assert_eq!(dead, "0");
}
