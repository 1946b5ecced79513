//! What this CloudFormation does as AWS's, each behaviour with its source and the test that meets it. `docs/local-cloud.md`
//! shows them.

/// A behaviour.
#[derive(Debug, Clone, Copy)]
pub struct CloudFormationFact {
    /// What happens.
    pub what: &'static str,
    /// What is seen of it.
    pub seen: &'static str,
    /// Where AWS says so, or where AWS was recorded to answer so.
    pub source: &'static str,
    /// The test that meets it.
    pub test: &'static str,
}

const fn fact(
    what: &'static str,
    seen: &'static str,
    source: &'static str,
    test: &'static str,
) -> CloudFormationFact {
    CloudFormationFact { what, seen, source, test }
}

macro_rules! recorded {
    ($file:literal) => {
        concat!(
            "https://github.com/localstack/localstack/blob/main/tests/aws/services/cloudformation/",
            $file
        )
    };
}
macro_rules! guide {
    ($page:literal) => {
        concat!("https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/", $page)
    };
}

macro_rules! api {
    ($page:literal) => {
        concat!("https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/", $page)
    };
}

const SETS: &str = recorded!("api/test_changesets.snapshot.json");
const VALUES: &str = recorded!("v2/test_change_sets.snapshot.json");
const STACKS: &str = recorded!("api/test_stacks.snapshot.json");
const TEMPLATES: &str = recorded!("api/test_templates.snapshot.json");
const VALIDATIONS: &str = recorded!("api/test_validations.snapshot.json");
const UPDATES: &str = recorded!("api/test_update_stack.snapshot.json");
const REPLACEMENT: &str = recorded!("engine/test_replacement.snapshot.json");
const POLICIES: &str = recorded!("api/test_stack_policies.snapshot.json");
const DRIFT: &str = recorded!("api/test_drift_detection.snapshot.json");
const IMPORT: &str = guide!("import-resources.html");
const REVERT: &str = guide!("drift-aware-change-sets.html");
const CONTINUE: &str = guide!("using-cfn-updating-stacks-continueupdaterollback.html");

const FACTS: &[CloudFormationFact] = &[
    fact(
        "a first change set",
        "the stack is `REVIEW_IN_PROGRESS`, \"User Initiated\"",
        SETS,
        "of_several_sets_one_is_executed_and_the_others_are_obsolete",
    ),
    fact(
        "one of several sets is executed",
        "the others are `OBSOLETE`",
        SETS,
        "of_several_sets_one_is_executed_and_the_others_are_obsolete",
    ),
    fact("a set without changes", "`FAILED`, told by its reason", SETS, "the_local_stack_lives_its_life"),
    fact(
        "a `CREATE` set for a stack that is there",
        "`ValidationError`",
        SETS,
        "of_several_sets_one_is_executed_and_the_others_are_obsolete",
    ),
    fact(
        "property values",
        "contexts, paths, values before and after, `{{changeSet:KNOWN_AFTER_APPLY}}`",
        VALUES,
        "a_replacement_shows_both_contexts_and_its_policy_action",
    ),
    fact(
        "without property values",
        "what reads an attribute of something modified is shown as well",
        VALUES,
        "the_set_of_changes_differs_without_values",
    ),
    fact(
        "a template that does not hold together",
        "`ValidationError`, with AWS's words",
        VALIDATIONS,
        "a_template_that_does_not_hold_together_is_refused_in_aws_words",
    ),
    fact(
        "a template of more than 51,200 bytes in a call",
        "`ValidationError`; 1 MB by URL",
        guide!("cloudformation-limits.html"),
        "templates_capabilities_and_roles_are_checked_first",
    ),
    fact(
        "a capability that is missing",
        "`InsufficientCapabilitiesException`",
        TEMPLATES,
        "named_roles_need_the_capability_for_names",
    ),
    fact(
        "a service role that is not there, or that CloudFormation may not assume",
        "`ValidationError`: is invalid or cannot be assumed",
        UPDATES,
        "templates_capabilities_and_roles_are_checked_first",
    ),
    fact(
        "the creation of a resource",
        "two events `CREATE_IN_PROGRESS`, the second \"Resource creation Initiated\"",
        STACKS,
        "of_several_sets_one_is_executed_and_the_others_are_obsolete",
    ),
    fact(
        "a creation that fails",
        "`ROLLBACK_IN_PROGRESS` names what failed, then `ROLLBACK_COMPLETE`",
        STACKS,
        "a_creation_that_fails_is_rolled_back",
    ),
    fact(
        "a stack in `ROLLBACK_COMPLETE`",
        "can only be deleted",
        guide!("view-stack-events.html"),
        "a_creation_that_fails_is_rolled_back",
    ),
    fact(
        "a required property that is missing",
        "found at execution: \"Property validation failure\"",
        STACKS,
        "a_missing_property_and_a_bad_output_are_found_at_execution",
    ),
    fact(
        "an output that reads what its type does not have",
        "`ROLLBACK_IN_PROGRESS` before any resource is made",
        recorded!("engine/test_attributes.snapshot.json"),
        "a_missing_property_and_a_bad_output_are_found_at_execution",
    ),
    fact(
        "an update that fails",
        "`UPDATE_ROLLBACK_COMPLETE`, after a cleanup",
        STACKS,
        "an_update_that_fails_goes_back_and_without_rollback_stays",
    ),
    fact(
        "a failure with `DisableRollback`",
        "`UPDATE_FAILED`; `RollbackStack` goes back",
        guide!("stack-failure-options.html"),
        "an_update_that_fails_goes_back_and_without_rollback_stays",
    ),
    fact(
        "a replacement",
        "`UPDATE_COMPLETE_CLEANUP_IN_PROGRESS`, and then the old one is deleted",
        REPLACEMENT,
        "a_replacement_cleans_up_and_a_custom_name_stands_in_the_way",
    ),
    fact(
        "a replacement of what keeps its custom name",
        "`UPDATE_FAILED`: \"Rename … and update the stack again.\"",
        guide!("using-cfn-updating-stacks-update-behaviors.html"),
        "a_replacement_cleans_up_and_a_custom_name_stands_in_the_way",
    ),
    fact(
        "a stack policy",
        "denies to modify, replace or delete what it says",
        POLICIES,
        "a_policy_keeps_resources_and_protection_keeps_the_stack",
    ),
    fact(
        "termination protection",
        "`DeleteStack` is refused",
        guide!("using-cfn-protect-stacks.html"),
        "a_policy_keeps_resources_and_protection_keeps_the_stack",
    ),
    fact(
        "a bucket with objects",
        "`DELETE_FAILED`; `RetainResources` leaves it",
        STACKS,
        "a_full_bucket_is_not_deleted",
    ),
    fact(
        "a stack that is deleted",
        "seen by its id only",
        STACKS,
        "what_does_not_exist_is_told_in_aws_words",
    ),
    fact("drift", "only of properties that the template names", DRIFT, "drift_is_of_what_the_template_names"),
    fact(
        "a drift-aware change set",
        "compares the template with the live resources, and sets back what somebody changed; if it fails, they are as before",
        REVERT,
        "what_somebody_changed_is_set_back_or_accepted",
    ),
    fact(
        "a drift-aware change set for what somebody deleted",
        "creates it again",
        "https://aws.amazon.com/blogs/devops/safely-handle-configuration-drift-with-cloudformation-drift-aware-change-sets/",
        "what_somebody_deleted_is_created_again",
    ),
    fact(
        "a rollback that fails",
        "`UPDATE_ROLLBACK_FAILED`; `ContinueUpdateRollback` goes on when the cause is mended",
        CONTINUE,
        "a_rollback_goes_on_when_its_cause_is_mended",
    ),
    fact(
        "`ResourcesToSkip`",
        "only resources in `UPDATE_FAILED`; they stay as they are",
        CONTINUE,
        "what_cannot_go_back_is_skipped",
    ),
    fact(
        "the deletion of a stack with a retained resource",
        "what the retained one needs is deleted",
        guide!("aws-attribute-deletionpolicy.html"),
        "a_retained_resource_holds_nothing_back",
    ),
    fact(
        "an import",
        "takes what is there and changes nothing; it needs a deletion policy and the type's identifiers",
        IMPORT,
        "what_is_there_is_imported_without_being_touched",
    ),
    fact(
        "an import of what a stack has",
        "`FAILED`: \"already in a stack and cannot be imported\"",
        "https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1607",
        "what_is_there_is_imported_without_being_touched",
    ),
    fact(
        "an operation of a stack set",
        "region after region; what comes after too many failures is `CANCELLED`",
        guide!("stackset-ops-options.html"),
        "one_template_reaches_three_accounts_and_two_regions",
    ),
    fact(
        "a target account without the execution role",
        "`FAILED`: \"should have … role with trust relationship\"",
        guide!("stacksets-prereqs-self-managed.html"),
        "one_template_reaches_three_accounts_and_two_regions",
    ),
    fact(
        "a percentage, a mode, regions at once",
        "rounded down; a strict operation begins no more than may still fail",
        api!("API_StackSetOperationPreferences.html"),
        "a_failure_names_its_resource_and_leaves_no_stack",
    ),
    fact(
        "an operation while another one runs",
        "`OperationInProgressException`",
        "https://github.com/ansible-collections/community.aws/issues/103",
        "an_operation_is_named_by_its_caller_and_one_runs_at_a_time",
    ),
    fact(
        "an operation id that was used",
        "`OperationIdAlreadyExistsException`: it is the token of the request",
        api!("API_CreateStackInstances.html"),
        "an_operation_is_named_by_its_caller_and_one_runs_at_a_time",
    ),
    fact(
        "the deletion of instances that are not there",
        "an operation that succeeds",
        "https://github.com/aws/copilot-cli/pull/5060",
        "an_operation_is_named_by_its_caller_and_one_runs_at_a_time",
    ),
    fact(
        "an instance that fails",
        "`OUTDATED`, `FAILED`; the reason names the resource",
        "https://github.com/aws/copilot-cli/issues/1364",
        "a_failure_names_its_resource_and_leaves_no_stack",
    ),
    fact(
        "a stack that a set could not make",
        "is deleted; the next operation makes it again",
        "https://github.com/awslabs/aws-well-architected-labs/issues/973",
        "a_failure_names_its_resource_and_leaves_no_stack",
    ),
    fact(
        "an instance whose stack could not be deleted",
        "`INOPERABLE`: updates leave it out, and `RetainStacks` lets it go",
        api!("API_StackInstanceComprehensiveStatus.html"),
        "a_stack_that_cannot_be_deleted_is_inoperable_until_it_is_let_go",
    ),
    fact(
        "parameters of one instance",
        "stay through updates of the set, until a list without them",
        api!("API_UpdateStackInstances.html"),
        "an_instance_keeps_its_own_parameters_through_updates_of_the_set",
    ),
    fact(
        "drift of a set",
        "that of its stacks; each instance shows its own",
        guide!("stacksets-drift.html"),
        "drift_of_a_set_is_that_of_its_stacks",
    ),
    fact(
        "a function's code in another account's bucket",
        "`AccessDenied`, unless the bucket's policy and the caller's own let the caller read it",
        "https://github.com/binxio/cfn-lb-ip-address-provider/issues/4",
        "a_bucket_of_the_administrator_gives_code_to_the_accounts_that_its_policy_names",
    ),
    fact(
        "a function's code in another region",
        "`PermanentRedirect`",
        "https://github.com/hashicorp/terraform/issues/16821",
        "a_bucket_of_the_administrator_gives_code_to_the_accounts_that_its_policy_names",
    ),
    fact(
        "a service-managed set without an organization, or without access to it",
        "`ValidationError`, with AWS's words",
        "https://github.com/pepperize/cdk-organizations/issues/1718",
        "a_unit_s_accounts_get_their_stacks_and_the_management_account_gets_none",
    ),
    fact(
        "a service-managed set that is given accounts alone",
        "`ValidationError`: \"can only have OrganizationalUnit as target\"",
        "https://github.com/aws/aws-cli/issues/8248",
        "a_unit_s_accounts_get_their_stacks_and_the_management_account_gets_none",
    ),
    fact(
        "an organizational unit",
        "its accounts and those of the units in it, but never the management account",
        api!("API_DeploymentTargets.html"),
        "a_unit_s_accounts_get_their_stacks_and_the_management_account_gets_none",
    ),
    fact(
        "an account that comes into a unit, or leaves it",
        "gets the stacks, or loses them, with `AutoDeployment`",
        guide!("stacksets-orgs-manage-auto-deployment.html"),
        "a_unit_s_accounts_get_their_stacks_and_the_management_account_gets_none",
    ),
];

/// The behaviours, for `docs/local-cloud.md` and the tests that meet them.
#[must_use]
pub const fn cloudformation_facts() -> &'static [CloudFormationFact] {
    FACTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_fact_and_a_test_meets_it() {
        let rows: Vec<String> = FACTS
            .iter()
            .map(|fact| format!("| {} | {} | <{}> |", fact.what, fact.seen, fact.source))
            .collect();
        let rows = rows.join("\n");
        let page = include_str!("../../../docs/local-cloud.md");
        assert!(page.contains(&rows), "docs/local-cloud.md must show:\n{rows}");
        let tests = [
            include_str!("../../../tests/it/cloudformation/sets.rs"),
            include_str!("../../../tests/it/cloudformation/failures.rs"),
            include_str!("../../../tests/it/cloudformation/rollbacks.rs"),
            include_str!("../../../tests/it/cloudformation/drift.rs"),
            include_str!("../../../tests/it/cloudformation/live.rs"),
            include_str!("../../../tests/it/cloudformation/fleets/mod.rs"),
            include_str!("../../../tests/it/cloudformation/fleets/operations.rs"),
            include_str!("../../../tests/it/cloudformation/fleets/places.rs"),
            include_str!("../../../tests/it/cloudformation/fleets/bundles.rs"),
            include_str!("../../../tests/it/cloudformation/fleets/organization.rs"),
            include_str!("../../../tests/it/cloudformation/real_stack.rs"),
            include_str!("compare/tests.rs"),
            include_str!("template/tests.rs"),
        ]
        .concat();
        for fact in FACTS {
            assert!(tests.contains(&format!("fn {}()", fact.test)), "{}", fact.what);
        }
    }
}
