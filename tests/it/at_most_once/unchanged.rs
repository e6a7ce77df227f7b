//! What carries a mark does what it does without.

use super::*;

/// Run one after another in one context.
const PROGRAMS: &[&str] = &[
    "1 + 1",
    "1 + 1;",
    "x = 20\nx + 1\n\n",
    "\"\"\"A docstring.\"\"\"\nfrom __future__ import annotations\ndef f(a: nowhere): return a\nf(1)",
    "def g(a: nowhere_either): return a\n\n\n",
    "__doc__, sorted(name for name in globals() if not name.startswith('__'))",
    "import asyncio\nawait asyncio.sleep(0)\n'waited'",
    "# a remark only",
    "'''a text\nof lines'''",
    "print('a', end='')\nprint('ä')",
    "    indented = 1\n    indented",
    "if x:\r\n    y = 'windows'\r\ny",
    "_",
    "eval(compile('[1, 2]', 'f', mode='eval', optimize=0)), callable(compile), compile.__name__",
    "names = {}; exec(compile('def f(a: no_such_name): pass', 'f', 'exec'), names); names['f'].__annotations__",
    "import ast; ast.dump(ast.parse('1'))",
    "%sh echo shell",
    "%python\n1",
    "%md words",
    // Failures: the trace and the words are the same.
    "1/0",
    "def fails():\n    raise KeyError('k')\n\nfails()",
    "f(",
    "if x:",
    "if x:\n",
    "x = 'abc",
    "x = '''abc",
    "x = '''abc\n\n",
    "x = 1 +",
    "x = 1 + \\",
    "return 1",
    "def f():\n  a\n b",
    "%nonsense",
    "x ? y",
    "y = 1\x00",
    "import sys; sys.exit('out')",
    "compile('x y', 'f', 'exec')",
    "import ast\nast.parse('x y')",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_marked_runs_as_it_would_without() {
    let way = Relayed::for_commands([]).await;
    let marked = open(&way).await;
    let plain = way.builder(Language::Python).at_most_once(false).open().await.unwrap();
    // The command that sets up the watch has a number; here the numbers are to be the same.
    plain.run("pass").await.unwrap().ok().unwrap();
    for program in PROGRAMS {
        let (marked, plain) = (marked.run(*program).await, plain.run(*program).await);
        assert_eq!(marked.unwrap(), plain.unwrap(), "{program}");
    }
    marked.close().await.unwrap();
    plain.close().await.unwrap();
    way.workspace.shutdown().await;
}
