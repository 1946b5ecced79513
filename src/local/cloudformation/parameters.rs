//! A template's parameters, and the values that a call gives them. Pure.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::Value;

use super::functions::text;
use super::refusal::ApiRefusal;
use super::template::StackTemplate;

/// The values of a template's parameters: what the call gives, the previous ones where it says so, else the defaults.
pub(super) fn given(
    template: &StackTemplate,
    call: &Value,
    previous: Option<&BTreeMap<String, String>>,
) -> Result<BTreeMap<String, String>, ApiRefusal> {
    let mut asked = BTreeMap::new();
    for one in call.as_array().into_iter().flatten() {
        let key = one["ParameterKey"].as_str().unwrap_or_default();
        let keep = one["UsePreviousValue"].as_str() == Some("true");
        let value = match (keep, one["ParameterValue"].as_str()) {
            (true, _) => previous.and_then(|previous| previous.get(key)).cloned(),
            (false, value) => value.map(str::to_owned),
        };
        if keep && value.is_none() {
            return Err(ApiRefusal::validation(format!(
                "Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a parameter key not in the \
                 previous template"
            )));
        }
        asked.insert(key.to_owned(), value.unwrap_or_default());
    }
    let declared: BTreeMap<&String, &Value> = template.section("Parameters").collect();
    let strange: Vec<&str> =
        asked.keys().filter(|key| !declared.contains_key(key)).map(String::as_str).collect();
    if !strange.is_empty() {
        let strange = strange.join(", ");
        return Err(ApiRefusal::validation(format!("Parameters: [{strange}] do not exist in the template")));
    }
    let mut values = BTreeMap::new();
    let mut missing = Vec::new();
    for (name, body) in declared {
        let default = || body.get("Default").map(text);
        match asked.remove(name).or_else(default) {
            Some(value) => {
                check(name, body, &value)?;
                values.insert(name.clone(), value);
            }
            None => missing.push(name.as_str()),
        }
    }
    if !missing.is_empty() {
        return Err(ApiRefusal::validation(format!("Parameters: [{}] must have values", missing.join(", "))));
    }
    Ok(values)
}

fn check(name: &str, body: &Value, value: &str) -> Result<(), ApiRefusal> {
    let refuse = |how: &str| {
        let own = body["ConstraintDescription"].as_str();
        let message = own.map_or_else(
            || format!("Parameter '{name}' {how}"),
            |own| format!("Parameter {name} failed to satisfy constraint: {own}"),
        );
        Err(ApiRefusal::validation(message))
    };
    if body["Type"] == "Number" && value.parse::<f64>().is_err() {
        return refuse("must be a number.");
    }
    if let Some(allowed) = body["AllowedValues"].as_array()
        && !allowed.iter().any(|one| text(one) == value)
    {
        return refuse("must be one of AllowedValues");
    }
    if let Some(pattern) = body["AllowedPattern"].as_str()
        && !Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|pattern| pattern.is_match(value))
    {
        return refuse(&format!("must match pattern {pattern}"));
    }
    let length = |bound: &str| body.get(bound).map(text).and_then(|text| text.parse::<usize>().ok());
    if length("MinLength").is_some_and(|least| value.chars().count() < least) {
        return refuse(&format!("must contain at least {} characters", text(&body["MinLength"])));
    }
    if length("MaxLength").is_some_and(|most| value.chars().count() > most) {
        return refuse(&format!("must contain at most {} characters", text(&body["MaxLength"])));
    }
    Ok(())
}

/// The values as `Ref` gives them: lists are lists.
pub(super) fn typed(template: &StackTemplate, values: &BTreeMap<String, String>) -> BTreeMap<String, Value> {
    let is_list = |name: &str| {
        let kind = template.body["Parameters"][name]["Type"].as_str().unwrap_or_default();
        kind == "CommaDelimitedList" || kind.starts_with("List<")
    };
    let one = |(name, value): (&String, &String)| {
        let number = || serde_json::from_str::<Value>(value).ok().filter(Value::is_number);
        let value = if template.body["Parameters"][name]["Type"] == "Number" {
            number().unwrap_or_else(|| Value::from(value.as_str()))
        } else if is_list(name) {
            value.split(',').map(|item| Value::from(item.trim())).collect()
        } else {
            Value::from(value.as_str())
        };
        (name.clone(), value)
    };
    values.iter().map(one).collect()
}

/// Whether a value is shown as stars.
pub(super) fn is_hidden(template: &StackTemplate, name: &str) -> bool {
    text(&template.body["Parameters"][name]["NoEcho"]) == "true"
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn template() -> StackTemplate {
        let body = json!({ "Resources": { "A": { "Type": "AWS::SNS::Topic" } }, "Parameters": {
            "P": { "Type": "String" }, "D": { "Type": "Number", "Default": 3 },
            "L": { "Type": "CommaDelimitedList", "Default": "a, b" },
            "A": { "Type": "String", "AllowedValues": ["x", "y"], "Default": "x" } } });
        StackTemplate { text: body.to_string(), body }
    }

    fn said(call: &Value, previous: &[(&str, &str)]) -> String {
        let previous = previous.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        match given(&template(), call, Some(&previous)) {
            Ok(values) => format!("{values:?}"),
            Err(refusal) => refusal.message,
        }
    }

    #[test]
    fn values_come_from_the_call_the_previous_ones_and_defaults() {
        let call = |key: &str, value: &str| json!([{ "ParameterKey": key, "ParameterValue": value }]);
        assert_eq!(said(&call("P", "p"), &[]), r#"{"A": "x", "D": "3", "L": "a, b", "P": "p"}"#);
        let keep = json!([{ "ParameterKey": "P", "UsePreviousValue": "true" }]);
        assert_eq!(said(&keep, &[("P", "old")]), r#"{"A": "x", "D": "3", "L": "a, b", "P": "old"}"#);
        assert_eq!(said(&json!([]), &[]), "Parameters: [P] must have values");
        assert_eq!(said(&call("Q", "q"), &[]), "Parameters: [Q] do not exist in the template");
        assert_eq!(said(&call("A", "z"), &[]), "Parameter 'A' must be one of AllowedValues");
        let values = given(&template(), &call("P", "p"), None).unwrap();
        assert_eq!(typed(&template(), &values)["L"], json!(["a", "b"]));
        assert_eq!(typed(&template(), &values)["D"], json!(3));
    }
}
