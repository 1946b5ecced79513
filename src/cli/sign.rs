//! `provision sign`: a signed URL, or the cookies that let a player fetch all of an asset.

use std::path::PathBuf;

use super::terminal::Terminal;
use crate::ops::{self, SignedAccess, Signing, is_range};
use crate::report::out::{errln, outln};

/// Sign a URL or cookies for one path.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The path to sign: `assets/<asset>/index.m3u8`. A `*` stands for any characters.
    path: String,
    /// The private key, in PEM.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// CloudFront's id of the public half; the default is to look it up.
    #[arg(long, value_name = "ID")]
    key_id: Option<String>,
    /// The validity: 90s, 30m, 2h, 7d.
    #[arg(long, value_name = "TIME", default_value = "2h", value_parser = seconds)]
    expires: i64,
    /// Print cookies for the path's folder instead of a URL. HLS players need them.
    #[arg(long)]
    cookies: bool,
    /// Valid only for this IPv4 address or range.
    #[arg(long, value_name = "CIDR", value_parser = range)]
    ip: Option<String>,
}

/// Signs what was asked for and prints it.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    let Args { stack, path, key, key_id, expires, cookies, ip } = args;
    let wanted = Signing { stack, path, key, key_id, expires_in: expires, cookies, source_ip: ip };
    match ops::sign(wanted, &Terminal::ui()).await? {
        SignedAccess::Cookies(cookies) => {
            for (name, value) in cookies {
                outln!("{name}={value}");
            }
        }
        SignedAccess::Query { pattern, query } => {
            errln!("add this to any URL like {pattern}:");
            outln!("{query}");
        }
        SignedAccess::Url { url, playlist } => {
            if playlist {
                errln!("this URL alone does not play: a player asks for segments too, so use --cookies");
            }
            outln!("{url}");
        }
    }
    Ok(())
}

fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is not a duration: write 90s, 30m, 2h or 7d");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    if number == 0 { Err(wrong()) } else { Ok(i64::from(number) * unit) }
}

fn range(text: &str) -> Result<String, String> {
    if is_range(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is not an IPv4 address or range"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("30m"), Ok(1800));
        assert_eq!(seconds("2h"), Ok(7200));
        assert_eq!(seconds("7d"), Ok(604_800));
        for wrong in ["", "h", "2", "-1h", "0s", "2w", "2é"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
