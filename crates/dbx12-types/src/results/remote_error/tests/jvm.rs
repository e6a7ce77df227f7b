//! Traces of the JVM, mistakes in SQL, and what the Scala compiler complains of.

use super::{error, frames, raised, some};
use crate::RemoteError;

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
        <console>:23: error: type mismatch;\n found   : String(\"s\")\n required: Int\n       val x: Int = \"s\"\n                    ^\n";
    let cause = RemoteError::new(None, text);
    assert_eq!(
        frames(&cause),
        [
            "command-2010026639661005:1 | dbutils.notebook.exit(path)",
            "<console>:23 | val x: Int = \"s\""
        ]
    );
    assert_eq!(frames(&error(text, "")), frames(&cause));
    assert_eq!(raised(&cause), some("error", "not found: value path"));
    assert_eq!(cause.plain(), "error: not found: value path");
    assert_eq!(raised(&error(text, "")), raised(&cause));

    let (_, second) = text.split_once("^\n").unwrap();
    let mismatch = "type mismatch;\n found   : String(\"s\")\n required: Int";
    assert_eq!(raised(&RemoteError::new(None, second)), some("error", mismatch));
    let without_code = RemoteError::new(None, "<console>:23: error: ';' expected but integer literal found.\n");
    assert_eq!(frames(&without_code), ["<console>:23"]);
    assert_eq!(without_code.plain(), "error: ';' expected but integer literal found.");
    for words in [
        "see: error: 1\nfile: 2: error: x",
        "error: unknown option",
        "x\n  ^\nerror, not found",
    ] {
        let words = RemoteError::new(None, words);
        assert_eq!((frames(&words), raised(&words)), (Vec::new(), None));
    }
}

#[test]
fn later_scala_compilers_show_the_place_above() {
    let text = "       path\n       ^\n       error: not found: value path\n         other\n         ^\n       error: not found: value other\n";
    let error = RemoteError::new(None, text);
    assert_eq!(raised(&error), some("error", "not found: value path"));
    assert_eq!(error.plain(), "error: not found: value path");
    assert_eq!(frames(&error), Vec::<String>::new());
}

#[test]
fn types_between_angle_brackets_are_no_markup() {
    let message = "cannot cast STRUCT<code: STRING, b: INT> and Map<A, B> to \"INT\".";
    let error = RemoteError::new(Some(format!("org.apache.spark.sql.AnalysisException: {message}")), "");
    assert!(error.plain().contains(message), "{}", error.plain());
}
