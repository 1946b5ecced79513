//! Every way by which somebody else could call the local cloud: pages of other origins, other users, other names of this
//! machine, and a stranger on its port. Each got in before the local cloud took signed calls only.

use std::io::Write as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use aws_credential_types::Credentials;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::{CorsConfiguration, CorsRule};

use super::*;
use crate::support::http::{Answer, get, send};

const NOBODY: u32 = 65534;
const PAGE: &str = "http://127.0.0.1:8099";

/// The call that makes a function, as a page or another user would write it.
const FUNCTION: &str = r#"{"FunctionName":"x","Runtime":"provided.al2023","Role":"arn:aws:iam::000000000000:role/x","Handler":"x","Code":{"ZipFile":"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}}"#;

impl Cloud {
    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.running.endpoint)
    }

    async fn make_function(&self, headers: &[(&str, &str)]) -> Answer {
        send("POST", &self.address("/2015-03-31/functions"), headers, FUNCTION).await
    }

    fn lambda(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&self.config)
    }

    /// What somebody has made by now.
    async fn functions(&self) -> usize {
        self.lambda().list_functions().send().await.unwrap().functions().len()
    }

    /// A clip's address that anybody may be given.
    async fn presigned(&self) -> String {
        let hour = PresigningConfig::expires_in(Duration::from_secs(3600)).unwrap();
        self.s3()
            .get_object()
            .bucket("pages")
            .key("a b/ü.mp4")
            .presigned(hour)
            .await
            .unwrap()
            .uri()
            .to_owned()
    }

    fn folder(&self) -> &Path {
        self.running.status.log.parent().unwrap()
    }
}

fn code(answer: &Answer) -> (u16, &str) {
    let code = answer.headers.get("x-amzn-errortype").map_or("", |value| value.to_str().unwrap());
    (answer.status.as_u16(), code)
}

#[tokio::test]
async fn nobody_else_can_call_the_local_cloud() {
    let cloud = cloud("doors").await;
    calls_without_its_secret_are_refused(&cloud).await;
    pages_of_other_origins_reach_only_what_the_bucket_opens(&cloud).await;
    other_names_of_this_machine_reach_nothing(&cloud).await;
    its_own_commands_need_the_secret(&cloud).await;
    what_is_signed_for_s3_calls_s3_alone(&cloud).await;
    its_files_and_the_emulator_are_its_owners(&cloud);
    the_runtime_api_is_for_functions_alone(&cloud).await;
    other_tools_call_it_with_what_env_prints(&cloud).await;
}

async fn calls_without_its_secret_are_refused(cloud: &Cloud) {
    let json = ("content-type", "application/json");
    let unsigned = cloud.make_function(&[json]).await;
    assert_eq!(code(&unsigned), (403, "MissingAuthenticationToken"));
    assert!(unsigned.body.contains("provision local env"), "{}", unsigned.body);
    let guessed = "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/lambda/aws4_request, \
                   SignedHeaders=host, Signature=00";
    let guessed =
        cloud.make_function(&[json, ("x-amz-date", "20260101T000000Z"), ("authorization", guessed)]).await;
    assert_eq!(code(&guessed), (403, "RequestExpired"));
    let answer = send("POST", &cloud.address("/_ministack/reset"), &[], "").await;
    assert_eq!(code(&answer), (403, "AccessDenied"), "the emulator's own path");
    for path in ["/?Action=CreateUser&UserName=x", "/bucket/key", "/2017-08-29/jobs"] {
        let answer = send("POST", &cloud.address(path), &[], "").await;
        assert_eq!(code(&answer), (403, "MissingAuthenticationToken"), "{path}");
    }

    let stranger = |key: &str, secret: &str| {
        let credentials = Credentials::new(key, secret, None, None, "test");
        let config = cloud.config.to_builder();
        config.credentials_provider(SharedCredentialsProvider::new(credentials)).build()
    };
    let other = cloud.running.credentials_of("111122223333").secret_access_key().to_owned();
    for (key, secret) in
        [(ACCOUNT, "test"), (ACCOUNT, ""), (ACCOUNT, &other), ("AKIAIOSFODNN7EXAMPLE", "test")]
    {
        let config = stranger(key, secret);
        assert_eq!(refused!(aws_sdk_s3::Client::new(&config).list_buckets()).0, "SignatureDoesNotMatch");
        assert_eq!(
            refused!(aws_sdk_lambda::Client::new(&config).list_functions()).0,
            "SignatureDoesNotMatch"
        );
        assert_eq!(refused!(aws_sdk_sqs::Client::new(&config).list_queues()).0, "SignatureDoesNotMatch");
        let refusal = refused!(aws_sdk_cloudfront::Client::new(&config).list_distributions());
        assert_eq!(refusal.0, "SignatureDoesNotMatch");
        assert!(refusal.1.contains("provision local env"), "{}", refusal.1);
    }
    assert_eq!(cloud.functions().await, 0);
}

async fn pages_of_other_origins_reach_only_what_the_bucket_opens(cloud: &Cloud) {
    let s3 = cloud.s3();
    s3.create_bucket().bucket("pages").send().await.unwrap();
    s3.put_object().bucket("pages").key("a b/ü.mp4").body(b"film".to_vec().into()).send().await.unwrap();
    let url = cloud.presigned().await;
    assert_eq!(get(&url, &[]).await.body, "film", "a program needs no more than the address");
    assert_eq!(get(&url, &[("sec-fetch-site", "none")]).await.status, 200, "an address that was typed");
    for page in [
        ("origin", PAGE),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        assert_eq!(code(&get(&url, &[page]).await), (403, "AccessDenied"), "{page:?}");
        let preflight = [
            page,
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "x-amz-target"),
        ];
        for path in ["/", "/2015-03-31/functions", "/pages/a", "/_provision/stop"] {
            let answer = send("OPTIONS", &cloud.address(path), &preflight, "").await;
            assert_eq!(code(&answer), (403, "AccessDenied"), "{page:?} {path}");
            assert!(!answer.headers.contains_key("access-control-allow-origin"), "{answer:?}");
        }
        assert_eq!(
            code(&cloud.make_function(&[page, ("content-type", "text/plain")]).await),
            (403, "AccessDenied")
        );
    }

    let rule = CorsRule::builder().allowed_methods("GET").allowed_origins(PAGE).build().unwrap();
    let rules = CorsConfiguration::builder().cors_rules(rule).build().unwrap();
    s3.put_bucket_cors().bucket("pages").cors_configuration(rules).send().await.unwrap();
    let opened = get(&url, &[("origin", PAGE), ("sec-fetch-site", "cross-site")]).await;
    assert_eq!(
        (opened.body.as_str(), &opened.headers["access-control-allow-origin"]),
        ("film", &PAGE.parse().unwrap())
    );
    let preflight =
        send("OPTIONS", &url, &[("origin", PAGE), ("access-control-request-method", "GET")], "").await;
    assert_eq!(
        (preflight.status.as_u16(), &preflight.headers["access-control-allow-origin"]),
        (200, &PAGE.parse().unwrap())
    );
    assert_eq!(code(&get(&url, &[("origin", "http://127.0.0.1:8098")]).await), (403, "AccessDenied"));
    let unsigned = cloud.address("/pages/a%20b/%C3%BC.mp4");
    assert_eq!(code(&get(&unsigned, &[("origin", PAGE)]).await), (403, "MissingAuthenticationToken"));
    let program = get(&url, &[]).await;
    assert!(!program.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{program:?}");
    assert_eq!(cloud.functions().await, 0);
}

/// DNS may lead a name of somebody's to this machine: the browser then takes his page for one of ours.
/// Whoever has one presigned URL chooses the body and the headers that it does not sign.
async fn what_is_signed_for_s3_calls_s3_alone(cloud: &Cloud) {
    let time = PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
    let s3 = cloud.s3();
    let put = s3.put_object().bucket("pages").key("film.mp4").presigned(time.clone()).await.unwrap();
    let get = s3.get_object().bucket("pages").key("film.mp4").presigned(time).await.unwrap();
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (method, url) in [("PUT", put.uri()), ("GET", get.uri())] {
        for action in [
            "Action=CreateUser&Version=2010-05-08&UserName=intruder",
            "Action=PutMetricAlarm&Version=2010-08-01&AlarmName=intruder",
        ] {
            let answer = send(method, url, &[form], action).await;
            assert_eq!(answer.status, 200, "S3 answers: {method} {action}: {}", answer.body);
        }
    }
    let users = aws_sdk_iam::Client::new(&cloud.config).list_users().send().await.unwrap();
    assert_eq!(users.users().len(), 0, "{users:?}");
    let alarms = aws_sdk_cloudwatch::Client::new(&cloud.config).describe_alarms().send().await.unwrap();
    assert_eq!(alarms.metric_alarms().len(), 0, "{alarms:?}");
}

async fn other_names_of_this_machine_reach_nothing(cloud: &Cloud) {
    for host in ["evil.example", "evil.example:4566", "127.0.0.1.evil.example"] {
        let host = ("host", host);
        for path in
            ["/_provision/status", "/_provision/stop", "/_viewer/E1/index.m3u8", "/2015-03-31/functions", "/"]
        {
            for method in ["GET", "POST"] {
                let answer = send(method, &cloud.address(path), &[host], FUNCTION).await;
                assert_eq!(answer.status, 403, "{method} {path} {answer:?}");
            }
        }
    }
    assert_eq!(cloud.functions().await, 0);
}

async fn its_own_commands_need_the_secret(cloud: &Cloud) {
    for (method, path) in
        [("GET", "status"), ("POST", "stop"), ("POST", "reset"), ("POST", "latency?ms=90000")]
    {
        let answer = send(method, &cloud.address(&format!("/_provision/{path}")), &[], "").await;
        assert_eq!(code(&answer).0, 403, "{path} {answer:?}");
        assert!(
            !answer.body.contains("pid") && !answer.body.contains(env!("CARGO_MANIFEST_DIR")),
            "{answer:?}"
        );
    }
    let status = local::status(&cloud.running.status.name, 0).await.unwrap().unwrap();
    assert_eq!((status.pid, status.latency_ms), (cloud.running.status.pid, 0), "it runs as before");
    assert_eq!(cloud.s3().list_buckets().send().await.unwrap().buckets().len(), 1, "nothing was emptied");
}

fn its_files_and_the_emulator_are_its_owners(cloud: &Cloud) {
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (record, socket) = (cloud.folder().join("instance.json"), cloud.folder().join("state/emulator.sock"));
    assert_eq!(mode(cloud.folder()), 0o700);
    assert_eq!(mode(&record), 0o600);
    assert!(std::fs::metadata(&socket).unwrap().file_type().is_socket());
    assert_eq!(mode(&socket), 0o700);
    assert_eq!(ports_of(cloud.running.status.emulator.pid), Vec::<u16>::new(), "the emulator has no port");
    if !rustix::process::geteuid().is_root() {
        return;
    }
    for (program, arguments) in [
        ("cat", vec![record.to_str().unwrap()]),
        ("ls", vec![cloud.folder().to_str().unwrap()]),
        (
            "python3",
            vec![
                "-c",
                "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])",
                socket.to_str().unwrap(),
            ],
        ),
    ] {
        let tried =
            Command::new(program).args(arguments).uid(NOBODY).gid(NOBODY).current_dir("/").output().unwrap();
        assert!(!tried.status.success(), "{program}: {tried:?}");
    }
}

/// The ports that a process listens on, where the system tells.
fn ports_of(pid: u32) -> Vec<u16> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let links: Vec<_> = files.filter_map(|file| std::fs::read_link(file.path()).ok()).collect();
    let listening = table.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let port = u16::from_str_radix(fields[1].rsplit(':').next()?, 16).ok()?;
        let socket = format!("socket:[{}]", fields[9]);
        (fields[3] == "0A" && links.iter().any(|link| link.as_os_str() == socket.as_str())).then_some(port)
    });
    listening.collect()
}

/// A bundle whose function waits for its first event for ever.
fn waiting_function() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("bootstrap", zip::write::SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    zip.write_all(b"#!/bin/sh\nprintenv >\"$TMPDIR/environment\"\nexec sleep 300\n").unwrap();
    zip.finish().unwrap().into_inner()
}

async fn the_runtime_api_is_for_functions_alone(cloud: &Cloud) {
    use aws_sdk_lambda::types::{FunctionCode, InvocationType, Runtime};
    let lambda = cloud.lambda();
    let code = FunctionCode::builder().zip_file(waiting_function().into()).build();
    let make = lambda.create_function().function_name("waits").role(ROLE).handler("bootstrap").code(code);
    make.runtime(Runtime::Providedal2023).timeout(300).send().await.unwrap();
    lambda.invoke().function_name("waits").invocation_type(InvocationType::Event).send().await.unwrap();
    let environment = cloud.folder().join("state/tmp/environment");
    let end = Instant::now() + PATIENCE;
    let seen = loop {
        match std::fs::read_to_string(&environment) {
            Ok(seen) if seen.contains("AWS_LAMBDA_RUNTIME_API") => break seen,
            _ => assert!(Instant::now() < end, "the function does not start"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let value =
        |name: &str| seen.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap();
    let own = cloud.running.credentials();
    assert_eq!(value("AWS_ACCESS_KEY_ID"), own.access_key_id());
    assert_eq!(value("AWS_SECRET_ACCESS_KEY"), own.secret_access_key(), "a function can sign");
    let record = std::fs::read_to_string(cloud.folder().join("instance.json")).unwrap();
    let secret = serde_json::from_str::<Value>(&record).unwrap()["secret"].as_str().unwrap().to_owned();
    assert!(!seen.contains(&secret), "the secret itself is not in its environment");
    let ports = ports_of(cloud.running.status.emulator.pid);
    assert!(cfg!(not(target_os = "linux")) || ports.len() == 1, "{ports:?}");
    for port in ports {
        for (method, path) in
            [("GET", "invocation/next"), ("POST", "init/error"), ("POST", "invocation/x/response")]
        {
            let address = format!("http://127.0.0.1:{port}/2018-06-01/runtime/{path}");
            assert_eq!(send(method, &address, &[], "{}").await.status, 403, "{method} {path}");
        }
    }
    lambda.delete_function().function_name("waits").send().await.unwrap();
}

/// The emulator's environment has botocore, which the AWS CLI is built on: a signer that is not ours.
async fn other_tools_call_it_with_what_env_prints(cloud: &Cloud) {
    const CALLS: &str = r"
import botocore.config, botocore.session, urllib.request
session = botocore.session.get_session()
sqs, functions = session.create_client('sqs'), session.create_client('lambda')
# In us-east-1, it would sign URLs with Signature Version 2.
s3 = session.create_client('s3', config=botocore.config.Config(signature_version='s3v4'))
s3.create_bucket(Bucket='tools')
s3.put_object(Bucket='tools', Key='a b/(ü)+~.txt', Body=b'from python', Metadata={'a': 'b  c'})
url = s3.generate_presigned_url('get_object', {'Bucket': 'tools', 'Key': 'a b/(ü)+~.txt'})
print(urllib.request.urlopen(url).read().decode())
sqs.create_queue(QueueName='tools', Attributes={'DelaySeconds': '5'})
print(len(sqs.list_queues()['QueueUrls']), len(functions.list_functions()['Functions']))
print(session.create_client('sts').get_caller_identity()['Account'])
";
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        r#"eval "$("$0" local env --name "$1")" && exec "$2" -c "$3""#,
        env!("CARGO_BIN_EXE_provision"),
    ]);
    shell.args([&cloud.running.status.name, crate::support::python().to_str().unwrap(), CALLS]);
    for variable in ["AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        shell.env_remove(variable);
    }
    let (said, _) = crate::support::output(shell, 0);
    assert_eq!(said, format!("from python\n1 0\n{ACCOUNT}\n"));
    let missing = Command::new(env!("CARGO_BIN_EXE_provision"))
        .args(["local", "env", "--name", "none"])
        .output()
        .unwrap();
    assert_eq!((missing.status.code(), missing.stdout), (Some(1), Vec::new()));
}

/// A process of somebody's, which must not be ended.
struct Bystander(Child);

impl Drop for Bystander {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
async fn a_stranger_on_the_port_is_neither_believed_nor_obeyed() {
    let mut bystander = Bystander(Command::new("sleep").arg("300").stdin(Stdio::null()).spawn().unwrap());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let name = format!("stranger-{}", std::process::id());
    let _instance = Instance::named(&name);
    let says = json!({
        "name": name, "endpoint": "http://192.0.2.1:80", "pid": bystander.0.id(), "version": env!("CARGO_PKG_VERSION"),
        "build": "", "account": ACCOUNT, "region": "us-east-1", "enforce": false, "latency_ms": 0, "log": "/tmp/log",
        "emulator": { "pid": bystander.0.id(), "port": 1, "failure": null }, "jobs": {},
    });
    let answer = axum::Json(says);
    tokio::spawn(axum::serve(listener, axum::Router::new().fallback(move || async { answer })).into_future());

    let settings = local::CloudSettings { name: name.clone(), port, ..local::CloudSettings::default() };
    let error = local::ensure(&settings, &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, local::Error::PortInUse { port: named } if named == port), "{error}");
    assert!(local::status(&name, port).await.unwrap().is_none());
    assert!(!local::reset(&name, port).await.unwrap());
    assert!(!local::stop(&name, port).await.unwrap());
    assert!(bystander.0.try_wait().unwrap().is_none(), "the process that it named still runs");
}

/// Long after a cloud was killed, a stranger may have its port, and another process its number.
#[tokio::test]
async fn a_stranger_on_the_port_of_a_killed_cloud_is_not_taken_for_it() {
    let cloud = cloud("killed-stranger").await;
    let status = cloud.running.status.clone();
    let record = std::fs::read(cloud.folder().join("instance.json")).unwrap();
    assert!(local::stop(&status.name, 0).await.unwrap());
    let mut bystander = Bystander(Command::new("sleep").arg("300").stdin(Stdio::null()).spawn().unwrap());
    let mut record: Value = serde_json::from_slice(&record).unwrap();
    record["pid"] = json!(bystander.0.id());
    std::fs::create_dir_all(cloud.folder()).unwrap();
    std::fs::write(cloud.folder().join("instance.json"), record.to_string()).unwrap();
    let port: u16 = status.endpoint.rsplit(':').next().unwrap().parse().unwrap();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    // It repeats what the cloud once said, which anybody could have seen.
    let answer = axum::Json(serde_json::to_value(&status).unwrap());
    tokio::spawn(axum::serve(listener, axum::Router::new().fallback(move || async { answer })).into_future());

    assert!(local::status(&status.name, 0).await.unwrap().is_none());
    assert!(!local::stop(&status.name, 0).await.unwrap());
    assert!(bystander.0.try_wait().unwrap().is_none(), "the process of that number still runs");
}
