//! Stopping a command, and only that one.

use super::*;

/// Runs code, and interrupts it once it has come to where it says HERE.
async fn interrupted(python: &mut Notebook, code: &str) -> Execution {
    let milestone = Milestone::new();
    assert!(code.contains("HERE"));
    let code = code.replace("HERE", &milestone.code());
    let interrupter = python.interpreter.interrupter();
    let number = python.number + 1;
    let (execution, ()) = tokio::join!(python.run(&code), async {
        milestone.reached().await;
        assert!(interrupter.interrupt(number));
        assert!(!interrupter.interrupt(number + 1));
    });
    execution
}

#[tokio::test]
async fn whatever_a_command_does_it_stops_and_the_variables_stay() {
    let mut python = Notebook::start().await;
    python.text("kept = 1").await;
    for code in [
        "HERE; import time; time.sleep(60)",
        "HERE\nwhile True: pass",
        "HERE; import re; re.match('(a*)*b', 'a' * 40)",
        "HERE; import subprocess; subprocess.run(['sleep', '60'])",
        "import asyncio\nasync def f():\n    HERE\n    await asyncio.sleep(60)\nawait f()",
        "import threading; HERE; threading.Event().wait()",
        "class E(Exception):\n    def __str__(self):\n        HERE\n        while True: pass\nraise E",
        "try:\n    HERE\n    while True: pass\nfinally: 1/0",
    ] {
        let start = Instant::now();
        let execution = interrupted(&mut python, &format!("print('before', end='')\n{code}")).await;
        assert!(matches!(execution.end, End::Interrupted), "{code}: {execution:?}");
        assert_eq!(execution.output, "before");
        assert!(start.elapsed() < Duration::from_secs(3), "{code}");
        assert_eq!(python.text("kept").await, "1");
    }
    let shell = "%sh\necho before\nexec 2>/dev/null\nsleep 60\n";
    let interrupter = python.interpreter.interrupter();
    let number = python.number + 1;
    let (execution, ()) = tokio::join!(python.run(shell), async {
        assert!(interrupter.interrupt(number));
    });
    assert!(matches!(execution.end, End::Interrupted), "{execution:?}");
}

#[tokio::test]
async fn an_interrupt_before_the_command_has_begun_is_not_lost() {
    let mut python = Notebook::start().await;
    for _ in 0..20 {
        let interrupter = python.interpreter.interrupter();
        let number = python.number + 1;
        let (execution, ()) = tokio::join!(python.run("while True: pass"), async {
            assert!(interrupter.interrupt(number));
        });
        assert!(matches!(execution.end, End::Interrupted), "{execution:?}");
    }
}

#[tokio::test]
async fn an_interrupt_never_hits_another_command() {
    let mut python = Notebook::start().await;
    let interrupter = python.interpreter.interrupter();
    assert!(!interrupter.interrupt(1));
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let storm = {
        let (interrupter, target) = (interrupter.clone(), stop.clone());
        std::thread::spawn(move || {
            loop {
                match target.load(std::sync::atomic::Ordering::Relaxed) {
                    u64::MAX => return,
                    number => interrupter.interrupt(number),
                };
                std::thread::yield_now();
            }
        })
    };
    for _ in 0..100 {
        // Even numbers are under fire from before to after; odd ones must come to their ends.
        stop.store(
            (python.number + 1).next_multiple_of(2),
            std::sync::atomic::Ordering::Relaxed,
        );
        let number = python.number + 1;
        let execution = python.run("n = sum(range(5000))").await;
        match execution.end {
            End::Text => {}
            End::Interrupted => assert_eq!(number % 2, 0),
            end => panic!("{end:?}"),
        }
    }
    stop.store(u64::MAX, std::sync::atomic::Ordering::Relaxed);
    storm.join().unwrap();
    assert_eq!(python.text("'alive'").await, "'alive'");
}

#[tokio::test]
async fn code_that_handles_the_interrupt_ends_as_it_likes() {
    let mut python = Notebook::start().await;
    let code = "import time\ntry: HERE; time.sleep(60)\nexcept KeyboardInterrupt: print('cleaned up')";
    let execution = interrupted(&mut python, code).await;
    assert!(matches!(execution.end, End::Text), "{execution:?}");
    assert_eq!(execution.output, "cleaned up");
    let (summary, _) = python.error("raise KeyboardInterrupt('mine')").await;
    assert!(summary.ends_with("KeyboardInterrupt</span>: mine"));
}

#[tokio::test]
async fn an_interrupt_that_python_loses_is_repeated() {
    let mut python = Notebook::with(PythonConfig {
        grace: Duration::from_secs(1),
        ..PythonConfig::default()
    })
    .await;
    let code = "import time\nclass D:\n    def __del__(self):\n        HERE; time.sleep(60)\nD()\nwhile True: pass";
    let execution = interrupted(&mut python, code).await;
    assert!(matches!(execution.end, End::Interrupted), "{execution:?}");
    assert!(execution.output.contains("Exception ignored in"), "{execution:?}");
}

#[tokio::test]
async fn code_that_ignores_the_interrupt_is_killed_after_the_grace() {
    let config = PythonConfig {
        grace: Duration::from_millis(300),
        ..PythonConfig::default()
    };
    for code in [
        "import time\nwhile True:\n    try: HERE; time.sleep(60)\n    except KeyboardInterrupt: print('no')",
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('no')\nHERE; time.sleep(60)",
    ] {
        let mut python = Notebook::with(config.clone()).await;
        let pid = python.interpreter.pid();
        let execution = interrupted(&mut python, code).await;
        assert!(execution.output.starts_with("no"), "{execution:?}");
        let End::Died { reason, killed_by_us } = execution.end else {
            panic!("{execution:?}");
        };
        assert!(killed_by_us);
        assert!(reason.contains("went on for 300ms after"), "{reason}");
        assert!(!exists(pid));
        let after = python.run("1").await;
        assert!(matches!(after.end, End::Died { .. }), "{after:?}");
    }
}
