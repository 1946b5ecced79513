//! ISO 3166-1 alpha-2 country codes, which CloudFront's geo restriction takes.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::reader::{Scalar, Wrong};
use super::tree::Text;
use super::values::text;

/// The code of a country, such as `KR`.
#[derive(Debug, PartialEq)]
pub(super) struct Country(pub(super) String);

impl JsonSchema for Country {
    fn schema_name() -> Cow<'static, str> {
        "Country".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "An ISO 3166-1 alpha-2 country code.", "enum": CODES.split_whitespace().collect::<Vec<_>>() })
    }
}

impl Scalar for Country {
    const EXAMPLE: &'static str = "KR";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        // Norway: YAML 1.2 reads NO as text, like every other code.
        let code = text(written)?;
        if known(code) {
            return Ok(Self(code.to_owned()));
        }
        let meant = match code.to_uppercase().as_str() {
            "UK" => Some("GB".to_owned()),
            "EL" => Some("GR".to_owned()),
            upper if known(upper) => Some(upper.to_owned()),
            _ => None,
        };
        let label =
            meant.map_or_else(|| "no such country".to_owned(), |meant| format!("did you mean `{meant}`?"));
        Err(Wrong::new(
            "is not a country code",
            label,
            "the two capital letters of ISO 3166-1, such as KR, JP, US",
        ))
    }
}

fn known(code: &str) -> bool {
    code.len() == 2 && CODES.split_whitespace().any(|known| known == code)
}

const CODES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ \
    BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM \
    DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS \
    GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
    MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI \
    VN VU WF WS YE YT ZA ZM ZW \
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_all_249_countries() {
        let codes: Vec<_> = CODES.split_whitespace().collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.is_sorted_by(|a, b| a < b));
        assert!(
            codes.iter().all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()))
        );
    }
}
