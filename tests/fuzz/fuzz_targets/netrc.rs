//! Any text as a `.netrc` file: it is read or refused, and neither repeats a word of it.
#![no_main]

use dbx12_http::Host;
use dbx12_http::credentials::Netrc;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let host = Host::parse("https://h.example:8443").expect("a host");
    let netrc = match Netrc::parse(text) {
        Ok(netrc) => netrc,
        Err(error) => {
            assert!(error.to_string().starts_with("line "));
            return;
        }
    };
    let _ = format!("{netrc:?}");
    let Some(found) = netrc.find(&host) else { return };

    // What stands last counts: an entry of one's own behind all others, which ends what is open, is found. Only a quote that
    // is open takes it in.
    let more = format!("{text}\nmachine h.example:8443 login me password mine\n");
    if let Ok(more) = Netrc::parse(&more)
        && let Some(again) = more.find(&host)
    {
        let is_quoted = again.login.contains("login me") || again.password().contains("login me");
        assert!(again.login == "me" || again.login == found.login || is_quoted);
    }
});
