import JanusEngine
import JanusMeasure
import JanusSystem
import SIMDKernels

/// One half of a head's attention over 640 positions in f16: with one query row every call takes
/// another head's keys or values, as decoding does; with many rows it takes the same ones.
struct Attention {
  enum Verb: String, CaseIterable {
    case scores, weightedSum
  }

  static let positions = 640
  static let dim = 128
  private static let chunk = 64

  let kernels: Kernels
  let verb: Verb
  let rows: Int
  let memory: Buffer

  var bytes: Int { Self.positions * Self.dim * 2 }
  var products: Int { rows * Self.positions * Self.dim }

  /// Seconds of one call, on one thread.
  func measure(seconds: Double) -> Double {
    let (positions, dim, chunk) = (Self.positions, Self.dim, Self.chunk)
    let q = UnsafeMutablePointer<Float>.allocate(capacity: rows * dim)
    let scores = UnsafeMutablePointer<Float>.allocate(capacity: rows * positions)
    let out = UnsafeMutablePointer<Float>.allocate(capacity: rows * dim)
    defer {
      q.deallocate()
      scores.deallocate()
      out.deallocate()
    }
    q.initialize(repeating: 0.1, count: rows * dim)
    scores.initialize(repeating: 0.01, count: rows * positions)
    out.initialize(repeating: 0, count: rows * dim)

    // A batch of heads in one measurement: a single one is too short for the clock.
    let heads = rows == 1 ? 64 : 4
    let copies = rows == 1 ? memory.count / bytes : 1
    var copy = 0
    let time = medianTime(seconds: seconds) {
      for _ in 0..<heads {
        let cache = (memory.bytes + copy * bytes).assumingMemoryBound(to: UInt16.self)
        copy = (copy + 1) % copies
        for first in stride(from: 0, to: positions, by: chunk) {
          let place = cache + first * dim
          switch verb {
          case .scores:
            kernels.scoresF16(q, dim, rows, place, dim, 0.1, scores + first, positions)
          case .weightedSum:
            kernels.weightedSumF16(
              scores + first, positions, rows, place, dim, chunk, dim, out, dim)
          }
        }
      }
    }
    return time / Double(heads)
  }
}
