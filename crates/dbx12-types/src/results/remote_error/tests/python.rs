//! Tracebacks of Python, of several generations.

use super::{error, frames, raised, some};
use crate::RemoteError;

/// A runtime with IPython 7: the line is where the arrow is.
const COLOURED: &str = "\u{1b}[0;31m---------------------------------------------------------------------------\u{1b}[0m\n\
\u{1b}[0;31mKeyError\u{1b}[0m                                  Traceback (most recent call last)\n\
\u{1b}[0;32m<command-4021>\u{1b}[0m in \u{1b}[0;36m<cell line: 12>\u{1b}[0;34m()\u{1b}[0m\n\
\u{1b}[1;32m     11\u{1b}[0m \u{1b}[0;34m\u{1b}[0m\u{1b}[0m\n\
\u{1b}[0;32m---> 12\u{1b}[0;31m \u{1b}[0mprint\u{1b}[0m\u{1b}[0;34m(\u{1b}[0m\u{1b}[0mtotal\u{1b}[0m\u{1b}[0;34m(\u{1b}[0m\u{1b}[0mrow\u{1b}[0m\u{1b}[0;34m)\u{1b}[0m\u{1b}[0;34m)\u{1b}[0m\n\
\u{1b}[0m\n\
\u{1b}[0;32m/Workspace/Repos/ann@example.com/shop/prices.py\u{1b}[0m in \u{1b}[0;36mtotal\u{1b}[0;34m(row, vat)\u{1b}[0m\n\
\u{1b}[1;32m      4\u{1b}[0m \u{1b}[0;32mdef\u{1b}[0m \u{1b}[0mtotal\u{1b}[0m(row, vat=0.19):\n\
\u{1b}[0;32m----> 5\u{1b}[0;31m     \u{1b}[0;32mreturn\u{1b}[0m \u{1b}[0mrow\u{1b}[0m\u{1b}[0;34m[\u{1b}[0m\u{1b}[0;34m'price'\u{1b}[0m\u{1b}[0;34m]\u{1b}[0m * (1 + vat)\n\
\u{1b}[0m\n\
\u{1b}[0;31mKeyError\u{1b}[0m: 'price'";

#[test]
fn a_coloured_traceback_of_older_runtimes() {
    let error = error("<span class='ansi-red-fg'>KeyError</span>: &#39;price&#39;", COLOURED);
    assert_eq!(error.plain(), "KeyError: 'price'");
    assert_eq!(raised(&error), some("KeyError", "'price'"));
    assert_eq!(raised(&RemoteError::new(None, COLOURED)), some("KeyError", "'price'"));
    assert_eq!(
        frames(&error),
        [
            "<command-4021>:12 in <cell line: 12> | print(total(row))",
            "/Workspace/Repos/ann@example.com/shop/prices.py:5 in total | return row['price'] * (1 + vat)",
        ]
    );
}

#[test]
fn a_traceback_of_newer_runtimes() {
    let cause = "---------------------------------------------------------------------------\n\
        AnalysisException                         Traceback (most recent call last)\n\
        File <command-3684298126601210>, line 2\n\
        \x20     1 print('now')\n\
        ----> 2 load('nope')\n\
        \n\
        File <command-3301156189242308>:7, in load(name, *, retries)\n\
        \x20     5 # a comment\n\
        \x20  (...)\n\
        ----> 7     return spark.table(name)\n\
        \n\
        File /databricks/spark/python/pyspark/errors/exceptions/captured.py:261, in capture.<locals>.deco(*a, **kw)\n\
        \x20   259     # JVM exception message.\n\
        --> 261     raise converted from None\n\
        \x20   262 else:\n\
        \n\
        AnalysisException: [TABLE_OR_VIEW_NOT_FOUND] The table or view `nope` cannot be found. Verify the spelling.\n\
        To tolerate the error on drop use DROP VIEW IF EXISTS. SQLSTATE: 42P01;\n\
        'UnresolvedRelation [nope], [], false\n";
    let error = RemoteError::new(None, cause);
    let exception = error.exception().unwrap();
    assert_eq!(exception.class, "AnalysisException");
    assert!(exception.message.ends_with("'UnresolvedRelation [nope], [], false"));
    assert_eq!(exception.condition(), Some("TABLE_OR_VIEW_NOT_FOUND"));
    assert_eq!(exception.sql_state(), Some("42P01"));
    assert_eq!(
        frames(&error),
        [
            "<command-3684298126601210>:2 | load('nope')",
            "<command-3301156189242308>:7 in load | return spark.table(name)",
            "/databricks/spark/python/pyspark/errors/exceptions/captured.py:261 in capture.<locals>.deco \
             | raise converted from None",
        ]
    );
}

#[test]
fn a_traceback_of_ipython_and_its_chain() {
    let cause = "ZeroDivisionError                         Traceback (most recent call last)\n\
        Cell In[1], line 2\n\
        \x20     1 try:\n\
        ----> 2   1/0\n\
        \n\
        ZeroDivisionError: division by zero\n\
        \n\
        The above exception was the direct cause of the following exception:\n\
        \n\
        ValueError                                Traceback (most recent call last)\n\
        Input In [1], in <cell line: 1>()\n\
        ----> 4   raise ValueError('x') from e\n\
        \n\
        ValueError: x: y\n\
        \n\
        z: 1\n";
    let error = RemoteError::new(None, cause);
    assert_eq!(raised(&error), some("ValueError", "x: y\n\nz: 1"));
    assert_eq!(error.causes()[0].to_string(), "ZeroDivisionError: division by zero");
    assert_eq!(
        frames(&error),
        ["Input In [1]:4 in <cell line: 1> | raise ValueError('x') from e"]
    );
}

#[test]
fn a_traceback_of_python_itself() {
    let cause = "Traceback (most recent call last):\n  File \"<command-1>\", line 7, in <module>\n    main()\n    ~~~~^^\n  \
        File \"/databricks/python/x.py\", line 3, in f.<locals>.g\n    raise Problem()\n__main__.f.<locals>.Problem: no: \
        not\n  at all\n";
    let error = RemoteError::new(None, cause);
    assert_eq!(raised(&error), some("__main__.f.<locals>.Problem", "no: not\n  at all"));
    assert_eq!(error.exception().unwrap().name(), "Problem");
    assert_eq!(
        frames(&error),
        [
            "<command-1>:7 in <module> | main()",
            "/databricks/python/x.py:3 in f.<locals>.g | raise Problem()"
        ]
    );
}

#[test]
fn a_syntax_error_has_a_place_too() {
    let summary = "<span class='ansi-red-fg'>SyntaxError</span>: invalid syntax (shop.py, line 3)";
    let cause = "Traceback \u{1b}[0;36m(most recent call last)\u{1b}[0m:\n\n  File \u{1b}[1;32m\"<command--1>\"\u{1b}[0m, line \
        \u{1b}[1;32m43\u{1b}[0m, in \u{1b}[1;35m<cell line: 43>\u{1b}[0m\n    import shop\n\n\u{1b}[0;36m  File \
        \u{1b}[0;32m\"/Workspace/shop.py\"\u{1b}[0;36m, line \u{1b}[0;32m3\u{1b}[0m\n\u{1b}[0;31m    a b\u{1b}[0m\n\u{1b}[0m      \
        ^\u{1b}[0m\n\u{1b}[0;31mSyntaxError\u{1b}[0m\u{1b}[0;31m:\u{1b}[0m invalid syntax\n";
    let error = error(summary, cause);
    assert_eq!(raised(&error), some("SyntaxError", "invalid syntax (shop.py, line 3)"));
    assert_eq!(
        raised(&RemoteError::new(None, cause)),
        some("SyntaxError", "invalid syntax")
    );
    assert_eq!(
        frames(&error),
        [
            "<command--1>:43 in <cell line: 43> | import shop",
            "/Workspace/shop.py:3 | a b"
        ]
    );
    let cell = RemoteError::new(
        None,
        "  Cell In[1], line 1\n    def g(:\n          ^\nSyntaxError: invalid syntax\n",
    );
    assert_eq!(frames(&cell), ["Cell In[1]:1 | def g(:"]);
}

#[test]
fn an_exception_without_a_message_or_with_a_class_of_any_name() {
    assert_eq!(
        raised(&error("<span class='ansi-red-fg'>KeyboardInterrupt</span>: ", "")),
        some("KeyboardInterrupt", "")
    );
    assert_eq!(
        raised(&error("<span class='ansi-red-fg'>NoLuck</span>: a &lt;b&gt;", "")),
        some("NoLuck", "a <b>")
    );
    let cause = "Traceback (most recent call last):\n  File \"<command-1>\", line 1, in <module>\nStopIteration\n";
    assert_eq!(raised(&RemoteError::new(None, cause)), some("StopIteration", ""));
    for (summary, cause) in [
        ("Note: be careful", ""),
        ("Error: object 'x' not found", ""),
        ("", "some words"),
        ("", ""),
    ] {
        assert_eq!(raised(&error(summary, cause)), None);
    }
    let misplaced = error(
        "Traceback ...\nNameError: name 'x' is not defined",
        "NameError: name 'x' is not defined",
    );
    assert_eq!(raised(&misplaced), some("NameError", "name 'x' is not defined"));
}

/// As CPython 3.11 prints it.
const GROUP: &str = include_str!("group.txt");

#[test]
fn a_group_of_exceptions_and_what_is_in_it() {
    let error = RemoteError::new(None, GROUP);
    assert_eq!(raised(&error), some("ExceptionGroup", "unhandled (3 sub-exceptions)"));
    assert_eq!(error.plain(), "ExceptionGroup: unhandled (3 sub-exceptions)");
    assert_eq!(
        frames(&error),
        [
            "<command-1>:21 in <module> | g()",
            "<command-1>:14 in g | raise ExceptionGroup(\"unhandled\", excs)"
        ]
    );
    let causes: Vec<_> = error.causes().iter().map(ToString::to_string).collect();
    assert_eq!(
        causes,
        [
            "ZeroDivisionError: division by zero",
            "ValueError: bad 0",
            "Odd: never raised",
            "ExceptionGroup: inner\nsecond line (1 sub-exception)",
            "TypeError: t",
            "KeyError: 'k'",
        ]
    );
    assert_eq!(error.traceback(), GROUP);
}

#[test]
fn what_follows_a_group_is_no_part_of_it() {
    let text = format!(
        "{GROUP}\nThe above exception was the direct cause of the following exception:\n\n\
         Traceback (most recent call last):\n  File \"<command-1>\", line 23, in <module>\n    h()\nOuter: y\n"
    );
    let error = RemoteError::new(None, text);
    assert_eq!(raised(&error), some("Outer", "y"));
    assert_eq!(frames(&error), ["<command-1>:23 in <module> | h()"]);
    assert_eq!(
        error.causes()[0].to_string(),
        "ExceptionGroup: unhandled (3 sub-exceptions)"
    );
    assert_eq!(error.causes().len(), 7);
    // Margins of another meaning stay.
    let table = "| a |\n+---+\nKeyError: 'x'\n  | y";
    assert_eq!(raised(&RemoteError::new(None, table)), some("KeyError", "'x'\n  | y"));
}
