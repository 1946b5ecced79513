//! The program behind a company's proxy, which opens TLS with certificates of its own authority.

use crate::support::far::{Far, caller};
use crate::support::quote::errors;
use crate::support::{ACCOUNT, Cloud, StackFile, output};

const ASKED: &[&str] = &["outputs", "stacks/staging.yaml"];
const STS: &str = "CONNECT sts.ap-northeast-2.amazonaws.com:443";
const KEY: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret")];

/// An account that the stack is not for: the answer came if the program says so.
async fn far(password: Option<&str>) -> Far {
    Far::start(password, |_| caller("444455556666", "arn:aws:iam::444455556666:user/me")).await
}

fn answered(said: &str) {
    assert!(
        said.contains("the credentials are of account 444455556666 (arn:aws:iam::444455556666:user/me)"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_is_reached_through_the_proxy_with_its_authority() {
    let far = far(None).await;
    let bundle = far.authority();
    let bundle = bundle.to_str().unwrap();
    let said = |variables: &[(&str, &str)]| {
        let mut command = far.command(ASKED);
        output(
            {
                command.envs(KEY).envs(variables.iter().copied());
                command
            },
            1,
        )
        .1
    };
    for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        answered(&said(&[(variable, bundle)]));
        assert_eq!(far.connected(), [STS], "{variable}");
    }
    far.write(
        ".aws/config",
        &format!("[profile work]\nca_bundle = {bundle}\n[default]\nca_bundle = /nowhere\n"),
    );
    answered(&said(&[("AWS_PROFILE", "work")]));
    let lower = far.proxy(None);
    answered(&said(&[("AWS_PROFILE", "work"), ("HTTPS_PROXY", ""), ("https_proxy", &lower)]));
    assert_eq!(far.connected(), [STS]);

    insta::assert_snapshot!(errors(&said(&[])), @"
    error: `ca_bundle` of profile default is /nowhere, which cannot be read: No such file or directory (os error 2)
    help: set `ca_bundle` of profile default to a file with the certificates of the authorities to trust, in PEM; or unset it, then those of this machine count
    ");
    assert_eq!(far.connected(), [] as [&str; 0], "nothing is asked with a wrong setting");
    std::fs::remove_file(bundle).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_an_unknown_authority_is_not_trusted() {
    let far = far(None).await;
    let mut command = far.command(ASKED);
    command.envs(KEY);
    if let Some(machine) = std::env::var_os("SSL_CERT_FILE") {
        command.env("SSL_CERT_FILE", machine);
    }
    insta::assert_snapshot!(errors(&output(command, 1).1), @"
    error: sts:GetCallerIdentity failed: dispatch failure: io error: client error (Connect): TLS handshake failed: invalid peer certificate: UnknownIssuer
    help: the server's certificate is of an authority that is not trusted here: if a proxy of the company opens TLS, set AWS_CA_BUNDLE (or `ca_bundle` of the profile) to a file with the company's certificate, in PEM
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_wants_a_password_gets_it() {
    let far = far(Some("p@ss")).await;
    let with = |password| {
        let mut command = far.command(ASKED);
        command.envs(KEY).env("AWS_CA_BUNDLE", far.authority()).env("HTTPS_PROXY", far.proxy(password));
        output(command, 1).1
    };
    answered(&with(Some("p%40ss")));
    insta::assert_snapshot!(errors(&with(None)), @"
    error: sts:GetCallerIdentity failed: dispatch failure: io error: client error (Connect): tunnel error: proxy authorization required
    help: the proxy wants a name and a password: set HTTPS_PROXY to `http://USER:PASSWORD@HOST:PORT`
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_setting_is_told_before_anything_is_asked() {
    let far = far(None).await;
    let said = |name: &str, value: &str| {
        let mut command = far.command(ASKED);
        command.envs(KEY).env(name, value);
        errors(&output(command, 1).1)
    };
    insta::assert_snapshot!(said("HTTPS_PROXY", "http://me:secret@proxy:port"), @"
    error: HTTPS_PROXY is not the address of a proxy: invalid port number
    help: set HTTPS_PROXY to `http://HOST:PORT`, with `USER:PASSWORD@` before HOST if the proxy asks for them (special characters as %XX); or unset it
    ");
    insta::assert_snapshot!(said("https_proxy", "socks5://127.0.0.1:1080"), @"
    error: https_proxy is not the address of a proxy: it is a SOCKS proxy (socks5), and only HTTP proxies are supported
    help: set https_proxy to `http://HOST:PORT`, with `USER:PASSWORD@` before HOST if the proxy asks for them (special characters as %XX); or unset it
    ");
    insta::assert_snapshot!(said("AWS_CA_BUNDLE", "/nowhere/company.pem"), @"
    error: AWS_CA_BUNDLE is /nowhere/company.pem, which cannot be read: No such file or directory (os error 2)
    help: set AWS_CA_BUNDLE to a file with the certificates of the authorities to trust, in PEM; or unset it, then those of this machine count
    ");
    insta::assert_snapshot!(said("SSL_CERT_FILE", "README.md"), @"
    error: SSL_CERT_FILE is README.md, which holds no certificate
    help: set SSL_CERT_FILE to a file with the certificates of the authorities to trust, in PEM; or unset it, then those of this machine count
    ");
    assert_eq!(far.connected(), [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn this_machine_is_reached_without_the_proxy() {
    let far = far(None).await;
    let here = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", here.local_addr().unwrap());
    drop(here);
    let mut command = far.trusting(ASKED);
    command.envs(KEY).env("AWS_ENDPOINT_URL", address).env("HTTP_PROXY", far.proxy(None));
    let said = output(command, 1).1;
    assert!(said.contains("sts:GetCallerIdentity failed: ") && said.contains("Connection refused"), "{said}");
    assert_eq!(far.connected(), [] as [&str; 0]);
}

/// The stack is on the local cloud, called as AWS is. Viewers reach its distribution through the proxy alone.
#[tokio::test(flavor = "multi_thread")]
async fn verify_plays_through_the_proxy_with_its_authority() {
    let cloud = Cloud::start("far-viewers").await;
    cloud.provision(&["apply", "stacks/local.yaml", "--yes"], 0);
    let stack = StackFile::new(&[("local: true", "local: false")]);
    let far = Far::with_edges(None, Some(&cloud.endpoint), |_| (403, String::new())).await;
    let mut verify = cloud.command_as_on_aws(ACCOUNT, &["verify", stack.path()]);
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        verify.env_remove(name);
    }
    verify.env("HTTPS_PROXY", far.proxy(None)).env("HTTP_PROXY", far.proxy(None));
    verify.env("AWS_CA_BUNDLE", far.authority());
    let (played, _) = output(verify, 0);
    assert!(played.contains("play     https://") && played.contains(".cloudfront.net/"), "{played}");
    let mut connected = far.connected();
    connected.sort();
    connected.dedup();
    let [edges, bucket, plain] = &connected[..] else { panic!("{connected:?}") };
    assert!(edges.starts_with("CONNECT d") && edges.ends_with(".cloudfront.net:443"), "{edges}");
    assert!(bucket.starts_with("CONNECT vod-local-output-") && bucket.ends_with(":443"), "{bucket}");
    assert!(plain.starts_with("GET http://d") && plain.contains(".cloudfront.net/assets/"), "{plain}");
}
