//! Tests of an export to CloudFormation: of a few resources, and of every shipped stack.

use super::*;
use crate::export::tests::{World, declared, everything, few, read, worlds};

fn exported(world: &World) -> Vec<ExportFile> {
    files(&world.stack()).unwrap()
}

fn yaml(files: &[ExportFile], path: &str) -> Value {
    serde_yaml::from_str(&read(files, path)).unwrap()
}

fn resources(template: &Value) -> BTreeSet<String> {
    template["Resources"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn a_stack_is_imported_and_then_made_whole() {
    let queue = json!({ "Fn::GetAtt": ["a/queue", "QueueUrl", "https://sqs.eu-west-1.amazonaws.com/111122223333/vod"] });
    let mut owner = declared("a/queue", "AWS::SQS::Queue", json!({ "QueueName": "vod" }));
    owner.predicted.insert("QueueUrl".into(), "https://sqs.eu-west-1.amazonaws.com/111122223333/vod".into());
    let mut topic = declared("a/topic", "AWS::SNS::Topic", json!({ "TopicName": "vod" }));
    topic.predicted.insert("TopicArn".into(), "arn:aws:sns:eu-west-1:111122223333:vod".into());
    topic.after = ["a/queue".into(), "a/queue/policy".into()].into();
    let policy = declared("a/queue/policy", "AWS::SQS::QueuePolicy", json!({ "Queues": [queue] }));
    let files = exported(&few(vec![owner, topic, policy]));
    let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(names, ["README.md", "vod.import.yaml", "vod.import.json", "vod.yaml"]);
    insta::assert_snapshot!(read(&files, "vod.import.json"), @r#"
    [
      {
        "ResourceType": "AWS::SQS::Queue",
        "LogicalResourceId": "AQueue",
        "ResourceIdentifier": {
          "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/vod"
        }
      },
      {
        "ResourceType": "AWS::SNS::Topic",
        "LogicalResourceId": "ATopic",
        "ResourceIdentifier": {
          "TopicArn": "arn:aws:sns:eu-west-1:111122223333:vod"
        }
      }
    ]
    "#);
    let import = yaml(&files, "vod.import.yaml");
    assert_eq!(
        import["Resources"]["ATopic"]["DependsOn"],
        json!(["AQueue"]),
        "it no longer waits for what is not imported"
    );
    assert_eq!(resources(&yaml(&files, "vod.yaml")).len(), 3);
}

/// The rules of an import, for every stack that is shipped and one with everything.
#[test]
fn every_import_keeps_the_rules_of_cloudformation() {
    for world in worlds() {
        let files = exported(&world);
        let mut imported = 0;
        for template in world.stack().templates().unwrap() {
            let name = &template.name;
            let import = yaml(&files, &format!("{name}.import.yaml"));
            let list: Value = serde_json::from_str(&read(&files, &format!("{name}.import.json"))).unwrap();
            let listed: BTreeSet<String> = list
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["LogicalResourceId"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(resources(&import), listed, "{name}");
            assert!(import.get("Outputs").is_none(), "{name}: an import may not add outputs");
            for (id, resource) in import["Resources"].as_object().unwrap() {
                assert_eq!(resource["DeletionPolicy"], "Retain", "{id}");
                assert_eq!(resource["Properties"], template.body["Resources"][id]["Properties"], "{id}");
            }
            let whole = yaml(&files, &format!("{name}.yaml"));
            assert_eq!(whole, template.body);
            assert_eq!(
                whole["Description"],
                format!("{name}, exported by provision {}", env!("CARGO_PKG_VERSION"))
            );
            assert_eq!(import["Description"], whole["Description"]);
            imported += listed.len();
        }
        let policies = world.graph.in_order().filter(|one| {
            one.kind.as_str().ends_with("Policy") && one.kind.as_str() != "AWS::S3::BucketPolicy"
        });
        let policies = policies.filter(|one| !one.kind.as_str().starts_with("AWS::CloudFront")).count();
        assert_eq!(imported + policies, world.graph.len(), "all but the policies of queues and topics");
    }
}

#[test]
fn parameters_get_what_aws_assigned() {
    let files = exported(&everything());
    let parameters: Value = serde_json::from_str(&read(&files, "vod.parameters.json")).unwrap();
    assert_eq!(
        parameters,
        json!([{
            "ParameterKey": "DeliveryCertificateArn",
            "ParameterValue": "arn:aws:acm:us-east-1:111122223333:certificate/01234567",
        }])
    );
    let after: Value = serde_json::from_str(&read(&files, "vod-us-east-1-after.parameters.json")).unwrap();
    assert!(after.to_string().contains("E1EXAMPLE"), "{after}");
}

#[test]
fn what_aws_has_not_named_is_created_again() {
    let mut world = everything();
    let mut subscriptions =
        world.graph.in_order().filter(|one| one.kind.as_str() == "AWS::SNS::Subscription");
    let address = subscriptions.next().unwrap().address.clone();
    world.live.get_mut(&address).unwrap().outputs.clear();
    let files = exported(&world);
    let readme = read(&files, "README.md");
    assert!(
        readme.contains(&format!("* {address} (AWS::SNS::Subscription). AWS has not assigned its ARN yet.")),
        "{readme}"
    );
    assert!(!resources(&yaml(&files, "vod.import.yaml")).contains(&logical_id(&address)));
}

#[test]
fn the_readme_has_the_commands_in_order() {
    let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/vod";
    let mut queue = declared("a/queue", "AWS::SQS::Queue", json!({ "QueueName": "vod" }));
    queue.predicted.insert("QueueUrl".into(), url.into());
    let policy = declared("a/queue/policy", "AWS::SQS::QueuePolicy", json!({ "Queues": [url] }));
    let template = declared("a/template", "AWS::MediaConvert::JobTemplate", json!({ "Name": "vod" }));
    let readme = read(&exported(&few(vec![queue, policy, template])), "README.md");
    let readme = readme.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!(readme, @r#"
    # vod as CloudFormation stacks

    Made by provision VERSION from the live account 111122223333, eu-west-1. Nothing in the account was changed.

    Each CloudFormation stack takes over in two steps. It imports the resources as they are, and is then updated to the
    whole template. Nothing is deleted or replaced, and videos play throughout.

    ## The files

    | file | what is in it |
    |---|---|
    | `NAME.yaml` | the whole template of the CloudFormation stack NAME |
    | `NAME.import.yaml` | what of it can be imported, needed once |
    | `NAME.import.json` | which live resources these are, needed once |
    | `NAME.parameters.json` | values from the other stacks, such as the certificate's ARN |

    ## What you need

    * AWS CLI version 2. Run the commands in this directory, in this order.
    * Credentials of the account 111122223333 that may create CloudFormation stacks, and read and change everything in
      them. CloudFormation works with these permissions.
    * Tell your team that nobody runs `provision apply` for this stack any more. Put this directory under version control.

    ## 1. vod in eu-west-1

    Make a change set that imports 2 resources, and show it:

        aws cloudformation create-change-set --region eu-west-1 --stack-name vod --change-set-name import \
            --change-set-type IMPORT --resources-to-import file://vod.import.json \
            --template-body file://vod.import.yaml \
            --capabilities CAPABILITY_NAMED_IAM
        aws cloudformation wait change-set-create-complete --region eu-west-1 --stack-name vod --change-set-name import
        aws cloudformation describe-change-set --region eu-west-1 --stack-name vod --change-set-name import \
            --query 'Changes[].ResourceChange.[Action, Replacement, LogicalResourceId]' --output table

    Each change must be an `Import`. Then execute it:

        aws cloudformation execute-change-set --region eu-west-1 --stack-name vod --change-set-name import
        aws cloudformation wait stack-import-complete --region eu-west-1 --stack-name vod

    Make a change set that updates the stack to the whole template, and show it.
    It adds these, which cannot be imported, and deletion policies and outputs:

    * a/queue/policy (AWS::SQS::QueuePolicy). CloudFormation has no import for the type. Its creation sets the policy,
      which is the same one.

        aws cloudformation create-change-set --region eu-west-1 --stack-name vod --change-set-name whole \
            --change-set-type UPDATE \
            --template-body file://vod.yaml \
            --capabilities CAPABILITY_NAMED_IAM
        aws cloudformation wait change-set-create-complete --region eu-west-1 --stack-name vod --change-set-name whole
        aws cloudformation describe-change-set --region eu-west-1 --stack-name vod --change-set-name whole \
            --query 'Changes[].ResourceChange.[Action, Replacement, LogicalResourceId]' --output table

    No change may be a `Remove`, and none may replace. Then execute it:

        aws cloudformation execute-change-set --region eu-west-1 --stack-name vod --change-set-name whole
        aws cloudformation wait stack-update-complete --region eu-west-1 --stack-name vod

    ## If CloudFormation refuses a type

    The published schemas say that CloudFormation can import these types, but its user guide did not list them when this
    version of provision was made. If the import change set fails with "not supported for import", nothing was changed.
    Remove the type's resources from `NAME.import.yaml` and `NAME.import.json`, and run the import again. Before the
    update:

    * AWS::MediaConvert::JobTemplate: Delete it in MediaConvert, then let the stack create it. Jobs that run go on. No
      encode can start until the stack has created it.

    ## Check

    Play a video, and upload one. Drift detection compares what is live with the templates:

        aws cloudformation detect-stack-drift --region eu-west-1 --stack-name vod

    Some minutes later, these commands show what differs:

        aws cloudformation describe-stack-resource-drifts --region eu-west-1 --stack-name vod \
            --stack-resource-drift-status-filters MODIFIED DELETED

    At last, protect the stacks against deletion:

        aws cloudformation update-termination-protection --enable-termination-protection --region eu-west-1 --stack-name vod

    ## To go back

    * As long as only the import was executed, every resource has `DeletionPolicy: Retain`. Delete the stack: all
      resources stay as they are.
    * After the update, first write `DeletionPolicy: Retain` for every resource in `NAME.yaml`, and update the stack to
      it. Then delete the stack.
    * `provision plan STACK.yaml` must then say that there is nothing to do.

    ## To change something

    Change `NAME.yaml`, and run the commands of its update again, with another name for the change set. Read the change
    set before you execute it: a replacement creates a new resource and deletes the old one.

    ## When the other tool has taken over

    * Do not run `provision apply` or `provision teardown` for vod again: two tools would change the same resources.
    * Commands of `provision` that change no resource still work with the stack file: `verify`, `outputs`, `sign`, `asset`
      and `library`. They find the stack by its names and by the tags `provision:stack` and `provision:address`. Remove
      the tags when you need these commands no more.
    * `provision` removed what somebody added by hand, such as a statement in a function's policy. No other tool sees such
      additions.
    * The bucket `provision-111122223333-eu-west-1-vod` holds the code that the functions are deployed from. It is not in
      this export, and it deletes a package 30 days after its upload. Lambda keeps a copy, so the functions run on. To
      deploy other code, put it in a bucket of yours and name that in `Code`. Do not delete the bucket before.
    "#);
}
