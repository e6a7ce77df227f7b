//! What is said of parameters, for all languages.

mod python;
mod sql_text;
pub(crate) mod values;

use super::{Date, Decimal, Parameter, ParameterError, Parameters, Timestamp};
use crate::Language;
use crate::base64;
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};
use values::{parameter, text};

/// The literal with every string constant cut out, and the constants' contents.
fn cut(literal: &str, quote: char) -> (String, Vec<String>) {
    let mut parts = literal.split(quote);
    let mut frame = parts.next().unwrap_or_default().to_owned();
    let mut constants = Vec::new();
    while let Some(constant) = parts.next() {
        constants.push(constant.to_owned());
        frame.push('"');
        frame.push_str(parts.next().expect("every string is closed"));
    }
    (frame, constants)
}

#[test]
fn every_value_in_every_language() {
    let entries = [("k".to_owned(), Parameter::Integer(1))];
    let table = [
        (Parameter::Null, "None", "null", "NULL"),
        (true.into(), "True", "true", "TRUE"),
        (7.into(), "7", "7L", "7"),
        ((-7).into(), "(-7)", "(-7L)", "(-7)"),
        (1.5.into(), "1.5", "1.5", "1.5D"),
        (
            f64::NAN.into(),
            "__import__('math').nan",
            "scala.Double.NaN",
            "CAST('NaN' AS DOUBLE)",
        ),
        (
            f64::NEG_INFINITY.into(),
            "(-__import__('math').inf)",
            "scala.Double.NegativeInfinity",
            "CAST('-Infinity' AS DOUBLE)",
        ),
        (
            "-1.50".parse::<Decimal>().unwrap().into(),
            "__import__('decimal').Decimal('-1.50')",
            "scala.BigDecimal(\"-1.50\")",
            "(-1.50BD)",
        ),
        ("a b".into(), "'a b'", "\"a b\"", "'a b'"),
        (
            "it's\n".into(),
            r"'it\'s\n'",
            r#"new java.lang.String(java.util.Base64.getDecoder.decode("aXQncwo="), "UTF-8")"#,
            "CAST(X'697427730A' AS STRING)",
        ),
        (
            Parameter::Bytes(vec![0, b'a', 255]),
            r"b'\x00a\xff'",
            r#"java.util.Base64.getDecoder.decode("AGH/")"#,
            "X'0061FF'",
        ),
        (
            Date::new(2024, 2, 29).unwrap().into(),
            "__import__('datetime').date(2024, 2, 29)",
            "java.time.LocalDate.of(2024, 2, 29)",
            "DATE '2024-02-29'",
        ),
        (
            Timestamp::from_unix_micros(1).unwrap().into(),
            "__import__('datetime').datetime(1970, 1, 1, 0, 0, 0, 1, __import__('datetime').timezone.utc)",
            "java.time.Instant.parse(\"1970-01-01T00:00:00.000001Z\")",
            "TIMESTAMP '1970-01-01T00:00:00.000001Z'",
        ),
        (
            vec![Some(1), None].into(),
            "[1, None]",
            "scala.collection.immutable.List(1L, null)",
            "array(1, NULL)",
        ),
        (
            Parameter::Map(entries.into()),
            "{'k': 1}",
            "scala.collection.immutable.List((\"k\", 1L)).toMap",
            "map('k', 1)",
        ),
    ];
    for (value, python, scala, sql) in table {
        assert_eq!(value.literal(&Language::Python).unwrap(), python);
        assert_eq!(value.literal(&Language::Scala).unwrap(), scala);
        assert_eq!(value.literal(&Language::Sql).unwrap(), sql);
    }
}

#[test]
fn other_languages_are_refused() {
    for language in [Language::R, Language::from("cobol")] {
        let error = Parameter::Null.literal(&language).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("parameters can be given in python, scala and sql, not in {language}")
        );
    }
}

#[test]
fn sql_lists_of_several_kinds_are_refused_and_scala_does_not_convert_them() {
    let decimal = |text: &str| Parameter::Decimal(text.parse().unwrap());
    let mixed = [
        vec![Parameter::from(1), Parameter::from(2.5)],
        vec![Parameter::from("1"), Parameter::from(1)],
        vec![Parameter::from(vec![1]), Parameter::from(vec![true])],
        vec![decimal("12345678901234567890123456789012345678"), decimal("0.5")],
    ];
    for items in mixed {
        let list = Parameter::List(items);
        assert_eq!(list.literal(&Language::Sql), Err(ParameterError::Mixed));
        let nested = Parameter::Map([("k".to_owned(), list)].into());
        assert_eq!(nested.literal(&Language::Sql), Err(ParameterError::Mixed));
    }
    let list = Parameter::List(vec![1.into(), 2.5.into()]);
    assert_eq!(
        list.literal(&Language::Scala).unwrap(),
        "scala.collection.immutable.List[scala.Any](1L, 2.5)"
    );
    let alike = Parameter::List(vec![
        Parameter::Null,
        Vec::<i32>::new().into(),
        vec![Some(1), None].into(),
    ]);
    assert_eq!(
        alike.literal(&Language::Sql).unwrap(),
        "array(NULL, array(), array(1, NULL))"
    );
}

#[test]
fn collections_lie_thirty_two_deep_and_no_deeper() {
    let nested = |depth| (0..depth).fold(Parameter::Null, |inner, _| Parameter::List(vec![inner]));
    for language in [Language::Python, Language::Scala, Language::Sql] {
        assert!(nested(32).literal(&language).is_ok());
        assert_eq!(nested(33).literal(&language), Err(ParameterError::TooDeep));
        assert_eq!(nested(5_000).literal(&language), Err(ParameterError::TooDeep));
    }
}

#[test]
fn long_lists_and_texts_of_scala_are_made_in_pieces() {
    let list = Parameter::from((0..250).collect::<Vec<i32>>())
        .literal(&Language::Scala)
        .unwrap();
    assert_eq!(list.matches("() => scala.collection.immutable.List(").count(), 3);
    assert!(list.ends_with("249L)).flatMap(piece => piece())"), "{list}");

    let text = Parameter::from("x".repeat(70_000)).literal(&Language::Scala).unwrap();
    let (frame, constants) = cut(&text, '"');
    assert_eq!(frame, "scala.collection.immutable.List(\", \", \").mkString");
    assert_eq!(constants.concat(), "x".repeat(70_000));
}

#[test]
fn a_prelude_assigns_and_refuses_what_is_no_name() {
    let parameters = Parameters::from_iter([("b", Parameter::from("x")), ("a", Parameter::Null)]);
    assert_eq!(parameters.prelude(&Language::Python).unwrap(), "a = None\nb = 'x'\n");
    assert_eq!(
        parameters.prelude(&Language::Scala).unwrap(),
        "val a = null\nval b = \"x\"\n"
    );
    assert!(matches!(
        parameters.prelude(&Language::Sql),
        Err(ParameterError::NoPrelude { .. })
    ));

    let refused = |name: &str, language| {
        let error = Parameters::default().with(name, 1).prelude(&language).unwrap_err();
        matches!(error, ParameterError::Name { name: shown, .. } if shown == name)
    };
    for name in [
        "", "1a", "a b", "a=1;b", "a\n", "é", "_", "__", "a.b", "a-b", "while", "class",
    ] {
        assert!(
            refused(name, Language::Python) && refused(name, Language::Scala),
            "{name}"
        );
    }
    for name in ["None", "lambda", "__import__", "__builtins__", "print"] {
        assert!(refused(name, Language::Python), "{name}");
    }
    for name in ["val", "java", "scala", "_root_x\u{200b}"] {
        assert!(refused(name, Language::Scala), "{name}");
    }
    assert!(
        !Parameters::default()
            .with("match", 1)
            .prelude(&Language::Python)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn decimals_are_kept_as_written() {
    let shown = |text: &str| text.parse::<Decimal>().map(|decimal| decimal.to_string());
    assert_eq!(shown("+007.50").unwrap(), "7.50");
    assert_eq!(shown("-0.00").unwrap(), "0.00");
    assert_eq!(shown("00000000000000000000000000000000000000000").unwrap(), "0");
    for text in [
        "",
        "-",
        ".5",
        "5.",
        "1e5",
        "1_000",
        "NaN",
        "0x1",
        " 1",
        "١",
        &"1".repeat(39),
        "0.000000000000000000000000000000000000001",
    ] {
        assert_eq!(shown(text), Err(ParameterError::Decimal), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

    /// Text in Scala: one constant without quote, backslash or dollar; or base64 of the text.
    #[test]
    fn no_text_breaks_out_of_scala(text in text()) {
        let literal = Parameter::from(text.as_str()).literal(&Language::Scala).unwrap();
        prop_assert!(literal.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'\\' && byte != b'$'));
        let (frame, constants) = cut(&literal, '"');
        if frame == "\"" {
            prop_assert_eq!(&constants, &[text]);
        } else {
            prop_assert_eq!(frame, "new java.lang.String(java.util.Base64.getDecoder.decode(\"), \")");
            prop_assert_eq!(base64::decode(&constants[0]).unwrap(), text.into_bytes());
            prop_assert_eq!(&constants[1], "UTF-8");
        }
    }

    /// Text in SQL: one string of harmless characters, or the text in hexadecimal.
    #[test]
    fn no_text_breaks_out_of_sql(text in text()) {
        let literal = Parameter::from(text.as_str()).literal(&Language::Sql).unwrap();
        let (frame, constants) = cut(&literal, '\'');
        let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b" _.,:/@+=()-".contains(&byte);
        prop_assert!(constants[0].bytes().all(is_harmless) && !literal.contains("--"));
        prop_assert_eq!(constants.len(), 1);
        if frame == "\"" {
            prop_assert_eq!(&constants[0], &text);
        } else {
            prop_assert_eq!(frame, "CAST(X\" AS STRING)");
            prop_assert_eq!(unhex(&constants[0]), text.into_bytes());
        }
    }

    /// Any value: ASCII on one line, strings closed, and no character that a language reads before its strings.
    #[test]
    fn no_value_breaks_out(value in parameter()) {
        for (language, quote) in [(Language::Scala, '"'), (Language::Sql, '\'')] {
            let Ok(literal) = value.literal(&language) else { continue };
            let (frame, _) = cut(&literal, quote);
            prop_assert!(literal.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert!(!frame.contains(['\'', '\\', '`', ';', '$', '#']) && !frame.contains("--"), "{frame}");
        }
        let literal = value.literal(&Language::Python).unwrap();
        prop_assert!(literal.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}
