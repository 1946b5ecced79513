//! For each ladder: kinds of files, and the outputs of their jobs. A line has the output's name, its box, frames a second
//! and quality level.

use super::kinds::table;

#[tokio::test]
async fn what_each_kind_becomes_with_hls_1080p() {
    insta::assert_snapshot!(table("hls-1080p", &[]).await, @"
    landscape 1920x1080 25
        _234p_145k 416x234 25 q7
        _360p_365k 640x360 25 q7
        _432p_730k 768x432 25 q6
        _432p_1100k 768x432 25 q7
        _540p_2000k 960x540 25 q7
        _720p_3000k 1280x720 25 q7
        _720p_4500k 1280x720 25 q8
        _1080p_6000k 1920x1080 25 q8
        _1080p_7800k 1920x1080 25 q9
        _audio default
        still 640x360
    landscape 3840x2160 30 | square 1080x1080 30
        _234p_145k 416x234 30 q7
        _360p_365k 640x360 30 q7
        _432p_730k 768x432 30 q6
        _432p_1100k 768x432 30 q7
        _540p_2000k 960x540 30 q7
        _720p_3000k 1280x720 30 q7
        _720p_4500k 1280x720 30 q8
        _1080p_6000k 1920x1080 30 q8
        _1080p_7800k 1920x1080 30 q9
        _audio default
        still 640x360
    portrait by rotation 1920x1080 25
        _234p_145k 234x416 25 q7
        _360p_365k 360x640 25 q7
        _432p_730k 432x768 25 q6
        _432p_1100k 432x768 25 q7
        _540p_2000k 540x960 25 q7
        _720p_3000k 720x1280 25 q7
        _720p_4500k 720x1280 25 q8
        _1080p_6000k 1080x1920 25 q8
        _1080p_7800k 1080x1920 25 q9
        _audio default
        still 360x640
    portrait by storage 1080x1920 30
        _234p_145k 234x416 30 q7
        _360p_365k 360x640 30 q7
        _432p_730k 432x768 30 q6
        _432p_1100k 432x768 30 q7
        _540p_2000k 540x960 30 q7
        _720p_3000k 720x1280 30 q7
        _720p_4500k 720x1280 30 q8
        _1080p_6000k 1080x1920 30 q8
        _1080p_7800k 1080x1920 30 q9
        _audio default
        still 360x640
    portrait 2160x3840 59.94
        _234p_145k 234x416 29.97 q7
        _360p_365k 360x640 29.97 q7
        _432p_730k 432x768 29.97 q6
        _432p_1100k 432x768 29.97 q7
        _540p_2000k 540x960 59.94 q7
        _720p_3000k 720x1280 59.94 q7
        _720p_4500k 720x1280 59.94 q8
        _1080p_6000k 1080x1920 59.94 q8
        _1080p_7800k 1080x1920 59.94 q9
        _audio default
        still 360x640
    portrait screen 1170x2532 60
        _234p_145k 234x416 30 q7
        _360p_365k 360x640 30 q7
        _432p_730k 432x768 30 q6
        _432p_1100k 432x768 30 q7
        _540p_2000k 540x960 60 q7
        _720p_3000k 720x1280 60 q7
        _720p_4500k 720x1280 60 q8
        _1080p_6000k 1080x1920 60 q8
        _1080p_7800k 1080x1920 60 q9
        _audio default
        still 360x640
    4:3 640x480 25
        _234p_145k 416x234 25 q7
        _360p_365k 640x360 25 q7
        _432p_730k 768x432 25 q6
        _432p_1100k 768x432 25 q7
        _540p_2000k 960x540 25 q7
        _audio default
        still 640x360
    scope 1920x800 24
        _234p_145k 416x234 23.98 q7
        _360p_365k 640x360 23.98 q7
        _432p_730k 768x432 23.98 q6
        _432p_1100k 768x432 23.98 q7
        _540p_2000k 960x540 23.98 q7
        _720p_3000k 1280x720 23.98 q7
        _720p_4500k 1280x720 23.98 q8
        _1080p_6000k 1920x1080 23.98 q8
        _1080p_7800k 1920x1080 23.98 q9
        _audio default
        still 640x360
    854x480 30
        _234p_145k 416x234 30 q7
        _360p_365k 640x360 30 q7
        _432p_730k 768x432 30 q6
        _432p_1100k 768x432 30 q7
        _540p_2000k 960x540 30 q7
        _audio default
        still 640x360
    1278x718 30
        _234p_145k 416x234 30 q7
        _360p_365k 640x360 30 q7
        _432p_730k 768x432 30 q6
        _432p_1100k 768x432 30 q7
        _540p_2000k 960x540 30 q7
        _720p_3000k 1280x720 30 q7
        _720p_4500k 1280x720 30 q8
        _audio default
        still 640x360
    1280x720 25 | 5.1
        _234p_145k 416x234 25 q7
        _360p_365k 640x360 25 q7
        _432p_730k 768x432 25 q6
        _432p_1100k 768x432 25 q7
        _540p_2000k 960x540 25 q7
        _720p_3000k 1280x720 25 q7
        _720p_4500k 1280x720 25 q8
        _audio default
        still 640x360
    160x120 15
        _234p_145k 416x234 15 q7
        _audio default
        still 640x360
    720x576 samples 64:45
        _234p_145k 416x234 25 q7 stretched
        _360p_365k 640x360 25 q7 stretched
        _432p_730k 768x432 25 q6 stretched
        _432p_1100k 768x432 25 q7 stretched
        _540p_2000k 960x540 25 q7 stretched
        _720p_3000k 1024x576 25 q7 stretched
        _720p_4500k 1024x576 25 q8 stretched
        _audio default
        still 640x360 stretched
    720x576 samples 64:45, rotated
        _234p_145k 234x416 25 q7 stretched
        _360p_365k 360x640 25 q7 stretched
        _432p_730k 432x768 25 q6 stretched
        _432p_1100k 432x768 25 q7 stretched
        _540p_2000k 540x960 25 q7 stretched
        _720p_3000k 576x1024 25 q7 stretched
        _720p_4500k 576x1024 25 q8 stretched
        _audio default
        still 360x640 stretched
    1920x1080 59.94
        _234p_145k 416x234 29.97 q7
        _360p_365k 640x360 29.97 q7
        _432p_730k 768x432 29.97 q6
        _432p_1100k 768x432 29.97 q7
        _540p_2000k 960x540 59.94 q7
        _720p_3000k 1280x720 59.94 q7
        _720p_4500k 1280x720 59.94 q8
        _1080p_6000k 1920x1080 59.94 q8
        _1080p_7800k 1920x1080 59.94 q9
        _audio default
        still 640x360
    1280x720 120
        _234p_145k 416x234 30 q7
        _360p_365k 640x360 30 q7
        _432p_730k 768x432 30 q6
        _432p_1100k 768x432 30 q7
        _540p_2000k 960x540 60 q7
        _720p_3000k 1280x720 60 q7
        _720p_4500k 1280x720 60 q8
        _audio default
        still 640x360
    1280x720 variable, 19.33 on average
        _234p_145k 416x234 24 q7
        _360p_365k 640x360 24 q7
        _432p_730k 768x432 24 q6
        _432p_1100k 768x432 24 q7
        _540p_2000k 960x540 24 q7
        _720p_3000k 1280x720 24 q7
        _720p_4500k 1280x720 24 q8
        _audio default
        still 640x360
    HDR PQ | HDR HLG | BT.2020
        _234p_145k 416x234 25 q7 to BT.709
        _360p_365k 640x360 25 q7 to BT.709
        _432p_730k 768x432 25 q6 to BT.709
        _432p_1100k 768x432 25 q7 to BT.709
        _540p_2000k 960x540 25 q7 to BT.709
        _720p_3000k 1280x720 25 q7 to BT.709
        _720p_4500k 1280x720 25 q8 to BT.709
        _audio default
        still 640x360 to BT.709
    silent
        _234p_145k 416x234 25 q7
        _360p_365k 640x360 25 q7
        _432p_730k 768x432 25 q6
        _432p_1100k 768x432 25 q7
        _540p_2000k 960x540 25 q7
        _720p_3000k 1280x720 25 q7
        _720p_4500k 1280x720 25 q8
        still 640x360
    two mono tracks
        _234p_145k 416x234 25 q7
        _360p_365k 640x360 25 q7
        _432p_730k 768x432 25 q6
        _432p_1100k 768x432 25 q7
        _540p_2000k 960x540 25 q7
        _720p_3000k 1280x720 25 q7
        _720p_4500k 1280x720 25 q8
        _audio tracks [1,2]
        still 640x360
    sound alone
        _audio default, variant stream
    ");
}

#[tokio::test]
async fn what_each_kind_becomes_with_hls_720p() {
    let kinds = [
        "landscape 1920x1080 25",
        "portrait by storage 1080x1920 30",
        "854x480 30",
        "1920x1080 59.94",
        "silent",
        "sound alone",
    ];
    insta::assert_snapshot!(table("hls-720p", &kinds).await, @"
    landscape 1920x1080 25
        _234p_145k 416x234 25 q7
        _360p_365k 640x360 25 q7
        _432p_730k 768x432 25 q6
        _432p_1100k 768x432 25 q7
        _540p_2000k 960x540 25 q7
        _720p_3000k 1280x720 25 q7
        _720p_4500k 1280x720 25 q8
        _audio default
        still 640x360
    portrait by storage 1080x1920 30
        _234p_145k 234x416 30 q7
        _360p_365k 360x640 30 q7
        _432p_730k 432x768 30 q6
        _432p_1100k 432x768 30 q7
        _540p_2000k 540x960 30 q7
        _720p_3000k 720x1280 30 q7
        _720p_4500k 720x1280 30 q8
        _audio default
        still 360x640
    854x480 30
        _234p_145k 416x234 30 q7
        _360p_365k 640x360 30 q7
        _432p_730k 768x432 30 q6
        _432p_1100k 768x432 30 q7
        _540p_2000k 960x540 30 q7
        _audio default
        still 640x360
    1920x1080 59.94
        _234p_145k 416x234 29.97 q7
        _360p_365k 640x360 29.97 q7
        _432p_730k 768x432 29.97 q6
        _432p_1100k 768x432 29.97 q7
        _540p_2000k 960x540 59.94 q7
        _720p_3000k 1280x720 59.94 q7
        _720p_4500k 1280x720 59.94 q8
        _audio default
        still 640x360
    silent
        _234p_145k 416x234 25 q7
        _360p_365k 640x360 25 q7
        _432p_730k 768x432 25 q6
        _432p_1100k 768x432 25 q7
        _540p_2000k 960x540 25 q7
        _720p_3000k 1280x720 25 q7
        _720p_4500k 1280x720 25 q8
        still 640x360
    sound alone
        _audio default, variant stream
    ");
}

#[tokio::test]
async fn what_each_kind_becomes_with_hls_2160p() {
    let kinds = [
        "landscape 3840x2160 30",
        "portrait 2160x3840 59.94",
        "1280x720 25",
        "160x120 15",
        "HDR HLG",
        "sound alone",
    ];
    insta::assert_snapshot!(table("hls-2160p", &kinds).await, @"
    landscape 3840x2160 30
        _234p_145k 416x234 30 q7
        _360p_365k 640x360 30 q7
        _432p_730k 768x432 30 q6
        _432p_1100k 768x432 30 q7
        _540p_2000k 960x540 30 q7
        _720p_3000k 1280x720 30 q7
        _720p_4500k 1280x720 30 q8
        _1080p_6000k 1920x1080 30 q8
        _1080p_7800k 1920x1080 30 q9
        _360p_hevc_145k 640x360 30 q7
        _432p_hevc_300k 768x432 30 q7
        _540p_hevc_600k 960x540 30 q6
        _540p_hevc_1600k 960x540 30 q7
        _720p_hevc_2400k 1280x720 30 q7
        _720p_hevc_3400k 1280x720 30 q8
        _1080p_hevc_4500k 1920x1080 30 q8
        _1080p_hevc_5800k 1920x1080 30 q9
        _1440p_hevc_8100k 2560x1440 30 q9
        _2160p_hevc_11600k 3840x2160 30 q8
        _2160p_hevc_16800k 3840x2160 30 q9
        _audio default
        still 640x360
    portrait 2160x3840 59.94
        _234p_145k 234x416 29.97 q7
        _360p_365k 360x640 29.97 q7
        _432p_730k 432x768 29.97 q6
        _432p_1100k 432x768 29.97 q7
        _540p_2000k 540x960 59.94 q7
        _720p_3000k 720x1280 59.94 q7
        _720p_4500k 720x1280 59.94 q8
        _1080p_6000k 1080x1920 59.94 q8
        _1080p_7800k 1080x1920 59.94 q9
        _360p_hevc_145k 360x640 29.97 q7
        _432p_hevc_300k 432x768 29.97 q7
        _540p_hevc_600k 540x960 59.94 q6
        _540p_hevc_1600k 540x960 59.94 q7
        _720p_hevc_2400k 720x1280 59.94 q7
        _720p_hevc_3400k 720x1280 59.94 q8
        _1080p_hevc_4500k 1080x1920 59.94 q8
        _1080p_hevc_5800k 1080x1920 59.94 q9
        _1440p_hevc_8100k 1440x2560 59.94 q9
        _2160p_hevc_11600k 2160x3840 59.94 q8
        _2160p_hevc_16800k 2160x3840 59.94 q9
        _audio default
        still 360x640
    1280x720 25
        _234p_145k 416x234 25 q7
        _360p_365k 640x360 25 q7
        _432p_730k 768x432 25 q6
        _432p_1100k 768x432 25 q7
        _540p_2000k 960x540 25 q7
        _720p_3000k 1280x720 25 q7
        _720p_4500k 1280x720 25 q8
        _360p_hevc_145k 640x360 25 q7
        _432p_hevc_300k 768x432 25 q7
        _540p_hevc_600k 960x540 25 q6
        _540p_hevc_1600k 960x540 25 q7
        _720p_hevc_2400k 1280x720 25 q7
        _720p_hevc_3400k 1280x720 25 q8
        _audio default
        still 640x360
    160x120 15
        _234p_145k 416x234 15 q7
        _360p_hevc_145k 640x360 15 q7
        _audio default
        still 640x360
    HDR HLG
        _234p_145k 416x234 25 q7 to BT.709
        _360p_365k 640x360 25 q7 to BT.709
        _432p_730k 768x432 25 q6 to BT.709
        _432p_1100k 768x432 25 q7 to BT.709
        _540p_2000k 960x540 25 q7 to BT.709
        _720p_3000k 1280x720 25 q7 to BT.709
        _720p_4500k 1280x720 25 q8 to BT.709
        _360p_hevc_145k 640x360 25 q7 to BT.709
        _432p_hevc_300k 768x432 25 q7 to BT.709
        _540p_hevc_600k 960x540 25 q6 to BT.709
        _540p_hevc_1600k 960x540 25 q7 to BT.709
        _720p_hevc_2400k 1280x720 25 q7 to BT.709
        _720p_hevc_3400k 1280x720 25 q8 to BT.709
        _audio default
        still 640x360 to BT.709
    sound alone
        _audio default, variant stream
    ");
}
