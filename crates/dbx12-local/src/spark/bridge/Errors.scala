package dbx12

import java.io.{PrintWriter, StringWriter}

/** Describes exceptions as the service does. */
object Errors {
  /** A line for people, and all that is known. */
  final case class Told(summary: String, cause: String)

  /** What is below a command's own code: this bridge, and how Scala runs an interpreted line. */
  private val Entry = Seq("dbx12.Interpreter", "dbx12.Sql$", "dbx12.Context")
  private val Below = Seq("scala.tools.nsc.", "scala.reflect.internal.util.", "jdk.internal.reflect.", "java.lang.reflect.")
  private val MostFrames = 60
  private val LongestMessage = 1 << 20

  def plain(text: String): Told = Told(text, text)

  def runtime(error: Throwable): Told = Told(clip(error.toString), trace(error))

  def sql(error: Throwable): Told = {
    val name = error.getClass.getSimpleName.stripPrefix("Extended")
    val message = clip(String.valueOf(error.getMessage))
    Told(
      "Error in SQL statement: " + name + ": " + message,
      "com.databricks.backend.common.rpc.SparkDriverExceptions$SQLExecutionException: " + trace(error))
  }

  /** The stack trace and those of its causes, from the command's own code on. */
  def trace(error: Throwable): String = {
    val seen = java.util.Collections.newSetFromMap(new java.util.IdentityHashMap[Throwable, java.lang.Boolean])
    var link = error
    while (link != null && seen.add(link)) {
      try link.setStackTrace(trimmed(link.getStackTrace))
      catch { case _: Exception => } // an exception may refuse to
      link = link.getCause
    }
    val text = new StringWriter
    error.printStackTrace(new PrintWriter(text))
    clip(text.toString.stripTrailing)
  }

  private def trimmed(frames: Array[StackTraceElement]): Array[StackTraceElement] = {
    def from(prefixes: Seq[String])(frame: StackTraceElement) = prefixes.exists(frame.getClassName.startsWith)
    val own = frames.takeWhile(frame => !from(Entry)(frame))
    if (own.length == frames.length) return frames.take(MostFrames)
    val last = own.lastIndexWhere(frame => !from(Below)(frame) && !frame.getClassName.contains(".$eval"))
    own.take(last + 1).take(MostFrames)
  }

  private def clip(text: String): String = if (text.length > LongestMessage) text.take(LongestMessage) + " …" else text
}
