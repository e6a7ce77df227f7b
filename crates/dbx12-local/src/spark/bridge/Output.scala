package dbx12

import java.io.{ByteArrayOutputStream, OutputStream, PrintStream}
import java.nio.charset.StandardCharsets.UTF_8

/** What a context's commands print, in order, up to a limit. */
class Output {
  private val kept = new ByteArrayOutputStream
  private var dropped = 0L

  def begin(): Unit = {
    synchronized { kept.reset(); dropped = 0 }
    Output.current.set(this)
  }

  def end(): Unit = Output.current.remove()

  def append(text: String): Unit = {
    val bytes = text.getBytes(UTF_8)
    write(bytes, 0, bytes.length)
  }

  def write(bytes: Array[Byte], offset: Int, length: Int): Unit = synchronized {
    val room = (Output.Limit - kept.size).max(0).min(length)
    kept.write(bytes, offset, room)
    dropped += length - room
  }

  /** All of it, and how many bytes of it are missing. */
  def take(): (String, Long) = synchronized {
    val all = (kept.toString(UTF_8), dropped)
    kept.reset()
    dropped = 0
    all
  }
}

object Output {
  private val Limit = 20 << 20

  /** Threads that a command starts print to its output too. */
  private val current = new InheritableThreadLocal[Output]

  /** What is printed outside of commands, Spark's own words above all, goes to the log of the cluster. */
  def install(): Unit = {
    val log = System.err
    val stream = new PrintStream(new Demultiplexer(log), true, UTF_8)
    System.setOut(stream)
    System.setErr(stream)
  }

  private class Demultiplexer(log: PrintStream) extends OutputStream {
    override def write(byte: Int): Unit = write(Array(byte.toByte), 0, 1)

    override def write(bytes: Array[Byte], offset: Int, length: Int): Unit = current.get match {
      case null => log.write(bytes, offset, length)
      case output => output.write(bytes, offset, length)
    }

    override def flush(): Unit = log.flush()
  }
}

/** What a command shows besides its output; the last of the most telling kind counts. */
sealed trait Shown

object Shown {
  case object Nothing extends Shown
  final case class Html(html: String) extends Shown
  final case class Rows(json: String) extends Shown

  private final class Frame(val rowLimit: Int) { var html = Vector.empty[String]; var rows: Option[Shown] = None }
  private val current = new InheritableThreadLocal[Frame]

  def begin(rowLimit: Int): Unit = current.set(new Frame(rowLimit))

  def rowLimit: Int = current.get.rowLimit

  def rows(json: String): Unit = Option(current.get).foreach(_.rows = Some(Rows(json)))

  def html(text: String): Unit = Option(current.get).foreach(frame => frame.html :+= text)

  def answer(): Shown = {
    val frame = current.get
    frame.rows.getOrElse(if (frame.html.isEmpty) Nothing else Html(frame.html.mkString("\n")))
  }
}
