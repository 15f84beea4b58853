import SIMDKernels

/// The two limits of the machine that matter here, as measured on some threads at once.
struct Roof {
  /// 10⁹ multiply-accumulates of the tier's integer dot product a second, in registers only.
  let gmacs: Double
  /// 10⁹ bytes a second, read in order from memory far larger than any cache.
  let gigabytes: Double

  init(_ kernels: Kernels, threads: Int, memory: Buffer) {
    let rounds = kernels.isa == .portable ? 100_000 : 2_000_000
    let peak = medianTime(seconds: 0.2) {
      inParallel(threads) { _ in _ = kernels.integerPeak(rounds) }
    }
    gmacs = Double(threads * rounds * kernels.productsPerRound) / peak / 1e9

    let share = memory.count / threads / 64
    let reading = medianTime(seconds: 1) {
      inParallel(threads) { thread in
        var sums = (SIMD8<UInt64>.zero, SIMD8<UInt64>.zero)
        let lines = memory.bytes + thread * share * 64
        for line in stride(from: 0, to: share - 1, by: 2) {
          sums.0 ^= lines.load(fromByteOffset: line * 64, as: SIMD8<UInt64>.self)
          sums.1 ^= lines.load(fromByteOffset: line * 64 + 64, as: SIMD8<UInt64>.self)
        }
        withExtendedLifetime(sums.0 ^ sums.1) {}
        memory.note(sums.0 ^ sums.1)
      }
    }
    gigabytes = Double(memory.count) / reading / 1e9
  }
}
