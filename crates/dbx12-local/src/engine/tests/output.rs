//! What reaches the output, in which order, and how much of it.

use super::*;

#[tokio::test]
async fn all_writers_are_in_true_order() {
    let mut python = Notebook::start().await;
    let code = "import ctypes, os, subprocess, sys\n\
                libc = ctypes.CDLL(None)\n\
                print('print')\n\
                print('stderr', file=sys.stderr)\n\
                os.write(1, b'write\\n')\n\
                libc.printf(b'C\\n')\n\
                _ = subprocess.run(['sh', '-c', 'echo child; echo child stderr >&2'])\n\
                sys.stdout.write('end')\n\
                _ = os.system('echo system')\n\
                libc.printf(b'no newline');";
    assert_eq!(
        python.text(code).await,
        "print\nstderr\nwrite\nC\nchild\nchild stderr\nendsystem\nno newline"
    );
}

#[tokio::test]
async fn output_is_bounded_and_says_so() {
    let mut python = Notebook::with(PythonConfig {
        output_limit: 1 << 20,
        ..PythonConfig::default()
    })
    .await;
    let execution = python.run("print('€' * 1_000_000)").await;
    assert!(execution.output_truncated);
    let (kept, note) = execution.output.split_once('\n').unwrap();
    assert_eq!(kept, "€".repeat((1 << 20) / 3));
    assert!(note.contains("output truncated: 1951425 more bytes"), "{note}");

    let execution = python.run("print('x' * (1 << 20), end='')").await;
    assert!(!execution.output_truncated);
    assert_eq!(execution.output.len(), 1 << 20);
}

#[tokio::test]
async fn nothing_a_command_prints_or_closes_breaks_the_protocol() {
    let mut python = Notebook::start().await;
    assert_eq!(python.text("import os, sys; os.closerange(3, 100)").await, "");
    assert_eq!(
        python.text(r"_ = os.write(1, b'\x00\x00\x00\x05{\xff')").await,
        "\0\0\0\u{5}{\u{fffd}"
    );
    assert_eq!(python.text(r"print('\udc80')").await, "\\udc80");
    python.run("os.close(0); os.close(1); os.close(2); print('lost')").await;
    assert_eq!(
        python
            .text("print('descriptors'); print('again', file=sys.stderr)")
            .await,
        "descriptors\nagain"
    );
    python
        .run("sys.stdout.close(); sys.stderr.close(); sys.stdin.close()")
        .await;
    assert_eq!(python.text("print('streams', sys.stdin.read())").await, "streams ");
    python
        .run("sys.stdout.detach(); del sys.stderr; sys.stdin = None")
        .await;
    assert_eq!(python.text("print('detached', file=sys.stderr)").await, "detached");
    python.run("os.set_blocking(1, False)").await;
    assert_eq!(python.text("print('x' * 3_000_000)").await.len(), 3_000_000);
    python.text("exit").await;
    let code = "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()): print('hidden')\nprint('shown')";
    assert_eq!(python.text(code).await, "shown");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_child_that_goes_on_writing_neither_blocks_nor_is_waited_for() {
    let mut python = Notebook::with(PythonConfig {
        output_limit: 4 << 20,
        ..PythonConfig::default()
    })
    .await;
    // More than the pipe and what is kept of it hold.
    let code = "import subprocess\nchild = subprocess.Popen(['yes'])\n\
                while int(open(f'/proc/{child.pid}/io').read().split()[3]) < 8 << 20: pass";
    let execution = python.run(code).await;
    assert!(execution.output_truncated && execution.output.starts_with("y\ny\n"));
    assert!(
        python
            .run("import time; time.sleep(0.01)")
            .await
            .output
            .contains("y\ny\n")
    );
    python.run("child.kill(); _ = child.wait()").await;
    assert_eq!(python.text("1").await, "1");
}

#[tokio::test]
async fn output_between_commands_belongs_to_none() {
    let mut python = Notebook::start().await;
    let (gate, late) = (Milestone::new(), Milestone::new());
    let code = format!(
        "import threading\ndef late():\n    {}\n    milestone.recv(1)\n    print('late')\n    {}\n\
         threading.Thread(target=late, daemon=True).start()",
        gate.code(),
        late.code()
    );
    assert_eq!(python.text(&code).await, "");
    gate.reached().await; // closed at once, by which the thread goes on
    late.reached().await;
    assert_eq!(python.text("print('mine')").await, "mine");
}

#[tokio::test]
async fn the_environment_is_what_a_program_needs_and_no_secret() {
    let mut python = Notebook::with(PythonConfig {
        env: vec![("DBX12_EXTRA".into(), "given".into())],
        ..PythonConfig::default()
    })
    .await;
    let seen = python.text("import os; print(*sorted(os.environ), sep='\\n')").await;
    for name in seen.lines() {
        // The interpreter's start script (pyenv) and Python itself (LC_CTYPE) add their own; the worker one more.
        let added = [
            "DBX12_EXTRA",
            "DBX12_LOCAL_PROCESS",
            "MPLBACKEND",
            "PWD",
            "OLDPWD",
            "SHLVL",
            "_",
        ]
        .contains(&name)
            || name.contains("PYENV");
        assert!(added || environment::is_allowed(name), "{name}");
    }
    assert_eq!(python.text("os.environ['DBX12_EXTRA']").await, "'given'");
    for name in [
        "DATABRICKS_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "CARGO_HOME",
        "PYTHONSTARTUP",
        "PYTHONINSPECT",
    ] {
        assert!(!environment::is_allowed(name), "{name}");
    }
    for name in ["PATH", "HOME", "LC_ALL", "HTTPS_PROXY", "https_proxy", "PIP_INDEX_URL"] {
        assert!(environment::is_allowed(name), "{name}");
    }
}
