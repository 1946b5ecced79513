//! CloudFront: what a distribution names must be there, and what it uses cannot be deleted.

mod distribution;
mod in_use;

use std::collections::BTreeSet;

use super::asked::Asked;
use super::ban::{Ban, Verdict};
use super::members::Members;
use super::state::State;

static KEY_PEM: Ban = Ban {
    name: "a public key that is no PEM",
    code: "InvalidArgument",
    status: 400,
    source: "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreatePublicKey.html",
};
static KEY_TWICE: Ban = Ban {
    name: "two public keys of one name",
    code: "PublicKeyAlreadyExists",
    status: 409,
    source: "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreatePublicKey.html",
};
static TTL_ORDER: Ban = Ban {
    name: "a cache policy whose times are not in order",
    code: "InvalidArgument",
    status: 400,
    source: "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CachePolicyConfig.html",
};
static CREDENTIALS: Ban = Ban {
    name: "CORS credentials for everybody",
    code: "InvalidArgument",
    status: 400,
    source: "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ResponseHeadersPolicyCorsConfig.html",
};

/// The bans of this service.
pub(super) fn bans() -> Vec<&'static Ban> {
    let own: [&Ban; 4] = [&KEY_PEM, &KEY_TWICE, &TTL_ORDER, &CREDENTIALS];
    own.into_iter().chain(distribution::BANS.iter().copied()).chain(in_use::bans()).collect()
}

/// Refuses a call that CloudFront refuses.
pub(super) async fn judge(asked: &Asked, state: &State) -> Verdict {
    match asked.operation.as_str() {
        "CreateDistribution" | "CreateDistributionWithTags" => distribution::created(asked, state).await,
        "UpdateDistribution" => distribution::updated(asked, state).await,
        "UpdateDomainAssociation" => distribution::moved(asked, state).await,
        "CreatePublicKey" => {
            public_key(&asked.members)?;
            let name = asked.members.text("PublicKeyConfig/Name").unwrap_or_default();
            named_anew(name, &state.public_key_names().await?)
        }
        "CreateCachePolicy" | "UpdateCachePolicy" => times(&asked.members),
        "CreateResponseHeadersPolicy" | "UpdateResponseHeadersPolicy" => credentials(&asked.members),
        _ => in_use::judge(asked, state).await,
    }
}

fn public_key(members: &Members) -> Verdict {
    let key = members.text("PublicKeyConfig/EncodedKey").unwrap_or_default().trim();
    let pem = key.starts_with("-----BEGIN PUBLIC KEY-----") && key.ends_with("-----END PUBLIC KEY-----");
    KEY_PEM.refuse_if(!pem, || "The encoded key is not a valid public key in PEM format.".into())
}

fn named_anew(name: &str, names: &BTreeSet<String>) -> Verdict {
    KEY_TWICE.refuse_if(names.contains(name), || format!("A public key with the name {name} already exists."))
}

fn times(members: &Members) -> Verdict {
    let of = |name: &str| members.number(&format!("CachePolicyConfig/{name}"));
    let least = of("MinTTL").unwrap_or_default();
    let usual = of("DefaultTTL").unwrap_or_else(|| least.max(86_400));
    let most = of("MaxTTL").unwrap_or_else(|| usual.max(31_536_000));
    let message = "The parameter MinTTL must be less than or equal to DefaultTTL, and DefaultTTL to MaxTTL.";
    TTL_ORDER.refuse_if(!(0 <= least && least <= usual && usual <= most), || message.into())
}

fn credentials(members: &Members) -> Verdict {
    const CORS: &str = "ResponseHeadersPolicyConfig/CorsConfig";
    let allowed = members.text(&format!("{CORS}/AccessControlAllowCredentials")) == Some("true");
    let everything =
        |list: &str, item: &str| members.texts(&format!("{CORS}/{list}/Items/{item}")).contains(&"*");
    let open = everything("AccessControlAllowOrigins", "Origin")
        || everything("AccessControlAllowHeaders", "Header")
        || everything("AccessControlExposeHeaders", "Header");
    let message =
        "The parameter Access-Control-Allow-Credentials cannot be true when a list of the policy holds *.";
    CREDENTIALS.refuse_if(allowed && open, || message.into())
}

#[cfg(test)]
mod tests {
    use super::super::ban::said;
    use super::*;

    fn read(text: &str) -> Members {
        Members::read(text.as_bytes())
    }

    #[test]
    fn a_public_key_is_a_pem_of_a_name_of_its_own() {
        let key = |text: &str| {
            read(&format!("<PublicKeyConfig><Name>a</Name><EncodedKey>{text}</EncodedKey></PublicKeyConfig>"))
        };
        assert_eq!(public_key(&key("-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----\n")), Ok(()));
        assert!(said(public_key(&key("MII"))).starts_with("a public key that is no PEM: InvalidArgument"));
        let names = BTreeSet::from(["a".to_owned()]);
        assert_eq!(named_anew("b", &names), Ok(()));
        assert!(
            said(named_anew("a", &names)).starts_with("two public keys of one name: PublicKeyAlreadyExists")
        );
    }

    #[test]
    fn times_are_in_order_with_their_defaults() {
        let policy = |text: &str| times(&read(&format!("<CachePolicyConfig>{text}</CachePolicyConfig>")));
        assert_eq!(policy("<MinTTL>0</MinTTL><DefaultTTL>10</DefaultTTL><MaxTTL>10</MaxTTL>"), Ok(()));
        assert_eq!(policy("<MinTTL>100000</MinTTL>"), Ok(()));
        assert!(
            said(policy("<MinTTL>5</MinTTL><DefaultTTL>1</DefaultTTL>"))
                .starts_with("a cache policy whose times")
        );
        assert!(policy("<MinTTL>0</MinTTL><DefaultTTL>61</DefaultTTL><MaxTTL>60</MaxTTL>").is_err());
    }

    #[test]
    fn credentials_need_named_origins() {
        let policy = |origin: &str| {
            read(&format!(
                "<ResponseHeadersPolicyConfig><CorsConfig>\
                 <AccessControlAllowOrigins><Quantity>1</Quantity><Items><Origin>{origin}</Origin></Items></AccessControlAllowOrigins>\
                 <AccessControlAllowCredentials>true</AccessControlAllowCredentials>\
                 </CorsConfig></ResponseHeadersPolicyConfig>"
            ))
        };
        assert_eq!(credentials(&policy("https://a.example")), Ok(()));
        assert!(said(credentials(&policy("*"))).starts_with("CORS credentials for everybody"));
    }
}
