//! A job's settings over its template's.
//!
//! AWS does not say what becomes of a list that both have. The two answers that are possible can be played, so that a
//! test can show that a job depends on neither.

use serde_json::Value;

/// How lists of a job and its template are merged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Merge {
    /// An output group that lists outputs replaces the template's group at the same position.
    #[default]
    ByGroup,
    /// Every list is merged item by item, outputs too.
    ByIndex,
}

impl Merge {
    /// By its name: `by-group` or `by-index`.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "by-group" => Some(Self::ByGroup),
            "by-index" => Some(Self::ByIndex),
            _ => None,
        }
    }

    /// The job's settings over the template's: the job's values win.
    pub(super) fn over(self, template: &Value, job: &Value) -> Value {
        match (template, job) {
            (Value::Object(under), Value::Object(over)) => {
                let mut merged = under.clone();
                for (key, value) in over {
                    let value = self.over(under.get(key).unwrap_or(&Value::Null), value);
                    merged.insert(key.clone(), value);
                }
                Value::Object(merged)
            }
            (Value::Array(under), Value::Array(over)) => {
                let shared = over.iter().enumerate().map(|(index, item)| match under.get(index) {
                    Some(below) if self == Self::ByIndex || item.get("outputs").is_none() => {
                        self.over(below, item)
                    }
                    _ => item.clone(),
                });
                Value::Array(shared.chain(under.iter().skip(over.len()).cloned()).collect())
            }
            (below, Value::Null) => below.clone(),
            (_, above) => above.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn group(names: &[&str]) -> Value {
        let outputs: Vec<Value> =
            names.iter().map(|name| json!({ "nameModifier": name, "container": name })).collect();
        json!({ "segmentLength": 6, "outputs": outputs })
    }

    fn names(settings: &Value) -> Vec<&str> {
        let outputs = settings["outputGroups"][0]["outputs"].as_array().unwrap();
        outputs.iter().map(|output| output["nameModifier"].as_str().unwrap()).collect()
    }

    #[test]
    fn a_job_without_outputs_takes_the_templates() {
        let template = json!({ "outputGroups": [group(&["_1", "_2"])] });
        let job = json!({ "outputGroups": [{ "destination": "s3://w/b/" }] });
        for merge in [Merge::ByGroup, Merge::ByIndex] {
            let merged = merge.over(&template, &job);
            assert_eq!(names(&merged), ["_1", "_2"]);
            let group = &merged["outputGroups"][0];
            assert_eq!((&group["destination"], &group["segmentLength"]), (&json!("s3://w/b/"), &json!(6)));
        }
    }

    #[test]
    fn a_shorter_list_means_two_things() {
        let template = json!({ "outputGroups": [group(&["_1080", "_720", "_audio"])] });
        let job = json!({ "outputGroups": [{ "outputs": [{ "nameModifier": "_720" }, { "nameModifier": "_audio" }] }] });
        assert_eq!(names(&Merge::ByGroup.over(&template, &job)), ["_720", "_audio"]);
        let merged = Merge::ByIndex.over(&template, &job);
        assert_eq!(names(&merged), ["_720", "_audio", "_audio"]);
        let first = &merged["outputGroups"][0]["outputs"][0];
        assert_eq!(first["container"], "_1080", "the sound of one output lies over the picture of another");
    }

    #[test]
    fn a_selector_that_a_job_leaves_out_comes_back_from_the_template() {
        let template = json!({ "inputs": [{ "audioSelectors": { "Audio Selector 1": {} } }] });
        let job = json!({ "inputs": [{ "fileInput": "s3://s/silent.mp4" }] });
        for merge in [Merge::ByGroup, Merge::ByIndex] {
            assert!(merge.over(&template, &job)["inputs"][0].get("audioSelectors").is_some());
        }
    }

    #[test]
    fn complete_settings_without_a_template_are_what_was_sent() {
        let job = json!({ "inputs": [{ "fileInput": "s3://s/a.mp4" }], "outputGroups": [group(&["_1"])] });
        for merge in [Merge::ByGroup, Merge::ByIndex] {
            assert_eq!(merge.over(&Value::Null, &job), job);
        }
    }
}
