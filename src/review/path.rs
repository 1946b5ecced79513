//! Paths of properties: `LifecycleConfiguration.Rules[].Status` in a rule of the review, `Rules[expire].Status` in a
//! change.

use serde_json::Value;

/// A property that a rule of the review reads. The judges hold all of them to AWS's published resource schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PropertyPath {
    /// The CloudFormation type.
    pub kind: &'static str,
    /// Where it is. `[]` after a name means each entry of that list.
    pub path: &'static str,
    /// The values that the rule waits for, if it names any.
    pub values: &'static [&'static str],
}

impl PropertyPath {
    /// The property of a type at a path.
    pub(super) const fn new(kind: &'static str, path: &'static str) -> Self {
        Self { kind, path, values: &[] }
    }

    /// The value in a resource's properties, `null` where there is none. Of a list it reads the first entry.
    pub(super) fn of<'v>(&self, properties: &'v Value) -> &'v Value {
        read(self.path, properties)
    }

    /// The value in an entry of the path's last list, `null` where there is none.
    pub(super) fn within<'v>(&self, entry: &'v Value) -> &'v Value {
        read(self.member(), entry)
    }

    /// The path from an entry of its last list on: `Status` of `LifecycleConfiguration.Rules[].Status`.
    pub(super) fn member(&self) -> &'static str {
        self.path.rsplit_once("[].").map_or(self.path, |(_, member)| member)
    }

    /// The last name of the path.
    pub(super) fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }
}

fn read<'v>(path: &str, value: &'v Value) -> &'v Value {
    path.split('.').fold(value, |value, name| match name.strip_suffix("[]") {
        Some(list) => &value[list][0],
        None => &value[name],
    })
}

/// The entries of a list; none where there is no list.
pub(super) fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Whether a path is another one or lies inside it.
pub(super) fn within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// A path with the entries of lists as `[]`. The name of an entry may hold dots and slashes.
pub(super) fn without_names(path: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for char in path.chars() {
        match char {
            '[' => (inside, plain) = (true, plain + "["),
            ']' => (inside, plain) = (false, plain + "]"),
            _ if inside => {}
            char => plain.push(char),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const STATUS: PropertyPath = PropertyPath::new("AWS::S3::Bucket", "Lifecycle.Rules[].Expiry.Status");

    #[test]
    fn a_path_reads_whole_properties_or_an_entry() {
        let rule = json!({ "Expiry": { "Status": "on" } });
        let bucket = json!({ "Lifecycle": { "Rules": [rule, {}] } });
        assert_eq!(STATUS.of(&bucket), "on");
        assert_eq!(STATUS.within(&rule), "on");
        assert_eq!((STATUS.member(), STATUS.name()), ("Expiry.Status", "Status"));
        for absent in [json!({}), json!({ "Lifecycle": { "Rules": [] } }), Value::Null] {
            assert!(STATUS.of(&absent).is_null());
        }
    }

    #[test]
    fn names_of_entries_are_left_out() {
        assert_eq!(without_names("A.B[*.m3u8].C[x/y]"), "A.B[].C[]");
        assert!(within("A.B[].C", "A.B") && within("A.B", "A.B") && !within("A.Bc", "A.B"));
    }
}
