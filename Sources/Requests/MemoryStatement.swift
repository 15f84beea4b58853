import JanusLite
import JanusSystem

/// The memory need of a request, as `--dry-run` and `info` print it.
package struct MemoryStatement: Encodable {
  package struct Stage: Encodable {
    package let name: String
    package let weights: Int
    package let cache: Int
    package let scratch: Int

    enum CodingKeys: String, CodingKey {
      case name
      case weights = "weights_bytes"
      case cache = "cache_bytes"
      case scratch = "scratch_bytes"
    }
  }

  package let request: String
  package let stages: [Stage]
  package let base: Int
  package let peak: Int
  package let allocations: Int
  package let available: Int?

  enum CodingKeys: String, CodingKey {
    case request, stages
    case base = "base_bytes"
    case peak = "peak_bytes"
    case allocations = "allocations_bytes"
    case available = "available_bytes"
  }

  package init(_ need: MemoryNeed, request: String) {
    self.request = request
    stages = need.stages.map {
      Stage(name: $0.name, weights: $0.weights, cache: $0.cache, scratch: $0.scratch)
    }
    base = need.base
    peak = need.peak
    allocations = need.allocations
    available = AvailableMemory.bytes
  }
}
