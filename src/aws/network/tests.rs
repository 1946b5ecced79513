//! Which way requests leave the machine, and what wrong settings say.

use std::path::Path;

use super::proxies::Proxies;
use super::*;

impl Network {
    /// The network of these variables.
    pub(crate) fn of(variables: &[(&str, &str)]) -> Result<Self, NetworkFault> {
        Self::from(&|name| value(variables, name), None)
    }
}

fn value(variables: &[(&str, &str)], name: &str) -> Option<OsString> {
    let set = variables.iter().find(|(variable, value)| *variable == name && !value.is_empty());
    set.map(|(_, value)| OsString::from(value))
}

fn way(variables: &[(&str, &str)], address: &str) -> Way {
    Proxies::from(&|name| value(variables, name)).unwrap().way(address)
}

fn fault(variables: &[(&str, &str)]) -> String {
    Network::of(variables).unwrap_err().to_string()
}

const HTTPS: (&str, &str) = ("HTTPS_PROXY", "http://proxy.example:3128");
const HTTP: (&str, &str) = ("HTTP_PROXY", "http://proxy.example:3128");

#[test]
fn each_scheme_has_its_proxy() {
    assert_eq!(way(&[HTTPS], "https://sts.eu-west-1.amazonaws.com/"), Way::HttpsProxy);
    assert_eq!(way(&[HTTPS], "http://video.example.com/"), Way::Direct);
    assert_eq!(way(&[HTTP], "http://video.example.com/"), Way::HttpProxy);
    assert_eq!(way(&[HTTP], "https://video.example.com/"), Way::Direct);
    let all = [("all_proxy", "proxy.example")];
    assert_eq!(way(&all, "https://video.example.com/"), Way::HttpsProxy);
    assert_eq!(way(&all, "http://video.example.com/"), Way::HttpProxy);
    assert_eq!(way(&[("HTTPS_PROXY", "")], "https://video.example.com/"), Way::Direct, "empty is unset");
    let cgi = [HTTP, ("REQUEST_METHOD", "GET")];
    assert_eq!(way(&cgi, "http://video.example.com/"), Way::Direct, "a client of the CGI program sent it");
}

#[test]
fn lower_case_counts_before_upper_case() {
    let wrong = ("HTTPS_PROXY", "ftp://proxy");
    assert_eq!(way(&[("https_proxy", "http://proxy"), wrong], "https://a.example/"), Way::HttpsProxy);
    let names = [HTTPS, ("no_proxy", "a.example"), ("NO_PROXY", "b.example")];
    assert_eq!(way(&names, "https://a.example/"), Way::Direct);
    assert_eq!(way(&names, "https://b.example/"), Way::HttpsProxy);
}

#[test]
fn this_machine_and_what_gives_it_credentials_need_no_proxy() {
    let container = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://broker.internal/creds");
    let metadata = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://imds.internal/");
    let all = [HTTPS, HTTP, container, metadata];
    for near in [
        "http://127.0.0.1:4566/",
        "http://127.9.9.9/",
        "http://[::1]/",
        "https://a.localhost./",
        "http://169.254.169.254/latest/api/token",
        "http://[fd00:ec2::254]/latest/api/token",
        "http://169.254.170.2/v2/credentials",
        "http://169.254.170.23/v1/credentials",
        "http://[fd00:ec2::23]/v1/credentials",
        "https://broker.internal/creds",
        "http://imds.internal/latest/api/token",
    ] {
        assert_eq!(way(&all, near), Way::Direct, "{near}");
    }
    for far in ["http://128.0.0.1/", "https://localhost.example.com/", "https://[::2]/", "http://10.0.0.1/"] {
        assert_ne!(way(&all, far), Way::Direct, "{far}");
    }
}

#[test]
fn no_proxy_takes_names_addresses_networks_and_ports() {
    let way = |entries: &str, address: &str| way(&[HTTPS, HTTP, ("NO_PROXY", entries)], address);
    let entries =
        "s3.amazonaws.com, *.corp.example,.dot.example,10.0.0.0/8,192.0.2.7,[2001:db8::1],odd.example:8443";
    for direct in [
        "https://s3.amazonaws.com/",
        "https://bucket.s3.amazonaws.com/",
        "https://a.corp.example/",
        "https://a.dot.example/",
        "http://10.1.2.3/",
        "https://192.0.2.7/",
        "https://[2001:db8::1]/",
        "https://odd.example:8443/",
    ] {
        assert_eq!(way(entries, direct), Way::Direct, "{direct}");
    }
    for proxied in ["https://nots3.amazonaws.com/", "https://192.0.2.8/", "https://odd.example/"] {
        assert_eq!(way(entries, proxied), Way::HttpsProxy, "{proxied}");
    }
    assert_eq!(way("*", "https://any.example/"), Way::Direct);
}

#[test]
fn a_wrong_proxy_is_told_by_its_variable_and_without_its_password() {
    let of = |name, value| fault(&[(name, value)]);
    insta::assert_snapshot!(of("HTTPS_PROXY", "http://user:secret@"), @"HTTPS_PROXY is not the address of a proxy: empty host");
    insta::assert_snapshot!(of("https_proxy", "http://user:secret@proxy:port"), @"https_proxy is not the address of a proxy: invalid port number");
    insta::assert_snapshot!(of("http_proxy", "ftp://proxy"), @"http_proxy is not the address of a proxy: its scheme is ftp, not http or https");
    insta::assert_snapshot!(of("ALL_PROXY", "socks5h://proxy:1080"), @"ALL_PROXY is not the address of a proxy: it is a SOCKS proxy (socks5h), and only HTTP proxies are supported");
}

#[test]
fn wrong_authorities_are_told_by_their_setting() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let none = file("none.pem", "no certificate\n");
    let broken = file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let without_path = |text: String| text.replace(folder.path().to_str().unwrap(), "<folder>");
    let of = |name, value: &str| without_path(fault(&[(name, value)]));
    insta::assert_snapshot!(of("AWS_CA_BUNDLE", &none), @"AWS_CA_BUNDLE is <folder>/none.pem, which holds no certificate");
    insta::assert_snapshot!(of("SSL_CERT_FILE", &broken), @"SSL_CERT_FILE is <folder>/broken.pem, which holds no certificate");
    let absent = folder.path().join("absent.pem");
    let absent = absent.to_str().unwrap();
    insta::assert_snapshot!(of("SSL_CERT_FILE", absent), @"SSL_CERT_FILE is <folder>/absent.pem, which cannot be read: No such file or directory (os error 2)");
    let home = folder.path().to_str().unwrap();
    let home = |name: &str| value(&[("HOME", home)], name);
    let of_profile = Network::from(&home, Some(("work", "~/none.pem"))).unwrap_err();
    insta::assert_snapshot!(without_path(of_profile.to_string()), @"`ca_bundle` of profile work is <folder>/none.pem, which holds no certificate");
}

#[test]
fn a_bundle_of_the_environment_counts_before_the_one_of_the_profile() {
    let folder = tempfile::tempdir().unwrap();
    let authority = rcgen::generate_simple_self_signed(["authority.example".to_owned()]).unwrap();
    let path = folder.path().join("authority.pem");
    std::fs::write(&path, format!("# of the company\n{}", authority.cert.pem())).unwrap();
    let bundle = |variable: &str, path: &Path| Network::of(&[(variable, path.to_str().unwrap())]).unwrap();
    let count = |network: &Network| format!("{:?}", network.0.trusted).matches("CertificatePEM").count();
    assert_eq!(count(&bundle("AWS_CA_BUNDLE", &path)), 1, "it replaces those of the machine");
    assert_eq!(count(&bundle("AWS_CA_BUNDLE", folder.path())), 1, "a directory of them");
    assert_eq!(count(&bundle("SSL_CERT_FILE", &path)), 1);
    let variables = [("AWS_CA_BUNDLE", path.to_str().unwrap())];
    let both = Network::from(&|name| value(&variables, name), Some(("work", "/nowhere"))).unwrap();
    assert_eq!(count(&both), 1);
}
