//! Every rule is seen failing, and seen content.

use super::*;

/// What is wrong with a file of this path and text, as `place: what`.
fn found(path: &str, text: &str) -> Vec<String> {
    let file = SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    check(&file)
        .into_iter()
        .map(|it| format!("{}: {}", it.place, it.what))
        .collect()
}

fn in_code(code: &str) -> Vec<String> {
    found("crates/a/src/b.rs", &format!("//! Doc.\n{code}\n"))
}

#[test]
fn a_module_starts_with_its_doc() {
    for text in [
        "//! Doc.\n",
        "\n// A licence.\n//! Doc.\n",
        "#![doc = include_str!(\"../README.md\")]\nfn f() {}\n",
        "#![forbid(unsafe_code)]\n//! Doc.\n",
    ] {
        assert_eq!(found("crates/a/src/lib.rs", text), [""; 0], "{text:?}");
    }
    for text in [
        "",
        "fn f() {}\n",
        "// Not a doc.\nuse a::b;\n//! Late.\n",
        "/// Of the wrong kind.\nfn f() {}\n",
    ] {
        assert_eq!(
            found("crates/a/src/lib.rs", text),
            ["crates/a/src/lib.rs: starts without a `//!` line"],
            "{text:?}"
        );
    }
}

#[test]
fn tests_run_and_say_what_they_expect() {
    assert_eq!(in_code("#[ignore]\nfn f() {}"), ["crates/a/src/b.rs:2: has `#[ignore`"]);
    assert_eq!(
        in_code("#[ignore = \"slow\"]\nfn f() {}"),
        ["crates/a/src/b.rs:2: has `#[ignore`"]
    );
    assert_eq!(
        in_code("#[test]\n#[should_panic(expected = \"x\")]\nfn f() {}"),
        ["crates/a/src/b.rs:3: has `#[should_panic`"]
    );
}

#[test]
fn code_is_finished() {
    assert_eq!(in_code("fn f() { todo!() }"), ["crates/a/src/b.rs:2: has `todo!`"]);
    assert_eq!(
        in_code("fn f() { unimplemented!(\"later\") }"),
        ["crates/a/src/b.rs:2: has `unimplemented!`"]
    );
    assert_eq!(in_code("fn f() { let ignore = \"todo!()\"; } // #[ignore]"), [""; 0]);
}

#[test]
fn notes_for_later_are_found_as_words() {
    for word in LEFTOVERS {
        for comment in [
            format!("// {word}: later"),
            format!("// ({word})"),
            format!("f(\"{word}\");"),
        ] {
            assert_eq!(
                in_code(&comment),
                ["crates/a/src/b.rs:2: has a note to do something later"],
                "{comment}"
            );
        }
        assert_eq!(in_code(&format!("// {word}S and MY_{word}")), [""; 0]);
    }
}

#[test]
fn examples_compile() {
    for fence in ["/// ```ignore", "//! ``` ignore", "    /// ```rust,ignore"] {
        assert_eq!(
            in_code(fence),
            ["crates/a/src/b.rs:2: has an example that is not compiled"],
            "{fence}"
        );
    }
    assert_eq!(in_code("/// ```\n/// ```no_run\n/// ```text\n/// ignore"), [""; 0]);
}

#[test]
fn modules_are_named_files() {
    assert_eq!(
        found("crates/a/src/b/mod.rs", "//! Doc.\n"),
        ["crates/a/src/b/mod.rs: is named `mod.rs`"]
    );
    assert_eq!(found("crates/a/src/b/remod.rs", "//! Doc.\n"), [""; 0]);
}

#[test]
fn files_fit_the_head() {
    let doc_and = |lines: usize| format!("//! Doc.\n{}", "fn f() {}\n".repeat(lines));
    let tests = "#[cfg(test)]\nmod tests {\n}\n";
    assert_eq!(found("xtask/src/a.rs", &doc_and(LONGEST - 1)), [""; 0]);
    assert_eq!(found("xtask/src/a.rs", &(doc_and(LONGEST - 1) + tests)), [""; 0]);
    assert_eq!(
        found("xtask/src/a.rs", &doc_and(LONGEST)),
        ["xtask/src/a.rs: has 401 lines before its tests; 400 is the limit"]
    );
    assert_eq!(
        found("xtask/src/a.rs", &format!("{}{tests}", doc_and(LONGEST))).len(),
        1
    );
    for path in [
        "tests/it/wire.rs",
        "crates/a/src/b/tests.rs",
        "crates/a/src/b_tests.rs",
        "crates/a/tests/c.rs",
    ] {
        assert_eq!(found(path, &doc_and(LONGEST)), [""; 0], "{path}");
    }
    assert_eq!(found("tests/src/lib.rs", &doc_and(LONGEST)).len(), 1);
}

#[test]
fn lines_end_where_they_end() {
    assert_eq!(
        found("README.md", "one\ntwo \nthree\t\n"),
        ["README.md:2: ends in white space", "README.md:3: ends in white space"]
    );
}

#[test]
fn the_top_level_holds_only_what_belongs_there() {
    let names = [
        "Cargo.toml",
        "LICENSE-MIT",
        ".ci",
        "crates",
        "README.md",
        "notes.txt",
        "scripts",
    ];
    let strangers: Vec<_> = top_level(&names.map(str::to_owned))
        .into_iter()
        .map(|it| it.place)
        .collect();
    assert_eq!(strangers, ["notes.txt", "scripts"]);
}
