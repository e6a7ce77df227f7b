//! Against Python's own `netrc` module.

use super::*;
use std::process::{Command, Stdio};

fn found(text: &str, host: &str) -> Option<(String, String)> {
    let entry = parse(text).unwrap().find(&Host::parse(host).unwrap())?;
    Some((entry.login.clone(), entry.password().to_owned()))
}

/// What Python reads in each file for the host: `None` when it refuses the file, else login and password or nothing.
fn python(texts: &[&str], host: &str) -> Vec<Option<Option<(String, String)>>> {
    const PROGRAM: &str = "
import json, netrc, os, sys, tempfile
def read(text):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'netrc')
        with open(path, 'w', encoding='utf-8', newline='') as file:
            file.write(text)
        try:
            entry = netrc.netrc(path).authenticators(sys.argv[1])
        except netrc.NetrcParseError:
            return None
        return {'entry': entry and [entry[0] or '', entry[2] or '']}
print(json.dumps([read(text) for text in json.load(sys.stdin)]))
";
    #[derive(serde::Deserialize)]
    struct Read {
        entry: Option<(String, String)>,
    }
    let mut child = Command::new("python3")
        .args(["-c", PROGRAM, host])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    serde_json::to_writer(child.stdin.take().unwrap(), texts).unwrap();
    let output = child.wait_with_output().unwrap();
    let read: Vec<Option<Read>> = serde_json::from_slice(&output.stdout).unwrap();
    read.into_iter().map(|read| read.map(|read| read.entry)).collect()
}

/// Files that Python reads, and that must mean the same here.
const READ: &[&str] = &[
    "",
    "\n \t\n",
    "machine h.example login a password b",
    "machine h.example\n  login a\n  password b\n",
    "machine h.example\r\n\tlogin a\r\n\tpassword b\r\n",
    "machine h.example\rlogin a\rpassword b\r",
    "machine h.example login a account c password b\n",
    "machine h.example account c login a password b\n",
    "machine h.example user a password b\n",
    "machine h.example password b\n",
    "machine h.example login a\n",
    "machine h.example\n",
    "machine h.example login \"a b\" password \"c \\\" d\"\n",
    "machine h.example login a\\ b password c\\\\d\n",
    "machine h.example login a password b\"c\"\n",
    "machine h.example login a password \"\"\n",
    "machine h.example login a password \"unclosed\n",
    "machine h.example login a password b\\",
    "machine h.example login a password \"line\nbreak\"\n",
    "machine \"h.example\" login a password b\n",
    "machine h.example login a password #notacomment\n",
    "machine h.example login a password pass#word\n",
    "machine h.example login a password pass # comment\n",
    "machine h.example login a # comment\n password b\n",
    "machine h.example # comment\n login a password b\n",
    "machine h.example login a password b\n# machine h.example login x password y\n",
    "# comment\nmachine h.example login a password b\n",
    "#comment\nmachine h.example login a password b\n",
    "#\nmachine h.example login a password b\n",
    "machine h.example login a password b\n#\n#comment\nmachine other login c password d\n",
    "machine other login c password d\nmachine h.example login a password b\n",
    "machine other login c password d\n",
    "machine h.example login 1 password 1\nmachine h.example login 2 password 2\n",
    "default login d password e\n",
    "machine other login c password d\ndefault login d password e\n",
    "default login d password e\nmachine h.example login a password b\n",
    "machine default login d password e\n",
    "macdef init\ncd /tmp\nmachine x\n\nmachine h.example login a password b\n",
    "machine h.example login a password b\nmacdef init\n\tcd /tmp\n\tput x\n\nmachine other login c password d\n",
    "macdef init\n\nmachine h.example login a password b\n",
    "macdef init\nmachine h.example login x password y\n\n",
    "machine h.example login login password password\n",
    "machine h.example login machine password default\n",
    "machine h.example login ümläut password 密码\n",
    "machine sub.h.example login a password b\n",
    "machine example login a password b\n",
    "machine h.example login \"\" password b\n",
    "machine h.example \"\" login a password b\n",
];

/// Files that Python refuses, and that are refused here too.
const REFUSED: &[&str] = &[
    "nonsense",
    "login a password b\n",
    "machine",
    "machine \n",
    "macdef",
    "macdef init\ncd /tmp\n",
    "macdef init\ncd /tmp",
    "machine h.example login a password b c\n",
    "machine h.example login a pasword b\n",
    "machine h.example nonsense\n",
    "default nonsense\n",
    "machine h.example login a password two words\n",
];

/// Comments that Python stumbles over.
const COMMENTS: &[&str] = &[
    "#two words\nmachine h.example login a password b\n",
    "machine h.example login a password b\n\n# after an empty line\nmachine other login c password d\n",
    "machine other login c password d\n\n\n#two words\n\n\nmachine h.example login a password b\n",
];

#[test]
fn what_python_reads_is_read_the_same_way() {
    for host in ["h.example", "unknown.example"] {
        for (text, expected) in READ.iter().zip(python(READ, host)) {
            let expected = expected.unwrap_or_else(|| panic!("python refuses {text:?}"));
            assert_eq!(found(text, host), expected, "{host} in {text:?}");
        }
    }
}

#[test]
fn what_python_refuses_is_refused() {
    for (text, read) in REFUSED.iter().zip(python(REFUSED, "h.example")) {
        assert!(read.is_none(), "python reads {text:?}");
        assert!(parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn comments_end_with_their_line() {
    for (text, read) in COMMENTS.iter().zip(python(COMMENTS, "h.example")) {
        assert!(read.is_none(), "python reads {text:?}");
        assert_eq!(
            found(text, "h.example"),
            Some(("a".to_owned(), "b".to_owned())),
            "{text:?}"
        );
    }
}

#[test]
fn an_entry_with_the_port_goes_first_and_case_does_not_matter() {
    let text = "machine h.example login any password 1\nmachine H.example:8443 login port password 2\n";
    assert_eq!(found(text, "https://H.EXAMPLE:8443").unwrap().0, "port");
    assert_eq!(found(text, "h.example").unwrap().0, "any");
    assert_eq!(
        found("machine ::1 login a password b", "http://[::1]:80").unwrap().0,
        "a"
    );
    assert_eq!(
        found("\u{feff}machine h.example login a password b", "h.example")
            .unwrap()
            .0,
        "a"
    );
}

#[test]
fn errors_name_the_line_and_repeat_no_word() {
    let line = |text: &str| {
        let error = parse(text).unwrap_err();
        assert!(!error.to_string().contains("CANARY"), "{error}");
        error.line
    };
    assert_eq!(line("machine h.example\n login a\n password two CANARY\n"), 3);
    assert_eq!(line("CANARY\n"), 1);
    assert_eq!(line("\n\nmachine h.example login a pasword CANARY\n"), 3);
}

#[test]
fn the_file_is_where_netrc_says_or_at_home() {
    let path = |variables: &[(&str, &str)]| {
        default_path(|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    };
    assert_eq!(path(&[("NETRC", "/n"), ("HOME", "/h")]), Some("/n".into()));
    assert_eq!(path(&[("NETRC", ""), ("HOME", "/h")]), Some("/h/.netrc".into()));
    assert_eq!(path(&[("USERPROFILE", "/u")]), Some("/u/.netrc".into()));
    assert_eq!(path(&[]), None);
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_refused_with_the_remedy() {
    use std::os::unix::fs::PermissionsExt as _;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "machine h.example login a password CANARY\n").unwrap();
    for (mode, accepted) in [
        (0o600, true),
        (0o400, true),
        (0o640, false),
        (0o604, false),
        (0o620, false),
        (0o644, false),
    ] {
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        match read(file.path()) {
            Ok(_) => assert!(accepted, "{mode:o}"),
            Err(error) => {
                let remedy = format!("run: chmod 600 {}", file.path().display());
                assert!(!accepted && error.to_string().contains(&remedy), "{mode:o}: {error}");
            }
        }
    }
}

#[test]
fn a_missing_or_broken_file_is_named() {
    let error = read(Path::new("/nowhere/netrc")).unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/netrc cannot be opened: "), "{error}");

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "machine h.example login a pasword CANARY\n").unwrap();
    let error = read(file.path()).unwrap_err().to_string();
    let expected = format!(
        "{}, line 1: expected `login`, `password` or `account`",
        file.path().display()
    );
    assert_eq!(error, expected);

    std::fs::write(file.path(), b"machine h.example login \xff password b\n").unwrap();
    let error = read(file.path()).unwrap_err().to_string();
    assert!(error.contains("cannot be read"), "{error}");
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(machine|default|login|password|macdef|#|\"|\\\\|\\s|[a-z\u{0}ü])*") {
        let _ = parse(&text);
    }

    #[test]
    fn any_password_can_be_quoted(password in "[^\\x00\r]*") {
        let quoted = password.replace('\\', "\\\\").replace('"', "\\\"");
        let text = format!("machine h.example login a password \"{quoted}\"\n");
        proptest::prop_assert_eq!(found(&text, "h.example").unwrap().1, password);
    }
}
