//! The key of a function's variables: after its role was made again, and after somebody put another key.

use super::*;

const FUNCTION: Kind = Kind::new("AWS::Lambda::Function");
const CONFIGURE: &str = "PUT /2015-03-31/functions/vod-submit/configuration";
// On a path: the roles of a stack are told by their names alone.
const OWN: &str = "arn:aws:iam::111122223333:role/service/vod-submit";
const OTHER: &str = "arn:aws:iam::111122223333:role/service/vod-publish";

fn with_role_id(id: &str) -> Value {
    let mut function = function();
    let set = json!({ "Role": OWN, "Environment": { "Variables": { "QUEUE": "q", "ROLE_ID": id } } });
    function.as_object_mut().unwrap().extend(set.as_object().unwrap().clone());
    function
}

fn answered(name: &str, role: &str) -> Answer {
    let digest = "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=";
    let configuration = json!({
        "FunctionName": name, "Role": role, "MemorySize": 128, "Timeout": 3, "CodeSha256": digest,
        "State": "Active", "LastUpdateStatus": "Successful",
    });
    Answer::Ok(json!({ "Configuration": configuration, "Tags": {} }))
}

/// The bodies of the calls that change the configuration.
fn configured(stage: &script::Stage) -> Vec<Value> {
    let play = stage.lock().unwrap();
    let calls = play.called.iter().zip(&play.bodies).filter(|(call, _)| *call == CONFIGURE);
    calls.map(|(_, body)| serde_json::from_str(body).unwrap()).collect()
}

/// As after somebody deleted the role: apply made another one of its name.
#[tokio::test]
async fn a_function_whose_role_was_made_again_gets_another_role_and_then_its_own() {
    const LIST: &str = "GET /2015-03-31/functions";
    const PUBLISH: &str = "GET /2015-03-31/functions/vod-publish";
    const SUBMIT: &str = "GET /2015-03-31/functions/vod-submit";
    let functions =
        json!({ "Functions": [{ "FunctionName": "vod-publish" }, { "FunctionName": "vod-submit" }] });
    let tags = |name: &str| {
        let pairs = json!({ "provision:stack": "vod", "provision:address": format!("handlers/{name}") });
        Answer::Ok(json!({ "Tags": pairs }))
    };
    let tags_of = |name: &'static str| match name {
        "publish" => {
            "GET /2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Avod-publish"
        }
        _ => "GET /2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Avod-submit",
    };
    let unknown = Answer::Error(
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    );
    let script = [
        (LIST, Answer::Ok(functions.clone())),
        (tags_of("publish"), tags("publish")),
        (tags_of("submit"), tags("submit")),
        // The same run lends it this function's role.
        (PUBLISH, answered("vod-publish", OWN)),
        (SUBMIT, answered("vod-submit", OWN)),
        (LIST, Answer::Ok(functions)),
        (tags_of("publish"), tags("publish")),
        (tags_of("submit"), tags("submit")),
        (PUBLISH, answered("vod-publish", OTHER)),
        (CONFIGURE, ok()),
        (SUBMIT, answered("vod-submit", OTHER)),
        (CONFIGURE, unknown),
        (CONFIGURE, ok()),
    ];
    let (cx, stage) = play(&script).await;
    let functions = registry().get(&FUNCTION).unwrap();
    let (seen, desired) = (with_role_id("AROAFORMER"), with_role_id("AROANEW"));
    replace(&cx, functions, "vod-submit", &seen, &desired).await.unwrap();
    called(&stage);
    let [lent, refused, own] = &configured(&stage)[..] else { panic!("{:?}", configured(&stage)) };
    assert_eq!(lent, &json!({ "Role": OTHER }), "the variables still name the former role");
    let variables = json!({ "QUEUE": "q", "ROLE_ID": "AROANEW" });
    assert_eq!(own, &json!({ "Role": OWN, "Environment": { "Variables": variables } }));
    assert_eq!(refused, own);
}

/// A run that ended between the two calls left the other function's role: setting the own one is enough.
#[tokio::test]
async fn a_function_that_was_left_with_the_other_role_gets_its_own() {
    let (cx, stage) = play(&[(CONFIGURE, ok())]).await;
    let functions = registry().get(&FUNCTION).unwrap();
    let mut seen = with_role_id("AROAFORMER");
    seen["Role"] = json!(OTHER);
    replace(&cx, functions, "vod-submit", &seen, &with_role_id("AROANEW")).await.unwrap();
    called(&stage);
    assert_eq!(configured(&stage)[0]["Role"], OWN);
}

/// Without the variables in the call, Lambda leaves them encrypted with the other key, which somebody may delete.
#[tokio::test]
async fn a_key_that_somebody_put_goes_with_the_variables_encrypted_anew() {
    let (cx, stage) = play(&[(CONFIGURE, ok())]).await;
    let functions = registry().get(&FUNCTION).unwrap();
    let mut seen = with_role_id("AROA");
    seen["KmsKeyArn"] = json!("arn:aws:kms:eu-west-1:111122223333:key/theirs");
    replace(&cx, functions, "vod-submit", &seen, &with_role_id("AROA")).await.unwrap();
    called(&stage);
    let variables = json!({ "QUEUE": "q", "ROLE_ID": "AROA" });
    let sent = json!({ "KMSKeyArn": "", "Environment": { "Variables": variables } });
    assert_eq!(configured(&stage), [sent]);
}
