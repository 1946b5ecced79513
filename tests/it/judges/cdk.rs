//! The Cloud Development Kit: what an app synthesises to.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::environment::{CDK, run};

/// The templates of the app in a folder, by the name of their stack.
pub(crate) fn synthesised(folder: &Path) -> BTreeMap<String, Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/judges/cdk.py");
    let output = run(CDK.python().arg(script).arg(folder));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("the app: {}", String::from_utf8_lossy(&output.stderr)))
}

/// The earliest Python that the library runs with, by its own package.
pub(crate) fn python() -> String {
    let ask =
        "import importlib.metadata as packages; print(packages.metadata('aws-cdk-lib')['Requires-Python'])";
    let said = run(CDK.python().args(["-c", ask]));
    String::from_utf8(said.stdout).unwrap().trim().trim_start_matches(['>', '~', '=']).to_owned()
}

/// A template without what the library leaves out, empty lists and objects, and with whole numbers written as such.
pub(crate) fn comparable(value: &Value) -> Value {
    let is_empty = |value: &Value| {
        value.is_null()
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(serde_json::Map::is_empty)
    };
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, inner)| (name.clone(), comparable(inner)));
            members.filter(|(_, inner)| !is_empty(inner)).collect::<serde_json::Map<_, _>>().into()
        }
        Value::Array(list) => list.iter().map(comparable).collect(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => Value::from(float as i64),
            _ => value.clone(),
        },
        scalar => scalar.clone(),
    }
}
