//! Cases of response headers policies.

use serde_json::{Value, json};

use super::comment;

pub(super) fn headers_policy(address: &str) -> Value {
    json!({
        "ResponseHeadersPolicyConfig": {
            "Name": "vod-case-headers",
            "Comment": comment(address),
            "CorsConfig": {
                "AccessControlAllowCredentials": false,
                "AccessControlAllowHeaders": { "Items": ["Range"] },
                "AccessControlAllowMethods": { "Items": ["GET", "HEAD"] },
                "AccessControlAllowOrigins": { "Items": ["https://a.example.com", "https://b.example.com"] },
                "AccessControlExposeHeaders": { "Items": ["Age", "ETag"] },
                "AccessControlMaxAgeSec": 7200,
                "OriginOverride": true,
            },
            "SecurityHeadersConfig": {
                "ContentSecurityPolicy": { "ContentSecurityPolicy": "default-src 'self'", "Override": true },
                "ContentTypeOptions": { "Override": true },
                "FrameOptions": { "FrameOption": "DENY", "Override": true },
                "ReferrerPolicy": { "ReferrerPolicy": "no-referrer", "Override": true },
                "StrictTransportSecurity": {
                    "AccessControlMaxAgeSec": 31_536_000,
                    "IncludeSubdomains": false,
                    "Preload": false,
                    "Override": true,
                },
                "XSSProtection": { "Protection": true, "ModeBlock": false, "Override": true },
            },
            "CustomHeadersConfig": { "Items": [{ "Header": "X-Service", "Value": "vod", "Override": true }] },
            "RemoveHeadersConfig": { "Items": [{ "Header": "Server" }, { "Header": "x-amz-version-id" }] },
            "ServerTimingHeadersConfig": { "Enabled": true, "SamplingRate": 5.0 },
        },
    })
}

pub(super) fn variants() -> Vec<(&'static str, Value)> {
    [
        ("/ResponseHeadersPolicyConfig/Name", json!("vod-case-renamed")),
        ("/ResponseHeadersPolicyConfig/Comment", json!("edited by hand")),
        ("/ResponseHeadersPolicyConfig/CorsConfig", Value::Null),
        ("/ResponseHeadersPolicyConfig/CorsConfig/AccessControlAllowCredentials", json!(true)),
        ("/ResponseHeadersPolicyConfig/CorsConfig/AccessControlAllowHeaders/Items", json!(["*"])),
        ("/ResponseHeadersPolicyConfig/CorsConfig/AccessControlAllowMethods/Items", json!(["GET"])),
        ("/ResponseHeadersPolicyConfig/CorsConfig/AccessControlAllowOrigins/Items", json!(["*"])),
        ("/ResponseHeadersPolicyConfig/CorsConfig/AccessControlExposeHeaders", Value::Null),
        ("/ResponseHeadersPolicyConfig/CorsConfig/AccessControlMaxAgeSec", json!(600)),
        ("/ResponseHeadersPolicyConfig/CorsConfig/OriginOverride", json!(false)),
        ("/ResponseHeadersPolicyConfig/CustomHeadersConfig/Items/0/Header", json!("X-Other")),
        ("/ResponseHeadersPolicyConfig/CustomHeadersConfig/Items/0/Value", json!("other")),
        ("/ResponseHeadersPolicyConfig/CustomHeadersConfig/Items/0/Override", json!(false)),
        ("/ResponseHeadersPolicyConfig/RemoveHeadersConfig", Value::Null),
        ("/ResponseHeadersPolicyConfig/RemoveHeadersConfig/Items/0/Header", json!("Via")),
        ("/ResponseHeadersPolicyConfig/ServerTimingHeadersConfig", Value::Null),
        ("/ResponseHeadersPolicyConfig/ServerTimingHeadersConfig/SamplingRate", json!(10.5)),
    ]
    .into_iter()
    .chain(security_variants())
    .collect()
}

fn security_variants() -> Vec<(&'static str, Value)> {
    vec![
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig", Value::Null),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/ContentSecurityPolicy", Value::Null),
        (
            "/ResponseHeadersPolicyConfig/SecurityHeadersConfig/ContentSecurityPolicy/ContentSecurityPolicy",
            json!("default-src 'none'"),
        ),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/ContentSecurityPolicy/Override", json!(false)),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/ContentTypeOptions", Value::Null),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/ContentTypeOptions/Override", json!(false)),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/FrameOptions/FrameOption", json!("SAMEORIGIN")),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/FrameOptions/Override", json!(false)),
        (
            "/ResponseHeadersPolicyConfig/SecurityHeadersConfig/ReferrerPolicy/ReferrerPolicy",
            json!("same-origin"),
        ),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/ReferrerPolicy/Override", json!(false)),
        (
            "/ResponseHeadersPolicyConfig/SecurityHeadersConfig/StrictTransportSecurity/AccessControlMaxAgeSec",
            json!(60),
        ),
        (
            "/ResponseHeadersPolicyConfig/SecurityHeadersConfig/StrictTransportSecurity/IncludeSubdomains",
            json!(true),
        ),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/StrictTransportSecurity/Preload", json!(true)),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/StrictTransportSecurity/Override", json!(false)),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/XSSProtection", Value::Null),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/XSSProtection/Protection", json!(false)),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/XSSProtection/ModeBlock", json!(true)),
        (
            "/ResponseHeadersPolicyConfig/SecurityHeadersConfig/XSSProtection/ReportUri",
            json!("https://reports.example.com/"),
        ),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/XSSProtection/Override", json!(false)),
    ]
}

/// The members that no variant can change alone.
pub(super) fn fixed() -> Vec<(&'static str, &'static str)> {
    vec![("ServerTimingHeadersConfig.Enabled", "a block that is off reads as no block")]
}
