import SIMDKernels

/// What the machine reaches on some threads when nothing else is in the way.
public struct Roof: Sendable {
  /// Bytes a second, read in order from memory far larger than any cache.
  public let bytesPerSecond: Double
  /// int8 multiply-accumulates a second of the kernels' instruction, in registers.
  public let operationsPerSecond: Double

  /// Measures it on the pool's threads: the fastest of several tries, about a second in all.
  public init(_ kernels: Kernels, on pool: WorkerPool) {
    bytesPerSecond = Self.readBandwidth(pool)
    let threads = pool.threadCount
    let rounds = kernels.isa == .portable ? 100_000 : 2_000_000
    let sums = UnsafeMutablePointer<Int32>.allocate(capacity: threads)
    defer { sums.deallocate() }
    let computing = Self.fastest {
      pool.run(threads) { task, _ in sums[task] = kernels.integerPeak(rounds) }
    }
    operationsPerSecond = Double(threads * rounds * kernels.productsPerRound) / computing
  }

  private static func readBandwidth(_ pool: WorkerPool) -> Double {
    let size = 512 << 20
    let piece = 1 << 20
    let memory = PageMemory.allocate(size, inLargePages: true)
    let sums = UnsafeMutablePointer<UInt64>.allocate(capacity: size / piece)
    defer {
      PageMemory.deallocate(memory, size)
      sums.deallocate()
    }
    memory.initializeMemory(as: UInt8.self, repeating: 1, count: size)
    let reading = fastest {
      pool.run(size / piece) { task, _ in
        var sum = (SIMD8<UInt64>.zero, SIMD8<UInt64>.zero)
        let base = memory + task * piece
        for offset in stride(from: 0, to: piece, by: 128) {
          sum.0 ^= base.load(fromByteOffset: offset, as: SIMD8<UInt64>.self)
          sum.1 ^= base.load(fromByteOffset: offset + 64, as: SIMD8<UInt64>.self)
        }
        sums[task] = (sum.0 ^ sum.1).wrappedSum()
      }
    }
    return Double(size) / reading
  }

  private static func fastest(_ body: () -> Void) -> Double {
    (0..<8).map { _ in
      let watch = Stopwatch()
      body()
      return watch.seconds
    }.min()!
  }
}
