package dbx12

import java.util.concurrent.{Executors, ExecutorService, ThreadFactory}

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.ObjectNode
import com.fasterxml.jackson.databind.util.RawValue
import org.apache.spark.dbx12.Gateway
import org.apache.spark.sql.classic.SparkSession

/** An execution context: a session, and one thread that runs its commands one after another. */
class Context(val name: String, val session: SparkSession) {
  private val output = new Output
  @volatile private var thread: Thread = _
  @volatile private var running: Option[Running] = None
  private var interpreter: Option[Interpreter] = None
  private var server: Option[Gateway] = None
  private val executor: ExecutorService = Executors.newSingleThreadExecutor(new ThreadFactory {
    def newThread(work: Runnable): Thread = {
      thread = new Thread(work, "dbx12-context-" + name)
      thread.setDaemon(true)
      thread.setContextClassLoader(Interpreters.loader)
      thread
    }
  })

  /** What runs now. Its answer is sent once, by whoever comes first: the command, or who gives it up. */
  private class Running(val number: Long, answer: (ObjectNode => Any) => Unit) {
    private var answered = false
    @volatile var cancelled = false

    def end(fill: ObjectNode => Any): Unit = synchronized {
      if (!answered) {
        answered = true
        answer(fill)
      }
    }

    def hasEnded: Boolean = synchronized(answered)
  }

  def submit(work: => Unit): Unit = executor.execute(() => {
    enter()
    work
  })

  /** What has to be there before the first command of a language. */
  def prepare(language: String): Unit = if (language == "scala") scala()

  private def scala(): Interpreter = interpreter.getOrElse {
    val made = Interpreters.make(this)
    interpreter = Some(made)
    made
  }

  /** A server for one Python process; made on a thread with this context's properties, which its own threads inherit. */
  def gateway(): Gateway = server.getOrElse {
    session.sparkContext.setJobGroup(name, name, interruptOnCancel = true)
    val made = new Gateway(session.sparkContext.getConf)
    server = Some(made)
    made
  }

  def execute(request: JsonNode, answer: (ObjectNode => Any) => Unit): Unit = {
    val command = new Running(request.get("number").asLong, answer)
    running = Some(command)
    submit {
      val end = if (command.cancelled) Left(Errors.plain("cancelled")) else run(request)
      Thread.interrupted() // a late interrupt is not meant for the next command
      if (running.contains(command)) running = None
      val (text, dropped) = output.take()
      command.end { reply =>
        reply.put("output", text).put("dropped", dropped)
        end match {
          // A compiler that is interrupted says nothing.
          case Right(Shown.Nothing) if command.cancelled && text.isEmpty =>
            reply.putObject("end").putObject("error").put("summary", "cancelled").put("cause", "cancelled")
          case Right(Shown.Nothing) => reply.put("end", "text")
          case Right(Shown.Html(html)) => reply.putObject("end").put("html", html)
          case Right(Shown.Rows(json)) => reply.putObject("end").putRawValue("table", new RawValue(json))
          case Left(error) =>
            reply.putObject("end").putObject("error").put("summary", error.summary).put("cause", error.cause)
        }
      }
    }
  }

  private def run(request: JsonNode): Either[Errors.Told, Shown] = {
    val code = request.get("code").asText
    session.sparkContext.setJobGroup(name, name, interruptOnCancel = true)
    Shown.begin(request.get("row_limit").asLong.min(Int.MaxValue - 1).toInt)
    output.begin()
    try {
      request.get("language").asText match {
        case "sql" => Sql.run(session, code)
        case "scala" => scala().run(code, output)
      }
    } catch {
      case error: Throwable => Left(Errors.runtime(error))
    } finally output.end()
  }

  private def enter(): Unit = {
    SparkSession.setActiveSession(session)
    session.sparkContext.setLocalProperty("spark.scheduler.pool", name)
  }

  /** Number 0 is the jobs of the context's Python, whose code runs elsewhere. */
  def cancel(number: Long): Unit =
    if (number == 0) session.sparkContext.cancelJobGroup(name)
    else running.filter(_.number == number).foreach { command =>
      if (!command.cancelled) {
        command.cancelled = true
        val canceller = new Thread(() => stop(command), "dbx12-cancel-" + name)
        canceller.setDaemon(true)
        canceller.start()
      }
    }

  /**
   * Jobs may be submitted after the first attempt, so it is made again and again. What neither Spark nor an interrupt stops
   * is stopped by force where Java still can; else the thread is left to itself, and the context is lost.
   */
  private def stop(command: Running): Unit = {
    var attempts = 0
    while (!command.hasEnded && attempts < Context.Attempts) {
      session.sparkContext.cancelJobGroup(name)
      if (attempts > 0) thread.interrupt()
      if (attempts == Context.ByForce) stopByForce()
      attempts += 1
      Thread.sleep(Context.Pause)
    }
    command.end { reply =>
      val (text, dropped) = output.take()
      reply.put("output", text).put("dropped", dropped).putObject("end").put("stuck", System.getProperty("java.version"))
    }
  }

  private def stopByForce(): Unit =
    try classOf[Thread].getMethod("stop").invoke(thread)
    catch { case _: ReflectiveOperationException => } // Java 20 and newer

  def close(): Unit = {
    // A program of Python that was killed may have left a thread here which is about to submit its next job.
    session.sparkContext.cancelJobGroupAndFutureJobs(name)
    executor.shutdownNow()
    server.foreach(_.shutdown())
    interpreter.foreach(_.close())
  }
}

object Context {
  private val Pause = 100L
  private val ByForce = 20
  private val Attempts = 50
}
