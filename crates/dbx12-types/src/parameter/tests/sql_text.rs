//! Markers in SQL text.

use crate::parameter::{Parameter, ParameterError, Parameters};
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

fn bind(sql: &str) -> Result<String, ParameterError> {
    Parameters::default()
        .with("x", 1)
        .with("x2", "a")
        .with("neg", -5)
        .bind_sql(sql)
}

#[test]
fn markers_are_bound_where_an_expression_may_stand() {
    let table = [
        ("", ""),
        ("SELECT :x", "SELECT 1"),
        (":x,:x2;:neg", "1,'a';(-5)"),
        ("SELECT 1 -:neg", "SELECT 1 -(-5)"),
        ("WHERE a=:x AND b IN(:x, :x2)", "WHERE a=1 AND b IN(1, 'a')"),
        ("arr[:x]", "arr[1]"),
        ("x\n--it's :x\n:x", "x\n--it's :x\n1"),
        ("/* it's /* :x */ \" */:x", "/* it's /* :x */ \" */1"),
        ("/**/:x/***/", "/**/1/***/"),
        ("/*+ REPARTITION(:x) */", "/*+ REPARTITION(1) */"),
        ("s3://bucket/it/:x", "s3://bucket/it/1"),
        ("é:x ü :x", "é:x ü 1"),
    ];
    for (sql, bound) in table {
        assert_eq!(bind(sql).unwrap(), bound);
    }
}

#[test]
fn strings_identifiers_and_other_colons_stay() {
    for sql in [
        "':x'",
        "'it''s :x'",
        "'it\\'s :x'",
        "'\\\\' ':x'",
        "\":x\"",
        "\"it\\\":x\"",
        "`:x`",
        "`a``:x`",
        "r':x'",
        "R\"it's :x\"",
        "bar':x'",
        "a:x",
        "a[0]:x",
        "f(a):x",
        "`a`:x",
        "a::x",
        "a :: x",
        "STRUCT<a: INT>",
        "label: BEGIN",
        "1:2",
        "'a':x",
        "$x ${x}",
        "-- :x",
        "-- it's :x \n",
        "/* :x */",
    ] {
        assert_eq!(bind(sql).unwrap(), sql);
    }
}

#[test]
fn a_marker_without_a_value_is_named_with_its_line() {
    let error = bind("SELECT :x,\n  :y").unwrap_err();
    assert_eq!(error.to_string(), "there is no value for :y in line 2");
    assert!(bind(":xx").is_err() && bind(":X").is_err());
}

#[test]
fn text_that_might_be_read_in_two_ways_is_refused() {
    for (sql, what) in [
        ("'a :x", "a string"),
        ("'a\\' :x", "a string"),
        ("\"a :x", "a string"),
        ("`a :x", "a quoted identifier"),
        ("/* :x", "a comment"),
        ("/* /* */ :x", "a comment"),
        ("/* /*+ a */ :x", "a hint in a comment"),
        ("-- a\\\n:x", "a comment that ends in a backslash"),
        ("r'\\' :x '", "a raw string"),
        ("$$ :x $$", "a dollar-quoted string"),
        ("$tag$ :x $tag$", "a dollar-quoted string"),
        ("s3://a--b", "a URI with two dashes"),
    ] {
        assert_eq!(bind(sql), Err(ParameterError::Ambiguous { what, line: 1 }), "{sql}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

    /// Whatever the text is, what is bound into it leaves everything else of it as it was.
    #[test]
    fn nothing_but_markers_is_replaced(sql in "([ -~é\n]|'|\"|`|/\\*|\\*/|--|\\\\|:x|r'|\\$){0,30}") {
        if let Ok(bound) = bind(&sql) {
            let kept = Parameters::default().with("x", Parameter::Null).bind_sql(&sql);
            if let Ok(kept) = kept {
                prop_assert_eq!(bound.replace('1', ""), kept.replace("NULL", "").replace('1', ""));
            }
        }
    }

    /// A bound value is one token of its own: the text around it is cut as before.
    #[test]
    fn a_value_does_not_change_how_the_text_is_read(
        before in "([a-z ]|'[^'\\\\]*'|--[a-z']*\n|/\\*[a-z']*\\*/){0,8}",
        value in super::values::text(),
        after in "([a-z ]|'[^'\\\\]*'){0,8}",
    ) {
        let sql = format!("{before} :value {after} :last");
        let parameters = Parameters::default().with("value", value.as_str()).with("last", "LAST");
        if let Ok(bound) = parameters.bind_sql(&sql) {
            let literal = Parameter::from(value.as_str()).literal(&crate::Language::Sql).unwrap();
            let expected = format!("{before} {literal} {after} 'LAST'");
            prop_assert!(bound == expected, "{bound} is not {expected}");
        }
    }
}
