//! `provision sign`: a signed URL, or the cookies that let a player fetch all of an asset.

use std::path::PathBuf;

use super::terminal::Terminal;
use crate::ops::{self, Sent, SignedAccess, Signing, is_range};
use crate::report::out::{errln, outln};

/// Sign a URL or cookies for one path.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The path to sign: `assets/<asset>`, or `assets/<asset>/index.m3u8`. A `*` stands for any characters.
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
    /// Allow a path that opens more than one asset.
    #[arg(long)]
    whole: bool,
    /// Valid only for this IPv4 address or range.
    #[arg(long, value_name = "CIDR", value_parser = range)]
    ip: Option<String>,
}

/// Signs what was asked for and prints it. What it opens is printed to stderr.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    let Args { stack, path, key, key_id, expires, cookies, whole, ip } = args;
    let wanted = Signing { stack, path, key, key_id, expires_in: expires, cookies, whole, source_ip: ip };
    let access = ops::sign(wanted, &Terminal::ui()).await?;
    errln!("{}", notes(&access));
    outln!("{}", printed(&access.sent));
    Ok(())
}

/// What a person must know about it.
fn notes(access: &SignedAccess) -> String {
    let opens = format!("opens {}", access.resource);
    match &access.sent {
        Sent::Query(_) => format!("{opens}\nadd this to any URL that it opens:"),
        Sent::Url { playlist: true, .. } => {
            format!("{opens}\nthis URL alone does not play: a player asks for segments too, so use --cookies")
        }
        Sent::Cookies(_) | Sent::Url { .. } => opens,
    }
}

/// What a program reads: the cookies, one a line, the query or the URL.
fn printed(sent: &Sent) -> String {
    match sent {
        Sent::Cookies(cookies) => {
            let lines: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            lines.join("\n")
        }
        Sent::Query(text) | Sent::Url { url: text, .. } => text.clone(),
    }
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

    fn shown(resource: &str, sent: Sent) -> String {
        let access = SignedAccess { resource: format!("https://v.example.com/{resource}"), sent };
        format!("stderr\n{}\nstdout\n{}", notes(&access), printed(&access.sent))
    }

    #[test]
    fn what_is_opened_is_always_said() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let cookies = vec![pair("CloudFront-Policy", "e30_"), pair("CloudFront-Key-Pair-Id", "K2")];
        insta::assert_snapshot!(shown("assets/a-1/*", Sent::Cookies(cookies)), @r"
        stderr
        opens https://v.example.com/assets/a-1/*
        stdout
        CloudFront-Policy=e30_
        CloudFront-Key-Pair-Id=K2
        ");
        insta::assert_snapshot!(shown("assets/a-1/*", Sent::Query("Policy=e30_&Key-Pair-Id=K2".into())), @r"
        stderr
        opens https://v.example.com/assets/a-1/*
        add this to any URL that it opens:
        stdout
        Policy=e30_&Key-Pair-Id=K2
        ");
        let url = |path: &str| format!("https://v.example.com/{path}?Expires=1&Key-Pair-Id=K2");
        let picture = "assets/a-1/thumbnails/frame.0.jpg";
        insta::assert_snapshot!(shown(picture, Sent::Url { url: url(picture), playlist: false }), @r"
        stderr
        opens https://v.example.com/assets/a-1/thumbnails/frame.0.jpg
        stdout
        https://v.example.com/assets/a-1/thumbnails/frame.0.jpg?Expires=1&Key-Pair-Id=K2
        ");
        let index = "assets/a-1/index.m3u8";
        insta::assert_snapshot!(shown(index, Sent::Url { url: url(index), playlist: true }), @r"
        stderr
        opens https://v.example.com/assets/a-1/index.m3u8
        this URL alone does not play: a player asks for segments too, so use --cookies
        stdout
        https://v.example.com/assets/a-1/index.m3u8?Expires=1&Key-Pair-Id=K2
        ");
    }

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
