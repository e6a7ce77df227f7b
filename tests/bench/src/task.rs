//! What is compared: a task, the ways of doing it, and the goals that one of them should reach.

use anyhow::Result;

/// The tasks of one subject, and what they are done on.
pub(crate) struct Suite {
    /// The tasks.
    pub(crate) tasks: Vec<Task>,
    /// What sizes are counted in, such as `MB`.
    pub(crate) unit: &'static str,
    /// The input of a size: the same in every run.
    pub(crate) input: fn(usize) -> Vec<u8>,
    /// What everything is run on once before it is measured.
    pub(crate) warm_up: fn() -> Vec<u8>,
    /// How large the inputs are, the smallest first.
    pub(crate) sizes: &'static [Size],
    /// Whether its instructions are counted too.
    pub(crate) counted: Counted,
}

/// What instructions are counted for.
#[derive(Clone, Copy)]
pub(crate) enum Counted {
    /// They are not: what waits for many others cannot be run by valgrind in time.
    Not,
    /// A byte of the smallest input.
    Byte,
    /// One more of the suite's unit, whatever it takes to begin.
    OneMore,
}

/// A thing to do with a body, in several ways. All must come to the same sum, or they did not do the same.
pub(crate) struct Task {
    /// Its name: `subject/task`.
    pub(crate) name: &'static str,
    /// The ways to do it. The first is the peer that the others are compared with.
    pub(crate) ways: Vec<Way>,
    /// What should be reached.
    pub(crate) goals: Vec<Goal>,
}

/// A way to do a task.
pub(crate) struct Way {
    /// Its name.
    pub(crate) name: &'static str,
    /// What runs.
    pub(crate) program: Program,
}

/// A function of this program: does the task on a body, and returns a sum over what it found.
pub(crate) type Function = fn(&[u8]) -> Result<u64>;

/// What runs, always in a fresh process.
#[derive(Clone, Copy)]
pub(crate) enum Program {
    /// A function of this program.
    Function(Function),
    /// A Python program, with its argument. It prints what this program prints of itself.
    Python(&'static str, &'static str),
}

impl Way {
    /// A way that is a function of this program.
    pub(crate) fn function(name: &'static str, function: Function) -> Self {
        let program = Program::Function(function);
        Self { name, program }
    }
}

/// A number that a way should reach.
#[derive(Clone, Copy)]
pub(crate) struct Goal {
    /// The way's name.
    pub(crate) way: &'static str,
    /// The number.
    pub(crate) bound: Bound,
}

/// What kind of number, and how far it may go.
#[derive(Clone, Copy)]
pub(crate) enum Bound {
    /// At most this part of the peer's CPU time.
    Cpu(f64),
    /// At most this part of another way's CPU time.
    CpuOfWay(&'static str, f64),
    /// At most this part of the peer's CPU time, or at least so many megabytes of body a second of it.
    CpuOrSpeed(f64, f64),
    /// At most so many bytes of memory, beside the body, for a byte of the body.
    Memory(f64),
    /// At most so many megabytes of memory.
    Megabytes(f64),
    /// At most so many connections.
    Connections(u64),
}

/// A size of input.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// In the suite's unit.
    pub(crate) amount: usize,
    /// How often everything is measured. What is over sooner varies more.
    pub(crate) rounds: usize,
}

impl Suite {
    /// The function that does `task` in `way`, if it is here.
    pub(crate) fn function(&self, task: &str, way: &str) -> Option<Function> {
        let task = self.tasks.iter().find(|it| it.name == task)?;
        match task.ways.iter().find(|it| it.name == way)?.program {
            Program::Function(function) => Some(function),
            Program::Python(..) => None,
        }
    }
}
