//! Python's own parsers of `.netrc` and of the file with profiles, over many generated files: what they read is read the
//! same way, and what they refuse is refused.

use dbx12_exec::http::ConfigFile;
use dbx12_exec::http::Host;
use dbx12_exec::http::credentials::Netrc;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// What Python makes of each text: `None` when it refuses it.
fn python<T: DeserializeOwned>(program: &str, texts: &[String]) -> Vec<Option<T>> {
    let mut child = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    serde_json::to_writer(child.stdin.take().unwrap(), texts).unwrap();
    let output = child.wait_with_output().unwrap();
    let read: Vec<Option<T>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read.len(), texts.len());
    read
}

/// Texts of pieces drawn in an order that is always the same.
fn texts(seed: u64, count: usize, pieces: &[&str], longest: usize) -> Vec<String> {
    let mut state = seed;
    let mut draw = move |below: usize| {
        // xorshift64: enough to mix, and the same everywhere.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    let mut text = || (0..=draw(longest)).map(|_| pieces[draw(pieces.len())]).collect();
    (0..count).map(|_| text()).collect()
}

const CONFIGPARSER: &str = "
import configparser, json, sys
def read(text):
    parser = configparser.RawConfigParser(inline_comment_prefixes=('#', ';'))
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    sections = {name: dict(values) for name, values in parser._sections.items()}
    if parser.defaults():
        sections['DEFAULT'] = dict(parser.defaults())
    return sections
print(json.dumps([read(text) for text in json.load(sys.stdin)]))
";

type Sections = BTreeMap<String, BTreeMap<String, String>>;

fn sections(text: &str) -> Option<Sections> {
    let file = ConfigFile::parse(text).ok()?;
    // The reserved section is read by its own method.
    let names = file.names().map(str::to_owned);
    let section = |name: String| {
        let profile = file.profile(&name)?;
        let values = profile
            .keys()
            .map(|key| (key.to_owned(), profile.value(key).unwrap().to_owned()));
        let values: BTreeMap<_, _> = values.collect();
        // Python cannot tell an empty [DEFAULT] from none.
        (name != "DEFAULT" || !values.is_empty()).then_some((name, values))
    };
    Some(names.filter_map(section).collect())
}

#[test]
fn profiles_are_read_as_pythons_configparser_reads_them() {
    let pieces = [
        "[A]\n",
        "[B b]\n",
        "[DEFAULT]\n",
        "[C] ; c\n",
        "[[D]]\n",
        "[]\n",
        "[E\n",
        "  [F]\n",
        "key = value\n",
        "Key2 : v\n",
        "k=v#w;x\n",
        "k2 = v # c\n",
        "k3 = v ; c\n",
        "k4 =\n",
        "k5 = a = b : c\n",
        "  k6 = v\n",
        "    more\n",
        "\tmore # c\n",
        "\n",
        "   \n",
        "# comment\n",
        "  ; comment\n",
        "#\n",
        "k7 = %(x)s\n",
        "k8 = \"q\"\n",
        "bare\n",
        "= v\n",
        ": v\n",
        "k9\t=\tv\t\n",
        "ü = ß\n",
        "k10 = v \\\n",
        "k11 =  # c\n",
        "k12 = v",
        "k13",
        " ",
        "=",
        "\u{a0}k14 = v\n",
        "\u{1c}x = y\n",
    ];
    let mut all = texts(0x5eed, 3000, &pieces, 8);
    all.extend(texts(
        0xca5e,
        1500,
        &[
            "[A]\n",
            "k = v\n",
            "  w\n",
            "\n",
            "    x ; c\n",
            " l = m\n",
            "# c\n",
            "[B]\n",
        ],
        10,
    ));
    // Most start with a section, so that most are read.
    let all: Vec<_> = all
        .into_iter()
        .enumerate()
        .map(|(index, text)| match index % 4 {
            0 => text,
            _ => format!("[S]\n{text}"),
        })
        .collect();
    let theirs = python::<Sections>(CONFIGPARSER, &all);
    let read = theirs.iter().filter(|read| read.is_some()).count();
    assert!(read > 500 && read < all.len() - 500, "{read} of {}", all.len());
    for (text, theirs) in all.iter().zip(theirs) {
        assert_eq!(sections(text), theirs, "{text:?}");
    }
}

const NETRC: &str = "
import json, netrc, os, sys, tempfile
def read(text):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'netrc')
        with open(path, 'w', encoding='utf-8', newline='') as file:
            file.write(text)
        try:
            entry = netrc.netrc(path).authenticators('h.example')
        except netrc.NetrcParseError:
            return None
        return {'entry': entry and [entry[0] or '', entry[2] or '']}
print(json.dumps([read(text) for text in json.load(sys.stdin)]))
";

#[derive(Debug, Deserialize, PartialEq)]
struct Read {
    entry: Option<(String, String)>,
}

fn entry(text: &str) -> Option<Read> {
    let found = Netrc::parse(text).ok()?.find(&Host::parse("h.example").unwrap());
    let entry = found.map(|entry| (entry.login.clone(), entry.password().to_owned()));
    Some(Read { entry })
}

#[test]
fn netrc_files_are_read_as_python_reads_them() {
    let pieces = [
        "machine h.example ",
        "machine other\n",
        "machine \"h.example\"\n",
        "default ",
        "login me ",
        "user \"a b\"\n",
        "password p#w ",
        "password \"q\\\"r\"\n",
        "password \\ x\n",
        "account z ",
        "login\n",
        "password ",
        "\n",
        "  \t",
        "macdef m\n cd /\n\n",
        "machine h.example login a password b\n",
        "default login d password e\n",
        "nonsense ",
        "\r\n",
        "\"\" ",
        "ü ",
    ];
    let mut all = texts(0x6e71, 2500, &pieces, 7);
    // Comments where Python reads them all: at the end of a line of an entry, or before everything.
    all.extend(texts(
        0xc0ff,
        500,
        &[
            "machine h.example login a password b # two words\n",
            "machine other login c password d\n",
        ],
        4,
    ));
    let theirs = python::<Read>(NETRC, &all);
    let read = theirs.iter().filter(|read| read.is_some()).count();
    assert!(read > 300 && read < all.len() - 300, "{read} of {}", all.len());
    for (text, theirs) in all.iter().zip(theirs) {
        assert_eq!(entry(text), theirs, "{text:?}");
    }
}
