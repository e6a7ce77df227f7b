package dbx12

import java.io.{DataInputStream, DataOutputStream, File, FileInputStream, FileOutputStream}
import java.io.{BufferedInputStream, BufferedOutputStream, IOException}
import java.util.concurrent.ConcurrentHashMap

import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}
import com.fasterxml.jackson.databind.node.ObjectNode
import org.apache.spark.{SparkConf, SparkContext}
import org.apache.spark.sql.classic.SparkSession

/**
 * The Spark of one cluster: reads requests from one pipe, writes replies to another, and ends when the pipe does.
 *
 * Frames are a length of four bytes, big endian, and JSON. Nothing that a command prints can get between them: standard
 * output is none of the two pipes.
 */
object Bridge {
  private val FrameLimit = 64 << 20
  private val json = new ObjectMapper
  private val contexts = new ConcurrentHashMap[String, Context]
  private val started = new java.util.concurrent.CountDownLatch(1)
  private var root: SparkSession = _

  def main(arguments: Array[String]): Unit = {
    val (requests, replies, folder) = (arguments(0), arguments(1), arguments(2))
    val in = new DataInputStream(new BufferedInputStream(new FileInputStream(requests)))
    val out = new Replies(replies)
    // From the first moment on, so that the end of the server is seen while Spark starts too.
    val settings = json.readTree(readFrame(in))
    val reader = new Thread(() => serve(in, out, new File(folder)), "dbx12-requests")
    Output.install()
    Thread.currentThread.setContextClassLoader(Interpreters.loader)
    reader.start()
    try root = start(settings)
    catch {
      case error: Throwable =>
        out.send(0)(_.put("failed", Errors.trace(error)))
        leave(new File(folder), 1)
    }
    started.countDown()
    out.send(0) { reply =>
      reply.putObject("ready").put("spark", root.version).put("java", System.getProperty("java.version"))
    }
  }

  private def start(settings: JsonNode): SparkSession = {
    val conf = new SparkConf
    settings.get("conf").properties.forEach(entry => conf.set(entry.getKey, entry.getValue.asText))
    val context = new SparkContext(conf)
    SparkSession.builder().config(context.getConf).getOrCreate()
  }

  private def serve(in: DataInputStream, out: Replies, folder: File): Unit = {
    try while (true) handle(json.readTree(readFrame(in)), out)
    catch { case _: IOException => leave(folder, 0) }
  }

  private def handle(request: JsonNode, out: Replies): Unit = {
    val id = request.get("id").asLong
    val name = request.get("context").asText
    request.get("op").asText match {
      case "open" =>
        started.await()
        val context = contexts.computeIfAbsent(name, name => new Context(name, root.newSession()))
        context.submit {
          val failure = try { context.prepare(request.get("language").asText); None } catch {
            case error: Throwable => Some(Errors.trace(error))
          }
          out.send(id)(reply => failure.fold(reply.put("done", true))(reply.put("failed", _)))
        }
      case "execute" =>
        contexts.get(name).execute(request, answer => out.send(id)(answer))
      case "cancel" =>
        Option(contexts.get(name)).foreach(_.cancel(request.get("number").asLong))
      case "gateway" =>
        val context = contexts.get(name)
        context.submit {
          out.send(id) { reply =>
            val server = context.gateway()
            reply.putObject("gateway").put("port", server.port).put("secret", server.secret)
          }
        }
      case "close" =>
        Option(contexts.remove(name)).foreach(_.close())
        out.send(id)(_.put("done", true))
    }
  }

  /** The session of a context, for Python, which has a gateway of its own to this process. */
  def session(context: String): SparkSession = contexts.get(context).session

  def rootSession: SparkSession = root

  /** What a context shows: a table as one JSON text, made here for all languages. */
  def tableJson(frame: org.apache.spark.sql.Dataset[_], rowLimit: Int): String = Table.json(frame, rowLimit)

  private def readFrame(in: DataInputStream): Array[Byte] = {
    val length = in.readInt()
    if (length < 0 || length > FrameLimit) throw new IOException("a frame of " + length + " bytes")
    val frame = new Array[Byte](length)
    in.readFully(frame)
    frame
  }

  /** Spark's own files go with it. Whoever does not end in time is ended. */
  private def leave(folder: File, code: Int): Unit = {
    val stopping = new Thread(() => if (root != null) root.sparkContext.stop(), "dbx12-stop")
    stopping.setDaemon(true)
    stopping.start()
    stopping.join(3000)
    delete(folder)
    Runtime.getRuntime.halt(code)
  }

  private def delete(file: File): Unit = {
    if (!java.nio.file.Files.isSymbolicLink(file.toPath)) Option(file.listFiles).foreach(_.foreach(delete))
    file.delete()
  }

  /** The pipe of replies; several contexts write to it. */
  private class Replies(path: String) {
    private val out = new DataOutputStream(new BufferedOutputStream(new FileOutputStream(path)))

    def send(id: Long)(fill: ObjectNode => Any): Unit = {
      val reply = json.createObjectNode().put("id", id)
      try fill(reply)
      catch { case error: Throwable => reply.removeAll(); reply.put("id", id).put("failed", Errors.trace(error)) }
      val frame = json.writeValueAsBytes(reply)
      try synchronized {
        out.writeInt(frame.length)
        out.write(frame)
        out.flush()
      } catch { case _: IOException => } // nobody reads any more: the requests have ended too
    }
  }
}
