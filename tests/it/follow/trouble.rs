//! What may go wrong while code is followed.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_command_keeps_its_output() {
    let stage = Stage::new().await;
    let mut follow = stage.follow("print('on')\ntry: gate(1)\nfinally: print('off')");
    assert_eq!(until(&mut follow, "on\n").await, "on\n");
    follow.cancel();
    let (out, _, followed) = to_the_end(follow).await;
    assert_eq!((out.as_str(), followed.unwrap().outcome), ("off\n", Outcome::Cancelled));
    stage.spools_are_gone().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_holds_and_keeps_the_output() {
    let stage = Stage::new().await;
    let run = stage.session.run(stage.code("print('on')\ngate(1)"));
    let (out, _, followed) = to_the_end(run.deadline(Duration::from_secs(1)).follow().unwrap()).await;
    assert_eq!(out, "on\n");
    let error = followed.unwrap_err();
    assert!(
        matches!(error, ExecError::DeadlineExceeded { stopped: true, .. }),
        "{error}"
    );
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_does_not_stop_is_watched_for_as_long_as_was_said() {
    let stage = Stage::new().await;
    let code = "print('on')\nwhile True:\n    try: gate(1)\n    except BaseException: pass";
    let run = stage.session.run(stage.code(code)).stop_grace(Duration::ZERO);
    let mut follow = run.follow().unwrap();
    assert_eq!(until(&mut follow, "on\n").await, "on\n");
    let told = Instant::now();
    follow.cancel();
    let (_, _, followed) = to_the_end(follow).await;
    assert!(
        told.elapsed() < Duration::from_secs(25),
        "it is 30 s where nothing was said"
    );
    assert!(matches!(followed, Err(ExecError::StillRunning { .. })), "{followed:?}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_second_context_is_got_over() {
    let stage = Stage::new().await;
    let mut follow = stage.follow("print('one')\ngate(1)\nprint('two')\ngate(2)\nprint('three')");
    assert_eq!(until(&mut follow, "one\n").await, "one\n");
    let reader = stage.witness.created()[1].clone();
    let cluster = cluster(&stage.witness, &stage.workspace);
    cluster.context(reader).destroy().await.unwrap();
    stage.open_gate(1);
    assert_eq!(until(&mut follow, "two\n").await, "two\n", "another one reads on");
    assert_eq!(stage.witness.created().len(), 3);
    stage.open_gate(2);
    let (out, _, followed) = to_the_end(follow).await;
    assert_eq!(out, "three\n");
    assert_eq!(followed.unwrap().rest.as_deref(), Some(""));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_second_context_output_comes_at_the_end() {
    let stage = Stage::interfering(|operation, time| match operation {
        "contexts/create" if time > 1 => Fate::Refuse(400),
        _ => Fate::Arrive,
    })
    .await;
    let follow = stage.follow("print('one')\ngate(1)\nprint('two')\n1/0");
    let watch = async {
        stage.witness.sees("contexts/create").await;
        while stage.witness.count("contexts/create") < 2 {
            sleep(Duration::from_millis(5)).await;
        }
        stage.open_gate(1);
    };
    let ((out, _, followed), ()) = tokio::join!(to_the_end(follow), watch);
    assert_eq!(out, "one\ntwo\n");
    assert!(matches!(followed.unwrap().outcome, Outcome::Failed(_)));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_place_for_the_spool_the_result_is_all_there_is() {
    let stage = Stage::new().await;
    let no_place = "import tempfile; tempfile.tempdir = '/nowhere'";
    stage.session.run(no_place).await.unwrap().ok().unwrap();
    let (out, _, followed) = to_the_end(stage.follow("print('one')\n2")).await;
    let followed = followed.unwrap();
    assert_eq!((out.as_str(), text(&followed.outcome)), ("", "one\n2"));
    assert_eq!(followed.rest.as_deref(), Some("one\n2"));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_closes_what_is_not_its_own_hurts_only_the_following() {
    let stage = Stage::new().await;
    let code = "print('one')\nos.closerange(3, 190)\nos.closerange(890, 1000)\n\
        own = open(os.devnull); os.dup2(own.fileno(), 900)\nprint('two')";
    let (out, _, followed) = to_the_end(stage.follow(code)).await;
    let followed = followed.unwrap();
    assert_eq!(text(&followed.outcome), "one\ntwo");
    assert!(out.is_empty() || out == "one\n", "{out:?}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_keeps_what_the_second_context_can_read() {
    let stage = Stage::new().await;
    let mut follow = stage.follow("print('one')\ngate(1)\nprint('two')\nos._exit(3)");
    assert_eq!(until(&mut follow, "one\n").await, "one\n");
    stage.open_gate(1);
    let (out, _, followed) = to_the_end(follow).await;
    assert_eq!(out, "two\n");
    assert!(!followed.is_ok_and(|followed| followed.outcome.is_finished()));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_leaves_the_command_and_no_spool() {
    let stage = Stage::new().await;
    let mut follow = stage.follow("done = False\nprint('on')\ngate(1)\ndone = True");
    assert_eq!(until(&mut follow, "on\n").await, "on\n");
    drop(follow);
    stage.open_gate(1);
    assert_eq!(text(&stage.session.run("done").await.unwrap()), "True");
    stage.spools_are_gone().await;
    // The next one is followed as ever.
    let (out, _, followed) = to_the_end(stage.follow("print('again')")).await;
    assert_eq!((out.as_str(), text(&followed.unwrap().outcome)), ("again\n", "again"));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_everything_in_the_middle_leaves_nothing() {
    let stage = Stage::new().await;
    let mut follow = stage.follow("print('on')\ngate(1)");
    assert_eq!(until(&mut follow, "on\n").await, "on\n");
    drop(follow);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn output_of_code_whose_answer_was_lost_is_kept() {
    // Sent before it: the spool, and the watch.
    let stage = Stage::interfering(|operation, time| match (operation, time) {
        ("commands/execute", 3) => Fate::LoseAnswer,
        _ => Fate::Arrive,
    })
    .await;
    let (out, _, followed) = to_the_end(stage.follow("print('ran')")).await;
    assert_eq!(out, "ran\n");
    let error = followed.unwrap_err();
    assert!(matches!(error, ExecError::AnswerLost { .. }), "{error}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_are_followed_at_once_do_not_mix() {
    let stage = Stage::new().await;
    let [one, two] = ["one", "two"].map(|word| stage.follow(&format!("for _ in range(1000): print('{word}')")));
    let ((one, ..), (two, ..)) = tokio::join!(to_the_end(one), to_the_end(two));
    assert_eq!((one, two), ("one\n".repeat(1000), "two\n".repeat(1000)));
    stage.close().await;
}
