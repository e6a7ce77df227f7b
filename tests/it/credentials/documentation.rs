//! The tables in the documentation are those of the code.

use dbx12_exec::http::{AuthType, Setting};
use std::path::Path;

const FILE: &str = "crates/dbx12-http/CONFIGURATION.md";

/// Set it to write the tables instead of comparing them.
const UPDATE: &str = "DBX12_UPDATE";

#[test]
fn the_tables_in_the_documentation_are_those_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(FILE);
    let kept = std::fs::read_to_string(&path).unwrap();
    let made = with_table(&kept, "settings", &settings());
    let made = with_table(&made, "auth types", &auth_types());
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, made).unwrap();
        return;
    }
    let difference = kept.lines().zip(made.lines()).find(|(kept, made)| kept != made);
    assert!(
        kept == made,
        "{FILE} is not what the code says; run this test with {UPDATE}=1. First difference: {difference:?}"
    );
}

/// The text with another table between the marks of this name.
fn with_table(text: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let (before, rest) = text.split_once(&begin).expect("a mark for the beginning");
    let (_, after) = rest.split_once(&end).expect("a mark for the end");
    format!("{before}{begin}\n{table}\n{end}{after}")
}

fn code(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

fn settings() -> String {
    let rows = Setting::all().map(|setting| {
        let family = setting.family().map(|family| code(&[family])).unwrap_or_default();
        format!(
            "| `{setting}` | {} | {} | {family} | {} | {} |\n",
            code(setting.environment()),
            code(setting.keys()),
            if setting.is_secret() { "yes" } else { "" },
            setting.about(),
        )
    });
    let head = "| setting | environment | in the file | family | secret | what it is |\n|---|---|---|---|---|---|\n";
    format!("{head}{}", rows.collect::<String>())
}

fn auth_types() -> String {
    let supported = AuthType::all().filter(|auth_type| auth_type.is_supported());
    let rows = supported.map(|auth_type| {
        let needs: Vec<_> = auth_type.needs().iter().map(|setting| setting.name()).collect();
        format!("| `{auth_type}` | {} | {} |\n", code(&needs), auth_type.about())
    });
    let others = AuthType::all().filter(|auth_type| !auth_type.is_supported());
    let others = others.map(|auth_type| format!("| `{auth_type}` | {} |\n", auth_type.about()));
    format!(
        "| auth type | needs | what it is |\n|---|---|---|\n{}\nKnown to official tools, and not supported here:\n\n\
         | auth type | instead |\n|---|---|\n{}",
        rows.collect::<String>(),
        others.collect::<String>()
    )
}
