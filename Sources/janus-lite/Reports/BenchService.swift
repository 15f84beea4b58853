import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// Answers the names of stages with the seconds of one run each, so that a program that compares
/// several systems can let them take turns.
struct BenchService {
  private struct Reply: Encodable {
    var stage: String?
    var seconds: Double?
    var error: String?
  }

  private let benchmark: Benchmark

  init(_ benchmark: Benchmark) { self.benchmark = benchmark }

  /// Until the end of standard input.
  func run() throws(Failure) {
    let stages = benchmark.stages
    var lines = LineReader()
    while let key = try lines.next() {
      if let stage = stages.first(where: { $0.key == key }), let seconds = benchmark.time(stage) {
        try JSONLine.print(Reply(stage: key, seconds: seconds))
      } else {
        let known = stages.map(\.key).joined(separator: ", ")
        try JSONLine.print(Reply(error: "expected one of \(known), found '\(key)'"))
      }
    }
    if Interrupt.isRaised { throw .interrupted }
  }
}
