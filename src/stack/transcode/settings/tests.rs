//! The template's settings for each ladder, and the rules that they must satisfy together.

use std::collections::BTreeSet;

use super::*;
use crate::resource::mediaconvert::settings::unknown_words;
use crate::stack::config::Period;
use crate::stack::ladder::{Ladder, NAMES};

fn transcode(ladder: Ladder) -> Transcode {
    let thumbnails = Some(Thumbnails { every: Period::from_seconds(10) });
    Transcode { ladder, thumbnails, ..Transcode::default() }
}

fn named(name: &str) -> JobTemplateSettings {
    settings(&transcode(Ladder::named(name).unwrap()))
}

fn outputs(settings: &JobTemplateSettings) -> Vec<&Output> {
    settings.output_groups.iter().flatten().flat_map(|group| group.outputs.iter().flatten()).collect()
}

#[test]
fn the_template_of_the_720p_ladder() {
    let mut settings = named("hls-720p");
    // The middle rungs differ only in size, bitrate and name.
    settings.output_groups.as_mut().unwrap()[0].outputs.as_mut().unwrap().drain(1..6);
    insta::assert_json_snapshot!(settings, @r#"
    {
      "TimecodeConfig": {
        "Source": "ZEROBASED"
      },
      "Inputs": [
        {
          "AudioSelectors": {
            "Audio Selector 1": {
              "DefaultSelection": "DEFAULT"
            }
          },
          "VideoSelector": {
            "Rotate": "AUTO"
          },
          "TimecodeSource": "ZEROBASED"
        }
      ],
      "OutputGroups": [
        {
          "Name": "Apple HLS",
          "CustomName": "ladder",
          "OutputGroupSettings": {
            "Type": "HLS_GROUP_SETTINGS",
            "HlsGroupSettings": {
              "SegmentControl": "SEGMENTED_FILES",
              "SegmentLength": 6,
              "SegmentLengthControl": "GOP_MULTIPLE",
              "MinSegmentLength": 0,
              "MinFinalSegmentLength": 1.0,
              "ManifestDurationFormat": "FLOATING_POINT",
              "TargetDurationCompatibilityMode": "SPEC_COMPLIANT",
              "ManifestCompression": "NONE",
              "CodecSpecification": "RFC_6381",
              "StreamInfResolution": "INCLUDE",
              "ProgramDateTime": "EXCLUDE",
              "ClientCache": "ENABLED",
              "DirectoryStructure": "SINGLE_DIRECTORY",
              "OutputSelection": "MANIFESTS_AND_SEGMENTS",
              "ProgressiveWriteHlsManifest": "DISABLED",
              "CaptionLanguageSetting": "NONE"
            }
          },
          "Outputs": [
            {
              "NameModifier": "_234p_145k",
              "ContainerSettings": {
                "Container": "M3U8"
              },
              "VideoDescription": {
                "Width": 416,
                "Height": 234,
                "ScalingBehavior": "FIT_NO_UPSCALE",
                "Sharpness": 50,
                "TimecodeInsertion": "DISABLED",
                "CodecSettings": {
                  "Codec": "H_264",
                  "H264Settings": {
                    "CodecProfile": "MAIN",
                    "CodecLevel": "AUTO",
                    "QualityTuningLevel": "SINGLE_PASS_HQ",
                    "RateControlMode": "QVBR",
                    "MaxBitrate": 145000,
                    "QvbrSettings": {
                      "QvbrQualityLevel": 7
                    },
                    "GopSize": 2.0,
                    "GopSizeUnits": "SECONDS",
                    "GopClosedCadence": 1,
                    "SceneChangeDetect": "DISABLED",
                    "MinIInterval": 0,
                    "FramerateControl": "INITIALIZE_FROM_SOURCE",
                    "ParControl": "SPECIFIED",
                    "ParNumerator": 1,
                    "ParDenominator": 1,
                    "InterlaceMode": "PROGRESSIVE",
                    "AdaptiveQuantization": "AUTO"
                  }
                }
              },
              "OutputSettings": {
                "HlsSettings": {
                  "AudioRenditionSets": "audio",
                  "IFrameOnlyManifest": "EXCLUDE"
                }
              }
            },
            {
              "NameModifier": "_720p_4500k",
              "ContainerSettings": {
                "Container": "M3U8"
              },
              "VideoDescription": {
                "Width": 1280,
                "Height": 720,
                "ScalingBehavior": "FIT_NO_UPSCALE",
                "Sharpness": 50,
                "TimecodeInsertion": "DISABLED",
                "CodecSettings": {
                  "Codec": "H_264",
                  "H264Settings": {
                    "CodecProfile": "HIGH",
                    "CodecLevel": "AUTO",
                    "QualityTuningLevel": "SINGLE_PASS_HQ",
                    "RateControlMode": "QVBR",
                    "MaxBitrate": 4500000,
                    "QvbrSettings": {
                      "QvbrQualityLevel": 8
                    },
                    "GopSize": 2.0,
                    "GopSizeUnits": "SECONDS",
                    "GopClosedCadence": 1,
                    "SceneChangeDetect": "DISABLED",
                    "MinIInterval": 0,
                    "FramerateControl": "INITIALIZE_FROM_SOURCE",
                    "ParControl": "SPECIFIED",
                    "ParNumerator": 1,
                    "ParDenominator": 1,
                    "InterlaceMode": "PROGRESSIVE",
                    "AdaptiveQuantization": "AUTO"
                  }
                }
              },
              "OutputSettings": {
                "HlsSettings": {
                  "AudioRenditionSets": "audio",
                  "IFrameOnlyManifest": "EXCLUDE"
                }
              }
            },
            {
              "NameModifier": "_audio",
              "ContainerSettings": {
                "Container": "M3U8"
              },
              "AudioDescriptions": [
                {
                  "AudioSourceName": "Audio Selector 1",
                  "StreamName": "Stereo",
                  "AudioTypeControl": "FOLLOW_INPUT",
                  "LanguageCodeControl": "FOLLOW_INPUT",
                  "CodecSettings": {
                    "Codec": "AAC",
                    "AacSettings": {
                      "CodecProfile": "LC",
                      "CodingMode": "CODING_MODE_2_0",
                      "RateControlMode": "CBR",
                      "Bitrate": 160000,
                      "SampleRate": 48000,
                      "Specification": "MPEG4",
                      "RawFormat": "NONE"
                    }
                  }
                }
              ],
              "OutputSettings": {
                "HlsSettings": {
                  "AudioGroupId": "audio",
                  "AudioTrackType": "ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT",
                  "AudioOnlyContainer": "AUTOMATIC"
                }
              }
            }
          ]
        },
        {
          "Name": "File Group",
          "CustomName": "thumbnails",
          "OutputGroupSettings": {
            "Type": "FILE_GROUP_SETTINGS",
            "FileGroupSettings": {}
          },
          "Outputs": [
            {
              "ContainerSettings": {
                "Container": "RAW"
              },
              "VideoDescription": {
                "Width": 640,
                "Height": 360,
                "ScalingBehavior": "FIT_NO_UPSCALE",
                "CodecSettings": {
                  "Codec": "FRAME_CAPTURE",
                  "FrameCaptureSettings": {
                    "FramerateNumerator": 1,
                    "FramerateDenominator": 10,
                    "MaxCaptures": 10000000,
                    "Quality": 80
                  }
                }
              }
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn the_highest_rendition_and_the_sound_of_the_2160p_ladder() {
    let settings = named("hls-2160p");
    let groups = settings.output_groups.as_ref().unwrap();
    let outputs = groups[0].outputs.as_ref().unwrap();
    insta::assert_json_snapshot!((&groups[0].output_group_settings, &outputs[19..]), @r#"
    [
      {
        "Type": "CMAF_GROUP_SETTINGS",
        "CmafGroupSettings": {
          "SegmentControl": "SEGMENTED_FILES",
          "SegmentLength": 6,
          "SegmentLengthControl": "GOP_MULTIPLE",
          "FragmentLength": 2,
          "MinFinalSegmentLength": 1.0,
          "ManifestDurationFormat": "FLOATING_POINT",
          "TargetDurationCompatibilityMode": "SPEC_COMPLIANT",
          "ManifestCompression": "NONE",
          "CodecSpecification": "RFC_6381",
          "StreamInfResolution": "INCLUDE",
          "ClientCache": "ENABLED",
          "WriteHlsManifest": "ENABLED",
          "WriteDashManifest": "DISABLED"
        }
      },
      [
        {
          "NameModifier": "_2160p_hevc_16800k",
          "ContainerSettings": {
            "Container": "CMFC",
            "CmfcSettings": {
              "AudioRenditionSets": "audio",
              "IFrameOnlyManifest": "EXCLUDE"
            }
          },
          "VideoDescription": {
            "Width": 3840,
            "Height": 2160,
            "ScalingBehavior": "FIT_NO_UPSCALE",
            "Sharpness": 50,
            "TimecodeInsertion": "DISABLED",
            "CodecSettings": {
              "Codec": "H_265",
              "H265Settings": {
                "CodecProfile": "MAIN_MAIN",
                "CodecLevel": "AUTO",
                "QualityTuningLevel": "SINGLE_PASS_HQ",
                "RateControlMode": "QVBR",
                "MaxBitrate": 16800000,
                "QvbrSettings": {
                  "QvbrQualityLevel": 9
                },
                "GopSize": 2.0,
                "GopSizeUnits": "SECONDS",
                "GopClosedCadence": 1,
                "SceneChangeDetect": "DISABLED",
                "MinIInterval": 0,
                "FramerateControl": "INITIALIZE_FROM_SOURCE",
                "ParControl": "SPECIFIED",
                "ParNumerator": 1,
                "ParDenominator": 1,
                "InterlaceMode": "PROGRESSIVE",
                "AdaptiveQuantization": "AUTO",
                "WriteMp4PackagingType": "HVC1"
              }
            }
          }
        },
        {
          "NameModifier": "_audio",
          "ContainerSettings": {
            "Container": "CMFC",
            "CmfcSettings": {
              "AudioGroupId": "audio",
              "AudioTrackType": "ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT"
            }
          },
          "AudioDescriptions": [
            {
              "AudioSourceName": "Audio Selector 1",
              "StreamName": "Stereo",
              "AudioTypeControl": "FOLLOW_INPUT",
              "LanguageCodeControl": "FOLLOW_INPUT",
              "CodecSettings": {
                "Codec": "AAC",
                "AacSettings": {
                  "CodecProfile": "LC",
                  "CodingMode": "CODING_MODE_2_0",
                  "RateControlMode": "CBR",
                  "Bitrate": 160000,
                  "SampleRate": 48000,
                  "Specification": "MPEG4",
                  "RawFormat": "NONE"
                }
              }
            }
          ]
        }
      ]
    ]
    "#);
}

#[test]
fn every_word_is_one_of_the_api() {
    for name in NAMES {
        assert_eq!(unknown_words(&named(name)), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn outputs_of_a_group_have_names_of_their_own() {
    let rungs = vec![
        Rung::new(1080, 6_000_000, Codec::Avc),
        Rung::new(1080, 6_000_000, Codec::Hevc),
        Rung::new(1080, 6_000_500, Codec::Hevc),
        Rung::new(1080, 6_001_000, Codec::Hevc),
    ];
    for ladder in NAMES.map(|name| Ladder::named(name).unwrap()).into_iter().chain([Ladder::new(None, rungs)])
    {
        for group in settings(&transcode(ladder)).output_groups.unwrap() {
            let outputs = group.outputs.unwrap();
            let names: BTreeSet<_> = outputs.iter().map(|output| &output.name_modifier).collect();
            assert_eq!(names.len(), outputs.len(), "{names:?}");
        }
    }
}

#[test]
fn every_picture_has_the_size_by_which_upscaled_ones_are_dropped() {
    for name in NAMES {
        for output in outputs(&named(name)) {
            let Some(video) = &output.video_description else {
                assert!(output.audio_descriptions.is_some());
                continue;
            };
            assert!(video.height.is_some() && video.width.is_some());
        }
    }
}

#[test]
fn pictures_play_with_a_sound_that_is_there_and_is_made_of_the_selected_audio() {
    for name in NAMES {
        let settings = named(name);
        let selectors = settings.inputs.as_ref().unwrap()[0].audio_selectors.as_ref().unwrap();
        let (mut played, mut made) = (BTreeSet::new(), BTreeSet::new());
        for output in outputs(&settings) {
            let hls = output.output_settings.as_ref().and_then(|settings| settings.hls_settings.as_ref());
            let cmfc =
                output.container_settings.as_ref().and_then(|settings| settings.cmfc_settings.as_ref());
            played.extend(hls.and_then(|hls| hls.audio_rendition_sets.clone()));
            played.extend(cmfc.and_then(|cmfc| cmfc.audio_rendition_sets.clone()));
            made.extend(hls.and_then(|hls| hls.audio_group_id.clone()));
            made.extend(cmfc.and_then(|cmfc| cmfc.audio_group_id.clone()));
            for audio in output.audio_descriptions.iter().flatten() {
                assert!(selectors.contains_key(audio.audio_source_name.as_ref().unwrap()));
            }
        }
        assert_eq!((played.len(), &played), (1, &made), "{name}");
    }
}

#[test]
fn segments_are_whole_groups_of_pictures_and_all_groups_begin_together() {
    for name in NAMES {
        let settings = named(name);
        let group = settings.output_groups.as_ref().unwrap()[0].output_group_settings.clone().unwrap();
        let hls = group.hls_group_settings.and_then(|hls| hls.segment_length);
        let segment = hls.or(group.cmaf_group_settings.and_then(|cmaf| cmaf.segment_length)).unwrap();
        for output in outputs(&settings) {
            let codec = output.video_description.as_ref().and_then(|video| video.codec_settings.as_ref());
            let json = serde_json::to_value(codec).unwrap();
            let video = ["H264Settings", "H265Settings"].into_iter().find_map(|member| json.get(member));
            let Some(video) = video else { continue };
            let gop = ["GopSize", "GopSizeUnits", "GopClosedCadence", "SceneChangeDetect", "MinIInterval"]
                .map(|member| video[member].to_string());
            assert_eq!(gop.join(" "), r#"2.0 "SECONDS" 1 "DISABLED" 0"#, "{name}");
        }
        assert_eq!(segment % 2, 0);
    }
}

#[test]
fn small_renditions_are_main_profile() {
    let settings = named("hls-1080p");
    let profiles: Vec<String> = outputs(&settings)
        .into_iter()
        .filter_map(|output| {
            let video = output.video_description.as_ref()?;
            let h264 = video.codec_settings.as_ref()?.h264_settings.as_ref()?;
            Some(format!("{} {}", video.height?, h264.codec_profile.as_ref()?))
        })
        .collect();
    assert_eq!(
        profiles,
        [
            "234 MAIN",
            "360 MAIN",
            "432 MAIN",
            "432 MAIN",
            "540 HIGH",
            "720 HIGH",
            "720 HIGH",
            "1080 HIGH",
            "1080 HIGH"
        ]
    );
}

#[test]
fn without_thumbnails_there_is_one_group() {
    let settings = settings(&Transcode::default());
    assert_eq!(settings.output_groups.unwrap().len(), 1);
}
