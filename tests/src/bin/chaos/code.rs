//! What people let run, and what they should not.

const CODE: &[&str] = &[
    "print(6 * 7)",
    "x = globals().get('x', 0) + 1; x",
    "1 / 0",
    "this is no Python",
    "",
    "display([(1, 'a'), (2, None)])",
    "import time; time.sleep(0.3)",
    "import time; time.sleep(600)",
    "while True: pass",
    "print('x' * 3_000_000)",
    "input()",
    "import sys; sys.exit(2)",
    "import os; os._exit(3)",
    "import os; os.kill(os.getpid(), 9)",
    "import ctypes; ctypes.string_at(0)",
    "import os\nif os.fork() == 0: 1 / 0",
    "import os; os.closerange(0, 1000)",
    "import sys; sys.stdout.close(); sys.stderr = None",
    "import time\nwhile True:\n    try: time.sleep(9)\n    except BaseException: pass",
    "import subprocess; subprocess.Popen(['sleep', '600'])",
    "import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True)",
    "import os; os.system('yes | head -c 5000000')",
    "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()",
    "%sh echo hi; exit 3",
];

pub(super) fn any(random: &mut fastrand::Rng) -> &'static str {
    CODE[random.usize(..CODE.len())]
}
