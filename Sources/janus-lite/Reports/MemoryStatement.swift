import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// The memory need of a request, as `--dry-run` and `info` print it.
struct MemoryStatement: Encodable {
  struct Stage: Encodable {
    let name: String
    let weights: Int
    let cache: Int
    let scratch: Int

    enum CodingKeys: String, CodingKey {
      case name
      case weights = "weights_bytes"
      case cache = "cache_bytes"
      case scratch = "scratch_bytes"
    }
  }

  let request: String
  let stages: [Stage]
  let base: Int
  let peak: Int
  let allocations: Int
  let available: Int?

  enum CodingKeys: String, CodingKey {
    case request, stages
    case base = "base_bytes"
    case peak = "peak_bytes"
    case allocations = "allocations_bytes"
    case available = "available_bytes"
  }

  init(_ need: MemoryNeed, request: String) {
    self.request = request
    stages = need.stages.map {
      Stage(name: $0.name, weights: $0.weights, cache: $0.cache, scratch: $0.scratch)
    }
    base = need.base
    peak = need.peak
    allocations = need.allocations
    available = AvailableMemory.bytes
  }

  /// Prints the statement as the answer of a dry run.
  func print(json: Bool) throws(Failure) {
    if json {
      try JSONLine.print(["memory": self])
    } else {
      for line in lines { try StandardOutput.line(line) }
    }
  }

  /// The statement for people, with what each stage adds to the base.
  private var lines: [String] {
    let stages = stages.map { stage in
      "  \(Self.padded(stage.name)) weights \(Format.bytes(stage.weights)), "
        + "cache \(Format.bytes(stage.cache)), scratch \(Format.bytes(stage.scratch))"
    }
    let room = available.map { "; \(Format.bytes($0)) are available" } ?? ""
    return ["\(request): \(summary)"] + stages + [
      "  \(Self.padded("base")) \(Format.bytes(base))",
      "  \(Format.bytes(allocations)) of it cannot be evicted\(room)",
    ]
  }

  /// The peak and the stage that has it.
  var summary: String {
    let largest = stages.max {
      $0.weights + $0.cache + $0.scratch < $1.weights + $1.cache + $1.scratch
    }
    return "\(Format.bytes(peak)) at most" + (largest.map { ", in '\($0.name)'" } ?? "")
  }

  private static func padded(_ text: String) -> String {
    text + String(repeating: " ", count: max(1, 8 - text.count))
  }
}
