//! What a command may contain, and what it gives back as text or as an error.

use super::*;

#[tokio::test]
async fn the_value_of_the_last_expression_is_shown_and_variables_stay() {
    let mut python = Notebook::start().await;
    for (code, text) in [
        ("x = 6 * 7", ""),
        ("x", "42"),
        ("x; ", ""),
        ("x  # ;", "42"),
        ("(x,\n 'é'\n)  ;  # silent", ""),
        ("'é'; x", "42"),
        ("None", ""),
        ("_", "42"),
        ("print('a')\n'b'", "a\n'b'"),
        ("for i in range(2): i", ""),
        ("", ""),
        ("# nothing", ""),
        ("print('tail')\n\n", "tail"),
        ("print()", ""),
        ("print('one\\n')", "one\n"),
        ("__name__, len(__import__('sys').argv)", "('__main__', 1)"),
    ] {
        assert_eq!(python.text(code).await, text, "{code}");
    }
    assert!(python.interpreter.version().starts_with("3."));
    python.interpreter.shutdown().await;
}

#[tokio::test]
async fn indentation_of_the_whole_is_accepted() {
    let mut python = Notebook::start().await;
    let indented = "\n\n    def f():\n        return 'in'\n\n    print(f())\n    ";
    assert_eq!(python.text(indented).await, "in");
    assert_eq!(python.text("\tif True:\n\t    print('tab')").await, "tab");
    assert_eq!(python.text("  print('one')\r\n  print('two')\r\n").await, "one\ntwo");
    let (summary, _) = python.error("if True:\nprint(1)").await;
    assert!(summary.contains("IndentationError"), "{summary}");
}

#[tokio::test]
async fn an_exception_has_an_html_summary_and_a_traceback_with_source_lines() {
    let mut python = Notebook::start().await;
    python
        .text("def divide(a, b):\n    # by\n    return a / b\n\n\nunused = 1")
        .await;
    let (summary, cause) = python.error("print('before')\ndivide(1, 0)").await;
    assert_eq!(
        summary,
        "<span class='ansi-red-fg'>ZeroDivisionError</span>: division by zero"
    );
    let dashes = "-".repeat(75);
    let title = "Traceback (most recent call last)";
    assert_eq!(
        cause,
        format!(
            "{dashes}\nZeroDivisionError{title:>58}\n\
             File <command-2>, line 2\n      1 print('before')\n----> 2 divide(1, 0)\n\n\
             File <command-1>, line 3, in divide\n      1 def divide(a, b):\n      2     # by\n\
             ----> 3     return a / b\n\n\
             ZeroDivisionError: division by zero"
        )
    );
    assert_eq!(python.run("print('kept')\n1/0").await.output, "kept");
    assert_eq!(python.text("'still here'").await, "'still here'");
}

#[tokio::test]
async fn errors_of_all_kinds_are_told() {
    let mut python = Notebook::start().await;
    for (code, summary, in_cause) in [
        (
            "raise KeyError('a<b>&')",
            "KeyError</span>: 'a&lt;b&gt;&amp;'",
            "KeyError: 'a<b>&'",
        ),
        ("return", "SyntaxError</span>: 'return' outside function", "<command-"),
        ("x = = 1", "SyntaxError</span>: invalid syntax", "x = = 1\n        ^"),
        (
            "class E(Exception):\n  def __str__(self): return 1/0\nraise E()",
            "E</span>: &lt;",
            "E: <",
        ),
        ("def f(): f()\nf()", "RecursionError</span>", "frames left out"),
        ("raise ValueError('\\udc80')", "ValueError</span>: ?", "ValueError: ?"),
        (
            "import json; json.loads('{')",
            "JSONDecodeError</span>: Expecting",
            "json/__init__.py:",
        ),
        ("eval('1 +')", "SyntaxError</span>: ", "<string>, line 1"),
        ("raise SystemExit(3)", "SystemExit</span>: 3", "SystemExit: 3"),
        ("exit()", "SystemExit</span>: ", "SystemExit: "),
        (
            "import sys; sys.exit('bye')",
            "SystemExit</span>: bye",
            "SystemExit: bye",
        ),
        (
            "input('name? ')",
            "EOFError</span>: a command has no standard input",
            "input",
        ),
        (
            "import getpass; getpass.getpass()",
            "EOFError</span>: a command has",
            "getpass",
        ),
        (
            "raise KeyboardInterrupt",
            "KeyboardInterrupt</span>: ",
            "KeyboardInterrupt",
        ),
        ("'\\0'.join('ab'), \0", "</span>: source code", "null bytes"),
        (
            "class E(Exception): __notes__ = [object()]\nraise E",
            "E</span>: ",
            "E: ",
        ),
        (
            "%sql\nSELECT 1 AS one",
            "UsageError</span>: %sql is not supported here",
            "",
        ),
        (
            "print = None\ndel print\n%run ./other",
            "UsageError</span>: command execution does not support %run",
            "",
        ),
        ("%sql select 1", "UsageError</span>: %sql is not supported", ""),
        ("!ls", "UsageError</span>: `!` is not supported", "%sh"),
        ("%sh -e\nfalse\n", "ShellError</span>: the shell exited with code 1", ""),
    ] {
        let (found, cause) = python.error(code).await;
        assert!(found.contains(summary), "{code}: {found}");
        assert!(found.starts_with("<span class='ansi-red-fg'>"), "{found}");
        assert!(cause.contains(in_cause), "{code}: {cause}");
        assert!(!cause.contains("_dbx12"), "{code}: {cause}");
    }
    assert_eq!(python.text("print('alive')").await, "alive");
}

#[tokio::test]
async fn a_chain_of_exceptions_is_told_from_its_beginning() {
    let mut python = Notebook::start().await;
    let (summary, cause) = python
        .error("try:\n    1/0\nexcept Exception as e:\n    raise OSError('no') from e")
        .await;
    assert!(summary.ends_with("OSError</span>: no"));
    let order = ["ZeroDivisionError: division by zero", "direct cause", "OSError: no"];
    let places: Vec<_> = order.iter().map(|part| cause.find(part).unwrap()).collect();
    assert!(places.is_sorted(), "{cause}");
    let (_, cause) = python.error("try:\n    1/0\nfinally:\n    undefined").await;
    assert!(cause.contains("During handling of the above"), "{cause}");
    let (_, cause) = python
        .error("try:\n    1/0\nexcept Exception:\n    raise OSError from None")
        .await;
    assert!(!cause.contains("ZeroDivisionError"), "{cause}");
}

#[tokio::test]
async fn await_and_future_statements_work_at_the_top_level() {
    let mut python = Notebook::start().await;
    let code = "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 'awaited'\nawait f()";
    assert_eq!(python.text(code).await, "'awaited'");
    assert_eq!(python.text("task = asyncio.ensure_future(f())").await, "");
    assert_eq!(python.text("y = await task\ny").await, "'awaited'");
    assert_eq!(python.text("asyncio.run(f())").await, "'awaited'");
    let (_, cause) = python.error("async def g():\n    raise OSError(1)\nawait g()").await;
    assert!(!cause.contains("asyncio"), "{cause}");
    assert!(cause.contains("----> 3 await g()"), "{cause}");

    python.text("from __future__ import annotations").await;
    let code = "def h(a: no_such_type): pass\nh.__annotations__";
    assert_eq!(python.text(code).await, "{'a': 'no_such_type'}");
}

#[tokio::test]
async fn main_is_a_real_module() {
    let mut python = Notebook::start().await;
    let code = "import pickle, inspect\nclass P:\n    v = 1\ndef f():\n    pass\nq = pickle.loads(pickle.dumps(P()))\n\
                type(q) is P, inspect.getsource(f)";
    assert_eq!(python.text(code).await, "(True, 'def f():\\n    pass\\n')");
    let code = "import multiprocessing\ndef twice(n): return 2 * n\n\
                with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(twice, [1, 2]))";
    assert_eq!(python.text(code).await, "[2, 4]");
}

#[tokio::test]
async fn a_forked_child_never_becomes_a_second_worker() {
    let mut python = Notebook::start().await;
    let code = "import os\npid = os.fork()\nif pid: _, status = os.waitpid(pid, 0)\nelse: print('child')";
    assert_eq!(python.text(code).await, "child");
    assert_eq!(
        python.text("os.WEXITSTATUS(status), os.getpid() != pid").await,
        "(0, True)"
    );
    let code = "pid = os.fork()\nif not pid: raise OSError('in the child')\n_, status = os.waitpid(pid, 0)";
    let output = python.text(code).await;
    assert!(output.ends_with("OSError: in the child"), "{output}");
    let code = "pid = os.fork()\nif not pid: raise SystemExit(5)\n_, status = os.waitpid(pid, 0)";
    python.text(code).await;
    assert_eq!(python.text("os.WEXITSTATUS(status)").await, "5");
}

#[tokio::test]
async fn shell_and_text_commands() {
    let mut python = Notebook::start().await;
    assert_eq!(
        python.text("%sh echo one\necho two >&2; echo $0").await,
        "one\ntwo\n/bin/sh"
    );
    assert_eq!(python.text("\n%%sh\nexit 3").await, "(the shell exited with code 3)");
    assert_eq!(
        python.text("%sh kill -9 $$").await,
        "(the shell was killed by signal 9)"
    );
    assert_eq!(python.text("%md # Title\n* x").await, "# Title\n* x");
    assert_eq!(python.text("%python\n%matplotlib inline\n1 + 1").await, "2");
    assert_eq!(python.text("s = '''\n%sh no\n'''\nlen(s)").await, "8");
    let output = python.text("if True:\n    %pip --version\n").await;
    assert!(output.starts_with("pip "), "{output}");
    let (summary, _) = python.error("x = 1\n%pip no-such-command").await;
    assert!(summary.contains("PipError</span>: pip exited with code 1"), "{summary}");
}

#[tokio::test]
async fn libraries_are_found_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let libraries = folder.path().join("libraries");
    let mut python = Notebook::with(PythonConfig {
        library_dir: Some(libraries.clone()),
        ..PythonConfig::default()
    })
    .await;
    python.error("import dbx12_first").await;
    std::fs::create_dir(&libraries).unwrap();
    std::fs::write(libraries.join("dbx12_first.py"), "x = 1").unwrap();
    assert_eq!(python.text("import dbx12_first; dbx12_first.x").await, "1");
    std::fs::write(libraries.join("dbx12_second.py"), "x = 2").unwrap();
    assert_eq!(python.text("import dbx12_second; dbx12_second.x").await, "2");
    assert_eq!(python.text("import sys; sys.argv, sys.path[0]").await, "([''], '')");

    let (summary, _) = python.error("%pip install --no-index dbx12-no-such-package -q").await;
    assert!(summary.contains("PipError"), "{summary}");
}
