//! AWS's model of the MediaConvert API judges the job templates of all built-in ladders.

use provision::local::mediaconvert_model;
use provision::model::{Declaration, resolve};
use provision::stack::config;
use serde_json::{Map, Value, json};

use super::stacks;

const LADDERS: [&str; 3] = ["hls-720p", "hls-1080p", "hls-2160p"];

/// The job template of a stack with everything in use and this ladder.
fn template(ladder: &str) -> Declaration {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/stacks/staging.yaml");
    let text =
        std::fs::read_to_string(path).unwrap().replace("ladder: hls-1080p", &format!("ladder: {ladder}"));
    let file = config::parse("staging.yaml", &text).unwrap();
    assert_eq!(file.transcode.ladder.name.as_deref(), Some(ladder));
    let declared = stacks::declarations(&file);
    declared.into_iter().find(|declaration| declaration.address.as_str() == "transcode/template").unwrap()
}

/// CloudFormation's properties by the API's names. `SettingsJson` is the settings themselves.
fn wire(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, inner)| (lower(name), wire(inner))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(wire).collect(),
        scalar => scalar.clone(),
    }
}

fn lower(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

#[tokio::test]
async fn the_job_templates_of_all_ladders_obey_the_model() {
    let model = mediaconvert_model(&mut |text| println!("{text}")).await.unwrap();
    for ladder in LADDERS {
        let properties = resolve(&template(ladder).properties, &|_| None);
        let mut request = wire(&properties);
        let members = request.as_object_mut().unwrap();
        let tags = properties["Tags"].clone();
        members.insert("tags".to_owned(), tags);
        let settings = members.remove("settingsJson").unwrap();
        members.insert("settings".to_owned(), settings);
        model.check("CreateJobTemplate", &request).unwrap_or_else(|wrong| panic!("{ladder}: {wrong}"));

        // The model must object to a wrong template, otherwise the test proves nothing.
        request["settings"]["outputGroups"][0]["outputs"][0]["videoDescription"]["codecSettings"]["codec"] =
            json!("H_999");
        let wrong = model.check("CreateJobTemplate", &request).unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(wrong.split(", ").next().unwrap(), @"/outputGroups/0/outputs/0/videoDescription/codecSettings/codec: Should be one of: AV1");
        }
    }
}
