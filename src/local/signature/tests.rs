//! AWS's own test suite and S3's published examples, each as published and changed; and what must be refused.

use axum::http::Request;

use super::*;

/// Of the suite and of S3's examples.
const SUITE: (&str, i64) = ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1_440_938_160);
const S3: (&str, i64) = ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", 1_369_353_600);
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[derive(serde::Deserialize)]
struct Vector {
    name: String,
    method: String,
    uri: String,
    headers: Vec<(String, String)>,
    body: String,
}

fn request(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request.body(()).unwrap().into_parts().0
}

fn check(parts: &Parts, body: &[u8], (secret_key, now): (&str, i64)) -> Result<(), Fault> {
    let claim = Claim::of(parts)?;
    let content = claim.content(parts)?.unwrap_or_else(|| hash(body));
    claim.check(parts, &content, secret_key, now)
}

#[test]
fn the_signatures_of_awss_test_suite_are_right_and_those_of_changed_requests_are_not() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("vectors.json")).unwrap();
    assert!(vectors.len() > 40);
    for Vector { name, method, uri, headers, body } in vectors {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let parts = request(&method, &uri, &headers);
        assert_eq!(check(&parts, body.as_bytes(), SUITE), Ok(()), "{name}");
        assert_eq!(check(&parts, body.as_bytes(), (S3.0, SUITE.1)), Err(Fault::Mismatch), "{name}");
        assert_eq!(check(&parts, b"another body", SUITE), Err(Fault::Mismatch), "{name}");
        let other = request("DELETE", &uri, &headers);
        assert_eq!(check(&other, body.as_bytes(), SUITE), Err(Fault::Mismatch), "{name}");
        let more = if uri.contains('?') { format!("{uri}&more=1") } else { format!("{uri}?more=1") };
        let other = request(&method, &more, &headers);
        assert_eq!(check(&other, body.as_bytes(), SUITE), Err(Fault::Mismatch), "{name}");
        let other = request(&method, &uri.replacen('/', "/other/", 1), &headers);
        assert_eq!(check(&other, body.as_bytes(), SUITE), Err(Fault::Mismatch), "{name}");
    }
}

/// The emulator reads the header by itself, and must find the key that was checked.
#[test]
fn a_header_that_names_two_keys_is_not_taken() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("vectors.json")).unwrap();
    let Vector { method, uri, headers, body, .. } = vectors.first().unwrap();
    for more in [
        "XCredential=1/2/3/4/aws4_request, ",
        "Foo=Credential=1/2/3/4/aws4_request, ",
        "A=1 Credential=1/2, ",
    ] {
        let forge = |(name, value): &(String, String)| {
            let forged = value.replace("Credential=", &format!("{more}Credential="));
            (name.clone(), if name.eq_ignore_ascii_case("authorization") { forged } else { value.clone() })
        };
        let forged: Vec<_> = headers.iter().map(forge).collect();
        assert_ne!(&forged, headers, "{more}");
        let forged: Vec<_> = forged.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let refused = check(&request(method, uri, &forged), body.as_bytes(), SUITE);
        assert!(matches!(refused, Err(Fault::Incomplete(_))), "{more}: {refused:?}");
    }
}

/// An S3 request of the API Reference: these headers, signed in this order.
fn s3(method: &str, uri: &str, headers: &[(&str, &str)], signed: &str, signature: &str) -> Parts {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders={signed},Signature={signature}"
    );
    let own = [
        ("host", "examplebucket.s3.amazonaws.com"),
        ("x-amz-date", "20130524T000000Z"),
        ("authorization", &authorization),
    ];
    request(method, uri, &[headers, &own].concat())
}

#[test]
fn the_examples_of_s3s_reference_are_right() {
    let examples = [
        s3(
            "GET",
            "/test.txt",
            &[("range", "bytes=0-9"), (CONTENT, EMPTY)],
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        s3(
            "PUT",
            "/test%24file.text",
            &[
                ("date", "Fri, 24 May 2013 00:00:00 GMT"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                (CONTENT, "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
            ],
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        s3(
            "GET",
            "/?lifecycle",
            &[(CONTENT, EMPTY)],
            "host;x-amz-content-sha256;x-amz-date",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        s3(
            "GET",
            "/?max-keys=2&prefix=J",
            &[(CONTENT, EMPTY)],
            "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ];
    for parts in examples {
        // The body passes unread: S3 compares it to its declared hash.
        assert_eq!(check(&parts, b"unread", S3), Ok(()), "{parts:?}");
        let mut added = parts;
        added.headers.insert("x-amz-acl", HeaderValue::from_static("public-read"));
        assert!(matches!(check(&added, b"", S3), Err(Fault::Incomplete(_))));
    }
}

/// The first signature of a body that is sent in chunks.
#[test]
fn a_body_in_chunks_is_signed_by_the_word_for_it() {
    let chunked = [
        (CONTENT, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("content-encoding", "aws-chunked"),
        ("content-length", "66824"),
        ("x-amz-decoded-content-length", "66560"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
    ];
    let parts = request(
        "PUT",
        "/examplebucket/chunkObject.txt",
        &[&chunked[..], &[
            ("host", "s3.amazonaws.com"),
            ("x-amz-date", "20130524T000000Z"),
            ("authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
        ]]
        .concat(),
    );
    assert_eq!(check(&parts, b"unread", S3), Ok(()));
    let mut other = parts;
    other.headers.insert(CONTENT, HeaderValue::from_static(UNSIGNED));
    assert_eq!(check(&other, b"unread", S3), Err(Fault::Mismatch));
}

const PRESIGNED: &str = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

#[test]
fn a_presigned_url_is_valid_until_it_expires_and_for_its_host_and_path() {
    let at =
        |host: &str, uri: &str, now: i64| check(&request("GET", uri, &[("host", host)]), b"", (S3.0, now));
    let host = "examplebucket.s3.amazonaws.com";
    assert_eq!(at(host, PRESIGNED, S3.1), Ok(()));
    assert_eq!(at(host, PRESIGNED, S3.1 + 86_400), Ok(()));
    assert_eq!(at(host, PRESIGNED, S3.1 + 86_401), Err(Fault::Expired));
    assert_eq!(at(host, PRESIGNED, S3.1 - SKEW - 1), Err(Fault::Expired));
    assert_eq!(at("other", PRESIGNED, S3.1), Err(Fault::Mismatch));
    assert_eq!(at(host, &PRESIGNED.replace("test.txt", "x"), S3.1), Err(Fault::Mismatch));
    let longer = PRESIGNED.replace("=86400", "=86401");
    assert_eq!(at(host, &longer, S3.1), Err(Fault::Mismatch));
    let too_long = PRESIGNED.replace("=86400", "=604801");
    assert_eq!(at(host, &too_long, S3.1), Err(Fault::Incomplete("X-Amz-Expires")));
}

#[test]
fn what_is_not_signed_or_not_whole_is_told_apart() {
    const HOST: (&str, &str) = ("host", "127.0.0.1");
    let of = |uri: &str, headers: &[(&str, &str)]| Claim::of(&request("GET", uri, headers)).unwrap_err();
    assert_eq!(of("/", &[HOST]), Fault::Missing);
    assert_eq!(
        of("/?X-Amz-Credential=111122223333/20130524/us-east-1/s3/aws4_request", &[HOST]),
        Fault::Missing
    );
    let date = ("x-amz-date", "20130524T000000Z");
    let signed = |value: &str| of("/", &[HOST, date, ("authorization", value)]);
    let other = Fault::Incomplete("AWS4-HMAC-SHA256 as its algorithm");
    for scheme in ["", "Bearer x", "AWS 111122223333:x", "AWS4-ECDSA-P256-SHA256 Credential=x"] {
        assert_eq!(signed(scheme), other, "{scheme}");
    }
    const SCOPE: &str = "111122223333/20130524/us-east-1/s3/aws4_request";
    for (value, part) in [
        ("Signature=00".to_owned(), "Credential"),
        (format!("Credential={SCOPE}, Signature=00"), "SignedHeaders"),
        (format!("Credential={SCOPE}, SignedHeaders=host"), "Signature"),
        ("Credential=x, SignedHeaders=host, Signature=00".to_owned(), "Credential"),
        (format!("Credential={SCOPE}, SignedHeaders=x-amz-date, Signature=00"), "host in SignedHeaders"),
    ] {
        assert_eq!(signed(&format!("{ALGORITHM} {value}")), Fault::Incomplete(part), "{value}");
    }
    let twice = [HOST, date, ("authorization", "a"), ("authorization", "b")];
    assert_eq!(of("/", &twice), Fault::Incomplete("one Authorization header"));
}

#[test]
fn a_request_signed_here_is_right_for_its_key_host_and_body() {
    let credentials = Credentials::new("111122223333", "one", None, None, "test");
    let now = jiff::Timestamp::now().as_second();
    let mut parts = request("POST", "/_provision/latency?ms=5", &[("host", "127.0.0.1:4566")]);
    sign(&mut parts, &hash(b""), &credentials, "us-east-1", "provision");
    assert_eq!(check(&parts, b"", ("one", now)), Ok(()));
    assert_eq!(check(&parts, b"", ("two", now)), Err(Fault::Mismatch));
    assert_eq!(check(&parts, b"x", ("one", now)), Err(Fault::Mismatch));
    assert_eq!(check(&parts, b"", ("one", now + SKEW + 60)), Err(Fault::Expired));
    parts.headers.insert("host", HeaderValue::from_static("127.0.0.1:1"));
    assert_eq!(check(&parts, b"", ("one", now)), Err(Fault::Mismatch));
}
