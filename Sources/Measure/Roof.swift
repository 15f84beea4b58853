import JanusEngine
import JanusLite
import JanusModelFile
import JanusSystem
import JanusWords
import SIMDKernels

/// What the machine reaches on some threads when nothing else limits it.
package struct Roof: Sendable {
  /// Bytes a second, read in order from memory far larger than any cache.
  package let bytesPerSecond: Double
  /// int8 multiply-accumulates a second of the kernels' instruction, in registers.
  package let operationsPerSecond: Double

  /// Measures it on the pool's threads: the fastest of several tries, about a second in all.
  package init(_ kernels: Kernels, on pool: WorkerPool) {
    let reading = try? MemoryReading()
    bytesPerSecond = (0..<8).map { _ in reading?.bytesPerSecond(on: pool) ?? 0 }.max()!
    let threads = pool.threadCount
    let rounds = kernels.isa == .portable ? 100_000 : 2_000_000
    let sums = UnsafeMutablePointer<Int32>.allocate(capacity: threads)
    defer { sums.deallocate() }
    let computing = Self.fastest {
      pool.run(threads) { task, _ in sums[task] = kernels.integerPeak(rounds) }
    }
    operationsPerSecond = Double(threads * rounds * kernels.productsPerRound) / computing
  }

  private static func fastest(_ body: () -> Void) -> Double {
    (0..<8).map { _ in
      let watch = Stopwatch()
      body()
      return watch.seconds
    }.min()!
  }
}

/// Memory far larger than any cache, to be read in order.
///
/// The bandwidth of a shared machine changes from second to second. So a stage that memory limits
/// is compared with readings right before and after it.
final class MemoryReading {
  private let byteCount = 512 << 20
  private let base: UnsafeMutableRawPointer

  init() throws(MemoryError) {
    base = try PageMemory.allocate(byteCount, inLargePages: true)
    base.initializeMemory(as: UInt8.self, repeating: 1, count: byteCount)
  }

  deinit { PageMemory.deallocate(base, byteCount) }

  func bytesPerSecond(on pool: WorkerPool) -> Double {
    let piece = 1 << 20
    let sums = UnsafeMutablePointer<UInt64>.allocate(capacity: byteCount / piece)
    defer { sums.deallocate() }
    let watch = Stopwatch()
    pool.run(byteCount / piece) { task, _ in
      var sum = (SIMD8<UInt64>.zero, SIMD8<UInt64>.zero)
      let base = base + task * piece
      for offset in stride(from: 0, to: piece, by: 128) {
        sum.0 ^= base.load(fromByteOffset: offset, as: SIMD8<UInt64>.self)
        sum.1 ^= base.load(fromByteOffset: offset + 64, as: SIMD8<UInt64>.self)
      }
      sums[task] = (sum.0 ^ sum.1).wrappedSum()
    }
    return Double(byteCount) / watch.seconds
  }
}
