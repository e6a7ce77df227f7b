//! Errors as clusters of several generations send them.

use crate::RemoteError;
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

/// `(class, message)`.
fn raised(error: &RemoteError) -> Option<(String, String)> {
    error.exception().map(|exception| (exception.class, exception.message))
}

fn some(class: &str, message: &str) -> Option<(String, String)> {
    Some((class.to_owned(), message.to_owned()))
}

/// Each frame with its line of code.
fn frames(error: &RemoteError) -> Vec<String> {
    let shown = |frame: &crate::results::Frame| match &frame.source_line {
        Some(source) => format!("{frame} | {source}"),
        None => frame.to_string(),
    };
    error.frames().iter().map(shown).collect()
}

fn error(summary: &str, cause: &str) -> RemoteError {
    let summary = Some(summary.to_owned()).filter(|summary| !summary.is_empty());
    RemoteError::new(summary, cause)
}

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

#[test]
fn an_error_of_the_jvm_below_python() {
    let cause = "Py4JJavaError                             Traceback (most recent call last)\n\
        File <command-1>:1\n\
        ----> 1 df.collect()\n\
        \n\
        Py4JJavaError: An error occurred while calling o123.load.\n\
        : java.io.FileNotFoundException: No such file: dbfs:/x\n\
        \tat com.databricks.backend.daemon.data.client.DBFSV2.$anonfun$listStatus$1(DatabricksFileSystemV2.scala:95)\n\
        \tat java.base/java.lang.Thread.run(Thread.java:840)\n\
        Caused by: java.lang.IllegalStateException: closed\n\
        \tat a.B.c(B.java:1)\n\
        \t... 12 more\n";
    let error = RemoteError::new(None, cause);
    let message = "An error occurred while calling o123.load.\n: java.io.FileNotFoundException: No such file: dbfs:/x";
    assert_eq!(raised(&error), some("Py4JJavaError", message));
    let causes: Vec<_> = error.causes().iter().map(ToString::to_string).collect();
    assert_eq!(
        causes,
        [
            "java.io.FileNotFoundException: No such file: dbfs:/x",
            "java.lang.IllegalStateException: closed"
        ]
    );
    assert_eq!(frames(&error), ["<command-1>:1 | df.collect()"]);
}

#[test]
fn a_trace_of_the_jvm() {
    let cause = "org.apache.spark.SparkException: Job aborted:\n  Task 0 failed\n\nDriver stacktrace:\n\
        \tat org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala:3694)\n\
        \tat sun.reflect.NativeMethodAccessorImpl.invoke0(Native Method)\n\
        \tat $line14.$read$$iw.<init>(command-12:4)\n\
        \tSuppressed: java.lang.Exception: x\n\
        Caused by: java.io.IOException: disk\n\
        \tat a.B.c(B.java:1)\n";
    let error = RemoteError::new(None, cause);
    let message = "Job aborted:\n  Task 0 failed\n\nDriver stacktrace:";
    assert_eq!(raised(&error), some("org.apache.spark.SparkException", message));
    assert_eq!(error.exception().unwrap().name(), "SparkException");
    assert_eq!(error.causes()[0].class, "java.io.IOException");
    assert_eq!(
        frames(&error),
        [
            "command-12:4 in $line14.$read$$iw.<init>",
            "DAGScheduler.scala:3694 in org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages",
        ]
    );
    let shell = "java.lang.IllegalStateException: no\nmore\n  at f(<console>:22)\n  ... 47 elided\n";
    let shell = RemoteError::new(None, shell);
    assert_eq!(raised(&shell), some("java.lang.IllegalStateException", "no\nmore"));
    assert_eq!(frames(&shell), ["<console>:22 in f"]);
    let thread = RemoteError::new(
        None,
        "Exception in thread \"main\" java.lang.Error: x\n\tat a.b(C.java:1)",
    );
    assert_eq!(raised(&thread), some("java.lang.Error", "x"));
}

#[test]
fn a_mistake_in_sql_has_a_position() {
    let parser = "\nmismatched input 'selec' expecting {'SELECT'}(line 1, pos 38)\n\n== SQL ==\nselec 1\n^^^\n";
    let summary = format!("Error in SQL statement: ParseException: {parser}");
    let wrapped = format!(
        "com.databricks.backend.common.rpc.DatabricksExceptions$SQLExecutionException: \
         org.apache.spark.sql.catalyst.parser.ParseException: {parser}\n\tat org.apache.spark.sql.X.y(X.scala:1)\n"
    );
    let parse = error(&summary, &wrapped);
    assert_eq!(parse.exception().unwrap().class, "ParseException");
    assert_eq!(parse.position().unwrap().to_string(), "line 1, column 38");
    let only_cause = RemoteError::new(None, wrapped);
    assert_eq!(
        only_cause.exception().unwrap().class,
        "org.apache.spark.sql.catalyst.parser.ParseException"
    );
    assert_eq!(
        (
            only_cause.position().unwrap().line,
            only_cause.position().unwrap().column
        ),
        (1, 38)
    );

    let analysis = error(
        "Error in SQL statement: AnalysisException: [UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `foo` cannot be \
         resolved. SQLSTATE: 42703; line 2 pos 7;\n'Project ['foo]\n",
        "",
    );
    let exception = analysis.exception().unwrap();
    assert_eq!(exception.condition(), Some("UNRESOLVED_COLUMN.WITH_SUGGESTION"));
    assert_eq!(
        (exception.name(), exception.sql_state()),
        ("AnalysisException", Some("42703"))
    );
    assert_eq!(analysis.position().unwrap().to_string(), "line 2, column 7");
    assert_eq!(
        error("line 3 pos x, line 4", "in line 99999999999 pos 1").position(),
        None
    );
}

#[test]
fn what_the_scala_compiler_complains_of_has_places() {
    let text = "command-2010026639661005:1: error: not found: value path\ndbutils.notebook.exit(path)\n                      ^\n\
        <console>:23: error: type mismatch;\n found   : String\n";
    let cause = RemoteError::new(None, text);
    assert_eq!(
        frames(&cause),
        [
            "command-2010026639661005:1 | dbutils.notebook.exit(path)",
            "<console>:23 | found   : String"
        ]
    );
    assert_eq!(frames(&error(text, "")), frames(&cause));
    assert_eq!(cause.exception(), None);
    assert_eq!(
        frames(&RemoteError::new(None, "see: error: 1\nfile: 2: error: x")),
        Vec::<String>::new()
    );
}

#[test]
fn the_plain_text_is_what_happened() {
    for (summary, cause, plain) in [
        (
            "<span class='ansi-red-fg'>Exception</span>: &lt;juhu&gt;",
            "…",
            "Exception: <juhu>",
        ),
        ("", "Traceback\n\u{1b}[31mKeyError\u{1b}[0m: 'a'\n\n", "KeyError: 'a'"),
        ("", "", ""),
        (" ", "first\nlast\n\n", "last"),
        ("", "x\nErrorMessage=Error was here\nmore", "Error was here"),
        (
            "",
            "ExecutionError: \nStatusCode=400\nStatusDescription=ABC",
            "ExecutionError: StatusCode=400\nStatusDescription=ABC",
        ),
        (
            "<b>NotFoundException: it went wrong; nested exception is: here</b>",
            "",
            "NotFoundException: it went wrong; nested exception is: here",
        ),
        (
            "",
            "java.lang.IllegalStateException: the kernel may be restarting\n\tat a.b(C.scala:1)",
            "java.lang.IllegalStateException: the kernel may be restarting",
        ),
    ] {
        assert_eq!(error(summary, cause).plain(), plain);
    }
}

#[test]
fn a_cancelled_command_is_known_by_its_cause() {
    let cause = "com.databricks.backend.common.rpc.CommandCancelledException\n\tat com.databricks.spark.chauffeur.X.y(Z.scala:1)";
    let error = RemoteError::new(None, cause);
    assert!(error.is_cancelled());
    assert_eq!(
        raised(&error),
        some("com.databricks.backend.common.rpc.CommandCancelledException", "")
    );
    assert!(!RemoteError::new(None, "KeyboardInterrupt").is_cancelled());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_error_makes_it_panic(summary in any::<Option<String>>(), cause in any::<String>()) {
        look_at(&RemoteError::new(summary, cause))?;
    }

    #[test]
    fn nor_does_one_that_is_almost_as_usual(
        cause in "(File |\"|<command-1>|Cell In\\[1\\]|, line |:2|, in f\\(x\\)| in |---> 3 |\n|\n {4}|\tat |a.b\\(C:1\\)|Caused by: |\
            KeyError|: |The above exception was the direct cause of the following exception:|line 1, pos 2|: error: |é|\
            \u{1b}\\[3|<b>|&lt;|\\[A\\]|SQLSTATE: |Exception in thread \"|SQLExecutionException){0,16}",
    ) {
        look_at(&RemoteError::new(None, cause.as_str()))?;
        look_at(&RemoteError::new(Some(cause), ""))?;
    }
}

fn look_at(error: &RemoteError) -> Result<(), proptest::test_runner::TestCaseError> {
    for exception in error.exception().into_iter().chain(error.causes()) {
        prop_assert!(!exception.class.is_empty());
        let _ = (exception.name(), exception.condition(), exception.sql_state());
    }
    prop_assert!(error.frames().iter().all(|frame| !frame.file.contains('\n')));
    let _ = (error.plain(), error.position(), error.is_cancelled());
    Ok(())
}

#[test]
fn a_message_on_a_line_of_its_own_is_told_behind_its_class() {
    let error = RemoteError::new(None, "coledException\ntte.cancel(ExecContextState.scalaw:428)");
    assert_eq!(error.plain(), "coledException: tte.cancel(ExecContextState.scalaw:428)");
}
