//! Profiles of `aws login`: what the AWS CLI leaves behind is read, refreshed through the proxy, and told where it is over.
//! The cache file follows the AWS SDKs and Tools reference guide, "Login credential provider".

use sha2::{Digest as _, Sha256};

use super::{ASKED, errors, said, signed_in};
use crate::support::far::{Asked, Far, assumed, caller};

const SESSION: &str = "arn:aws:iam::111122223333:user/me";
const FILES: &str = "
[profile console]
login_session = arn:aws:iam::111122223333:user/me
region = eu-west-1
[profile deployer]
role_arn = arn:aws:iam::444455556666:role/a
source_profile = console
";

/// AWS Sign-In gives a new key for the refresh token `r`, and refuses any other.
fn console(asked: &Asked) -> (u16, String) {
    if asked.host.contains(".signin.") && asked.body.contains("\"refreshToken\":\"r\"") {
        let token = "{\"accessToken\":{\"accessKeyId\":\"AK-refreshed\",\"secretAccessKey\":\"s\",\"sessionToken\":\"t\"},\
                     \"tokenType\":\"aws_sigv4\",\"expiresIn\":900,\"refreshToken\":\"r-2\"}";
        return (200, token.to_owned());
    }
    if asked.host.contains(".signin.") {
        let over =
            "{\"__type\":\"AccessDeniedException\",\"error\":\"TOKEN_EXPIRED\",\"message\":\"expired\"}";
        return (403, over.to_owned());
    }
    if asked.body.contains("Action=AssumeRole") {
        return assumed("AK-role");
    }
    caller("444455556666", &format!("arn:aws:iam::444455556666:user/{}", asked.key))
}

async fn far() -> Far {
    let far = Far::start(None, console).await;
    far.write(".aws/config", FILES);
    far
}

fn cache() -> String {
    format!(".aws/login/cache/{}.json", hex::encode(Sha256::digest(SESSION)))
}

/// A key of the curve P-256, as `openssl ecparam -genkey` writes it. It is the content of PKCS #8's last member.
fn dpop_key() -> String {
    use base64::Engine as _;
    let key = rcgen::KeyPair::generate().unwrap().serialize_der();
    assert_eq!((key[27], key[29]), (0x04, 0x30), "a sequence in an octet string");
    let text = base64::engine::general_purpose::STANDARD.encode(&key[29..]);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----\n", lines.join("\n"))
}

fn token(far: &Far, expires: &str, refresh: &str) {
    let token = serde_json::json!({
        "accessToken": {
            "accessKeyId": "AK-login", "secretAccessKey": "s", "sessionToken": "t",
            "accountId": "111122223333", "expiresAt": expires,
        },
        "tokenType": "aws_sigv4", "refreshToken": refresh, "dpopKey": dpop_key(),
        "clientId": "arn:aws:signin:::devtools/same-device",
    });
    far.write(&cache(), &token.to_string());
}

fn with(far: &Far, profile: &str) -> String {
    said(far.trusting(&[ASKED, &["--profile", profile]].concat()), &[])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_of_aws_login_is_used() {
    let far = far().await;
    token(&far, "2100-01-01T00:00:00Z", "r");
    assert_eq!(signed_in(&with(&far, "console")), "AK-login");
    assert_eq!(signed_in(&said(far.trusting(ASKED), &[("AWS_PROFILE", "console")])), "AK-login");
    assert_eq!(signed_in(&with(&far, "deployer")), "AK-role", "a role is assumed with it");
    let signers: Vec<String> = far.asked().into_iter().map(|asked| asked.key).collect();
    assert_eq!(signers, ["AK-login", "AK-login", "AK-login", "AK-role"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_aws_login_is_refreshed_through_the_proxy_in_the_region_of_its_profile() {
    for variable in [None, Some(("AWS_PROFILE", "console"))] {
        let far = far().await;
        token(&far, "2020-01-01T00:00:00Z", "r");
        let told = match variable {
            Some(variable) => said(far.trusting(ASKED), &[variable]),
            None => with(&far, "console"),
        };
        assert_eq!(signed_in(&told), "AK-refreshed");
        assert_eq!(far.connected()[0], "CONNECT eu-west-1.signin.aws.amazon.com:443");
        let asked = far.asked();
        assert_eq!((asked[0].target.as_str(), asked[1].key.as_str()), ("/v1/token", "AK-refreshed"));
        // The CLI and the next command find the new key.
        assert_eq!(signed_in(&with(&far, "console")), "AK-refreshed");
        assert_eq!(far.asked().len(), 1, "the key of 15 minutes is still good");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_aws_login_that_is_over_or_was_never_made_says_how_to_sign_in() {
    let far = far().await;
    let with = |profile: &str| errors(&with(&far, profile));
    insta::assert_snapshot!(with("console"), @"
    error: sts:GetCallerIdentity failed: dispatch failure: other: an error occurred while loading credentials: unexpected credentials error: failed to read `<folder>/.aws/login/cache/<digest>.json`: No such file or directory (os error 2)
    help: sign in: run `aws login --profile console` (AWS CLI 2.32 or newer), then the command again; if that does not help, your identity lacks `signin:CreateOAuth2Token` (managed policy SignInLocalDevelopmentAccess)
    ");
    token(&far, "2020-01-01T00:00:00Z", "old");
    insta::assert_snapshot!(with("console"), @"
    error: sts:GetCallerIdentity failed: dispatch failure: other: an error occurred while loading credentials: an error occurred while loading credentials: failed to refresh cached Login token: Your session has expired. Please reauthenticate.: AccessDeniedException: expired: AccessDeniedException: expired
    help: sign in: run `aws login --profile console` (AWS CLI 2.32 or newer), then the command again; if that does not help, your identity lacks `signin:CreateOAuth2Token` (managed policy SignInLocalDevelopmentAccess)
    ");
    insta::assert_snapshot!(with("deployer"), @"
    error: sts:AssumeRole failed: dispatch failure: other: an error occurred while loading credentials: an error occurred while loading credentials: failed to refresh cached Login token: Your session has expired. Please reauthenticate.: AccessDeniedException: expired: AccessDeniedException: expired
    help: sign in: run `aws login --profile console` (AWS CLI 2.32 or newer), then the command again; if that does not help, your identity lacks `signin:CreateOAuth2Token` (managed policy SignInLocalDevelopmentAccess)
    ");
}
