//! Processes that end, by themselves or by us, and what is left of them.

use super::*;

#[tokio::test]
async fn a_death_is_noticed_and_told_with_all_output_until_then() {
    for (code, reason, output) in [
        (
            "import os\nprint('last words', end='')\nos._exit(7)",
            "exited with code 7",
            "last words",
        ),
        (
            "import os; os.kill(os.getpid(), 9)",
            "was killed by signal 9 (SIGKILL)",
            "",
        ),
        (
            "import os; os.closerange(3, 1000)",
            "exited with code 1",
            "the control channel is closed",
        ),
        (
            "import faulthandler, ctypes\nprint('before')\nctypes.string_at(0)",
            "was killed by signal 11 (SIGSEGV)",
            "before\nFatal Python error: Segmentation fault",
        ),
    ] {
        let mut python = Notebook::start().await;
        let pid = python.interpreter.pid();
        let (told, written) = python.death(code).await;
        assert_eq!(told, reason);
        assert!(written.starts_with(output), "{code}: {written}");
        assert!(!exists(pid));
        assert_eq!(python.death("1").await, (told, String::new()));
        python.interpreter.shutdown().await;
    }
}

#[tokio::test]
async fn a_segfault_shows_the_line_of_the_command() {
    let mut python = Notebook::start().await;
    let (_, written) = python.death("import ctypes\n\nctypes.string_at(0)").await;
    assert!(written.contains("File \"<command-1>\", line 3"), "{written}");
}

#[tokio::test]
async fn a_death_between_commands_is_noticed() {
    let mut python = Notebook::start().await;
    python
        .text("import os, threading\nthreading.Timer(0.02, os._exit, [9]).start()")
        .await;
    assert_eq!(python.interpreter.died().await, "exited with code 9");
    assert_eq!(python.interpreter.died().await, "exited with code 9");
}

#[tokio::test]
async fn children_that_hold_the_pipe_do_not_delay_the_news() {
    let mut python = Notebook::start().await;
    let code = "import os, subprocess, time\nchild = subprocess.Popen(['sleep', '60']).pid\n\
                if not os.fork(): time.sleep(60)\nprint(child, end='')\nos._exit(1)";
    let start = Instant::now();
    let (reason, child) = python.death(code).await;
    assert_eq!(reason, "exited with code 1");
    assert!(start.elapsed() < Duration::from_secs(3));
    gone(child.parse().unwrap()).await;
}

#[tokio::test]
async fn memory_that_runs_out_is_an_exception() {
    let mut python = Notebook::with(PythonConfig {
        memory_limit: Some(256 << 20),
        ..PythonConfig::default()
    })
    .await;
    let (summary, _) = python.error("x = bytearray(1 << 30)").await;
    assert!(summary.contains("MemoryError"), "{summary}");
    assert_eq!(python.text("1").await, "1");
}

/// The folder that is the interpreter's working directory, and a child of its own.
async fn traces(python: &mut Notebook) -> (PathBuf, u32) {
    let code = "import os, subprocess\nopen('file', 'w').write('x')\n\
                print(os.getcwd(), subprocess.Popen(['sleep', '60']).pid)";
    let output = python.text(code).await;
    let (folder, child) = output.split_once(' ').unwrap();
    (PathBuf::from(folder), child.parse().unwrap())
}

#[tokio::test]
async fn shutdown_leaves_no_process_and_no_folder() {
    let mut python = Notebook::start().await;
    let (folder, child) = traces(&mut python).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let code = format!("import atexit\natexit.register(lambda: open({path:?}, 'w').write('polite'))\n;");
    python.run(&code).await;
    python.run(&code[..code.len() - 2]).await;
    assert!(folder.exists());
    let pid = python.interpreter.pid();
    python.interpreter.shutdown().await;
    assert!(!exists(pid) && !folder.exists());
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "polite");
    gone(child).await;
}

#[tokio::test]
async fn shutdown_of_what_will_not_end_is_not_polite() {
    let mut python = Notebook::start().await;
    python
        .text("import signal, threading, time\n_ = signal.signal(signal.SIGTERM, signal.SIG_IGN)")
        .await;
    python
        .text("threading.Thread(target=time.sleep, args=[60]).start()")
        .await;
    let pid = python.interpreter.pid();
    let start = Instant::now();
    python.interpreter.shutdown().await;
    assert!(!exists(pid));
    assert!(start.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn drop_leaves_no_process_and_no_folder() {
    let mut python = Notebook::start().await;
    let (folder, child) = traces(&mut python).await;
    let pid = python.interpreter.pid();
    let milestone = Milestone::new();
    let code = milestone.code() + "\nwhile True: pass";
    tokio::select! {
        execution = python.run(&code) => panic!("{execution:?}"),
        () = milestone.reached() => {}
    }
    let end = python.run("1").await.end;
    assert!(
        matches!(&end, End::Died { reason, .. } if reason.contains("abandoned")),
        "{end:?}"
    );
    drop(python);
    gone(pid).await;
    gone(child).await;
    assert!(!folder.exists());
}

#[tokio::test]
async fn an_interpreter_that_cannot_start_says_why() {
    let start = async |interpreter: &str| {
        let config = PythonConfig {
            interpreter: interpreter.into(),
            ..PythonConfig::default()
        };
        Interpreter::start(&config, std::future::pending())
            .await
            .unwrap_err()
            .to_string()
    };
    let missing = start("/no/such/python").await;
    assert!(
        missing.contains("`/no/such/python` was found: install Python 3.9"),
        "{missing}"
    );
    let other = start("false").await;
    assert!(
        other.contains("`false` exited with code 1 before it was ready"),
        "{other}"
    );
    let other = start("sh").await;
    assert!(other.contains("it wrote:\n"), "{other}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("python");
    let script =
        "#!/bin/sh\nhead -c 20000 >/dev/null\nprintf '\\000\\000\\000\\037{\"too_old\":{\"version\":\"2.7.1\"}}' >&0\n";
    std::fs::write(&path, script).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&path, mode).unwrap();
    let old = start(path.to_str().unwrap()).await;
    assert!(old.contains("is Python 2.7.1, which is too old: Python 3.9"), "{old}");
}

/// Started by the next test as a process of its own: a server that is killed while a command runs.
#[tokio::test]
async fn server_to_be_killed() {
    let Some(report) = std::env::var_os("DBX12_TEST_REPORT") else {
        return;
    };
    let mut python = Notebook::start().await;
    std::fs::write(&report, python.interpreter.pid().to_string()).unwrap();
    let path = PathBuf::from(report).with_extension("socket");
    let code = format!("import socket, time\nsocket.socket(socket.AF_UNIX).connect({path:?})\nwhile True: pass");
    python.run(&code).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_busy_interpreter_dies_with_its_server() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let listener = UnixListener::bind(report.with_extension("socket")).unwrap();
    let mut server = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "engine::tests::death::server_to_be_killed"])
        .env("DBX12_TEST_REPORT", &report)
        .env("TMPDIR", folder.path()) // where a killed server leaves its folder
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    listener.accept().await.unwrap();
    let pid = std::fs::read_to_string(&report).unwrap().parse().unwrap();
    assert!(exists(pid));
    server.kill().await.unwrap();
    gone(pid).await;
}

/// A child that left the process group, and one whose parent has ended too: their process ids.
const RUNAWAYS: &str = "import os, subprocess\n\
    one = subprocess.Popen(['sleep', '600'], start_new_session=True).pid\n\
    two = subprocess.run('setsid sleep 600 >/dev/null 2>&1 & echo $!', shell=True, capture_output=True, text=True).stdout\n\
    print(one, two, end='', flush=True)\n";

fn pids(output: &str) -> Vec<u32> {
    output.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_child_with_a_session_of_its_own_goes_with_the_process_however_that_ends() {
    let mut python = Notebook::start().await;
    let shut_down = pids(&python.text(RUNAWAYS).await);
    assert!(shut_down.iter().all(|pid| exists(*pid)));
    python.interpreter.shutdown().await;
    assert!(shut_down.iter().all(|pid| !exists(*pid) || is_zombie(*pid)));

    let mut python = Notebook::start().await;
    let (_, output) = python.death(&format!("{RUNAWAYS}os._exit(1)")).await;
    assert!(
        pids(&output).iter().all(|pid| !exists(*pid) || is_zombie(*pid)),
        "{output}"
    );

    let mut python = Notebook::start().await;
    let other = Notebook::start().await;
    let dropped = pids(&python.text(RUNAWAYS).await);
    drop(python);
    for pid in dropped {
        gone(pid).await;
    }
    assert!(exists(other.interpreter.pid()), "others live on");
}
