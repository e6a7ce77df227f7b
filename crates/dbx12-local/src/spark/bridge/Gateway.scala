package org.apache.spark.dbx12

import org.apache.spark.SparkConf
import org.apache.spark.api.python.Py4JServer

/** A server for one Python process: with its own objects, callbacks and secret. In this package since Spark's is private. */
class Gateway(conf: SparkConf) {
  private val server = new Py4JServer(conf)
  server.start()

  def port: Int = server.getListeningPort
  def secret: String = server.secret
  def shutdown(): Unit = server.shutdown()
}
