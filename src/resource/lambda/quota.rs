//! How many functions of the account may run at the same time in a region.

use crate::aws::{Class, Context, Result, SdkResult};
use crate::model::{ANYTHING, Allow};

/// The permission for [`concurrency`].
pub const QUOTA: Allow = Allow::new(&["lambda:GetAccountSettings"], ANYTHING);

/// The account's concurrent executions in the context's region. `None` if the caller may not ask.
///
/// # Errors
/// When the call fails for another reason.
pub async fn concurrency(cx: &Context) -> Result<Option<i32>> {
    let settings = cx.lambda().get_account_settings().send().await.named("lambda:GetAccountSettings");
    match settings {
        Ok(settings) => Ok(settings.account_limit.map(|limit| limit.concurrent_executions)),
        Err(error) if error.class == Class::Denied => Ok(None),
        Err(error) => Err(error),
    }
}
