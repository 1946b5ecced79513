//! Answers that are not AWS's: a proxy or a sign-in page stands in between.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::model::printable::plain;

/// How many characters of an answer that is not AWS's are shown.
const SHOWN: usize = 60;

/// What to say of an answer that the SDK could make nothing of. `None` if that is not what went wrong.
pub(super) fn unreadable(error: &dyn std::error::Error, raw: &HttpResponse) -> Option<String> {
    error.source()?;
    let body = raw.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
    let begins = plain(body.trim()).chars().take(SHOWN).collect::<String>();
    let what =
        if begins.is_empty() { "it is empty".to_owned() } else { format!("it begins with `{begins}`") };
    Some(format!("the answer (HTTP {}) cannot be read, so a proxy may have sent it: {what}", raw.status()))
}

#[cfg(test)]
mod tests {
    use miette::Diagnostic;

    use crate::aws::{Error, SdkResult, fake_aws};

    #[tokio::test]
    async fn an_answer_that_is_not_of_aws_is_shown() {
        let page = "<html><body>Sign in to the guest network</body></html>";
        let answers = axum::Router::new().fallback(move || async move { page });
        let cx = fake_aws::regions(answers).await.home();
        let told = async |error: Error| format!("{error} | {}", error.help().unwrap());
        let role = cx.iam().get_role().role_name("vod").send().await.named("iam:GetRole").unwrap_err();
        insta::assert_snapshot!(told(role).await, @"iam:GetRole failed: the answer (HTTP 200) cannot be read, so a proxy may have sent it: it begins with `<html><body>Sign in to the guest network</body></html>` | check the network; with `local: true`, see `provision local status`; then run the command again");
        let function = cx.lambda().get_function().function_name("vod").send().await;
        let function = function.named("lambda:GetFunction").unwrap_err();
        insta::assert_snapshot!(told(function).await, @"lambda:GetFunction failed: the answer (HTTP 200) cannot be read, so a proxy may have sent it: it begins with `<html><body>Sign in to the guest network</body></html>` | check the network; with `local: true`, see `provision local status`; then run the command again");
    }
}
