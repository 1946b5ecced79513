//! `provision sign` as a user runs it, offline: what it signs is what it says it opens.

use std::process::Command;

use crate::support::{PROGRAM, output};
use provision::sign::{ViewerPolicy, decode};

const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sign/testdata/rsa.key");
const STACK: &str = "stack: vod\naccount: '111122223333'\nregion: ap-northeast-2\n\
                     domain: { name: video.example.com, zone: example.com }\n";

/// What it prints when it signs this path. The domain and the key's id are known, so no account is asked.
fn sign(arguments: &[&str], code: i32) -> (String, String) {
    let directory = tempfile::tempdir().unwrap();
    let stack = directory.path().join("stack.yaml");
    std::fs::write(&stack, STACK).unwrap();
    let mut command = Command::new(PROGRAM);
    command.arg("sign").arg(&stack).args(arguments).args(["--key", KEY, "--key-id", "K2"]);
    output(command, code)
}

/// The resource of the policy in the cookies.
fn signed(cookies: &str) -> String {
    let policy = cookies.lines().find_map(|line| line.strip_prefix("CloudFront-Policy=")).unwrap();
    ViewerPolicy::parse(&decode(policy).unwrap()).unwrap().resource
}

#[test]
fn cookies_open_the_asset_that_was_named_and_no_other() {
    let asset = "https://video.example.com/assets/holiday-1cae17cc07a8789f/*";
    for path in ["assets/holiday-1cae17cc07a8789f", "/assets/holiday-1cae17cc07a8789f/index.m3u8"] {
        let (cookies, said) = sign(&[path, "--cookies"], 0);
        assert_eq!((signed(&cookies).as_str(), said), (asset, format!("opens {asset}\n")));
    }
    for path in ["", "assets/", "index.m3u8"] {
        let (printed, said) = sign(&[path, "--cookies"], 1);
        assert_eq!(printed, "", "{path}");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("this would open https://video.example.com/"), "{said}");
        assert!(said.contains("--whole"), "{said}");
    }
    let (cookies, said) = sign(&["", "--cookies", "--whole"], 0);
    assert_eq!(signed(&cookies), "https://video.example.com/*");
    assert_eq!(said, "opens https://video.example.com/*\n");
}
