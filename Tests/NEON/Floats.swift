import KernelsNEON
import KernelsPortable

// With inputs within ±1, a sum of n products has a size of at most n, and any order of additions
// gives it within n + 1 roundings of that size.

func checkFloatMatmul() {
  var random = Random(state: 4)
  for (rows, tokens) in [(1, 1), (3, 2), (4, 3), (9, 5)] {
    for columns in [0, 1, 3, 4, 5, 16, 61] {
      let weights = floats(rows * columns, 1, &random)
      let bf16 = Buffer<UInt16>(rows * columns)
      for i in 0..<rows * columns {
        bf16.start[i] = UInt16(weights.start[i].bitPattern >> 16)
      }
      let x = floats(tokens * columns, 1, &random)
      let (ours, truth) = (Buffer<Float>(tokens * rows), Buffer<Float>(tokens * rows))
      let n = Float(columns)
      KernelsNEON.matmulF32(
        weights.start, columns, 0, rows, x.start, columns, tokens, ours.start, rows)
      KernelsPortable.matmulF32(
        weights.start, columns, 0, rows, x.start, columns, tokens, truth.start, rows)
      expectClose(ours, truth, tokens * rows, size: n, roundings: n + 1, "matmulF32")
      KernelsNEON.matmulBF16(
        bf16.start, columns, 0, rows, x.start, columns, tokens, ours.start, rows)
      KernelsPortable.matmulBF16(
        bf16.start, columns, 0, rows, x.start, columns, tokens, truth.start, rows)
      expectClose(ours, truth, tokens * rows, size: n, roundings: n + 1, "matmulBF16")
    }
  }
}

/// Bit for bit, with unwritten keys (NaN) and with canaries after the results.
func checkAttention() {
  var random = Random(state: 7)
  for rows in 0...9 {
    for dim in [1, 8, 16, 64, 80, 131] {
      for count in [0, 1, 63, 64] {
        let q = floats(rows * dim, 1, &random)
        let keys = floats(dim * 64, 1, &random)
        let halfKeys = halves(dim * 64, &random)
        let byteKeys = bytes(dim * 64, &random)
        for i in 0..<dim * 64 where i % 64 >= count {
          keys.start[i] = .nan
          halfKeys.start[i] = 0xffff
        }
        let (ours, truth) = (Buffer<Float>(rows * 64), Buffer<Float>(rows * 64))
        KernelsNEON.scoresF32(q.start, dim, rows, keys.start, dim, 0.3, ours.start, 64)
        KernelsPortable.scoresF32(q.start, dim, rows, keys.start, dim, 0.3, truth.start, 64)
        expectSameBits(ours, truth, rows * 64, "scoresF32")
        KernelsNEON.scoresF16(q.start, dim, rows, halfKeys.start, dim, 0.3, ours.start, 64)
        KernelsPortable.scoresF16(q.start, dim, rows, halfKeys.start, dim, 0.3, truth.start, 64)
        expectSameBits(ours, truth, rows * 64, "scoresF16")
        KernelsNEON.scoresInt8(
          q.start, dim, rows, byteKeys.start, dim, 0.3, ours.start, 64, nil)
        KernelsPortable.scoresInt8(
          q.start, dim, rows, byteKeys.start, dim, 0.3, truth.start, 64, nil)
        expectSameBits(ours, truth, rows * 64, "scoresInt8")

        let stride = dim + 1
        let weights = floats(rows * 64, 1, &random)
        let values = floats(count * stride, 1, &random)
        let halfValues = halves(count * stride, &random)
        let byteValues = bytes(count * stride, &random)
        let (sums, truthSums) = (floats(rows * stride, 1, &random), Buffer<Float>(rows * stride))
        for i in 0..<rows * stride { truthSums.start[i] = sums.start[i] }
        KernelsNEON.weightedSumF32(
          weights.start, 64, rows, values.start, stride, count, dim, sums.start, stride)
        KernelsPortable.weightedSumF32(
          weights.start, 64, rows, values.start, stride, count, dim, truthSums.start, stride)
        expectSameBits(sums, truthSums, rows * stride, "weightedSumF32")
        KernelsNEON.weightedSumF16(
          weights.start, 64, rows, halfValues.start, stride, count, dim, sums.start, stride)
        KernelsPortable.weightedSumF16(
          weights.start, 64, rows, halfValues.start, stride, count, dim, truthSums.start, stride)
        expectSameBits(sums, truthSums, rows * stride, "weightedSumF16")
        KernelsNEON.weightedSumInt8(
          weights.start, 64, rows, byteValues.start, stride, count, dim, sums.start, stride, nil)
        KernelsPortable.weightedSumInt8(
          weights.start, 64, rows, byteValues.start, stride, count, dim, truthSums.start, stride,
          nil)
        expectSameBits(sums, truthSums, rows * stride, "weightedSumInt8")
        for floats in [q, keys, ours, truth, weights, values, sums, truthSums] { floats.free() }
        for halves in [halfKeys, halfValues] { halves.free() }
        for bytes in [byteKeys, byteValues] { bytes.free() }
      }
    }
  }
}

/// Both tiers use the same polynomials; what differs is how often they round.
func checkElementwise() {
  var random = Random(state: 6)
  for count in [1, 3, 4, 5, 63, 200] {
    let n = Float(count)
    let (ours, truth) = (Buffer<Float>(count), Buffer<Float>(count))
    func fill(_ limit: Float) {
      for i in 0..<count {
        ours.start[i] = random.float(limit)
        truth.start[i] = ours.start[i]
      }
    }
    let weight = floats(count, 1, &random)
    let bias = floats(count, 1, &random)

    fill(30)
    KernelsNEON.softmax(ours.start, count)
    KernelsPortable.softmax(truth.start, count)
    // Scores that are 60 apart are rounded to 60 u before exp, which adds 3 u.
    expectClose(ours, truth, count, size: 1, roundings: 2 * 63 + n + 3, "softmax")

    fill(100)
    KernelsNEON.siluMul(ours.start, weight.start, ours.start, count)
    KernelsPortable.siluMul(truth.start, weight.start, truth.start, count)
    expectClose(ours, truth, count, size: 100, roundings: 7, "siluMul")

    fill(6)
    KernelsNEON.gelu(ours.start, count)
    KernelsPortable.gelu(truth.start, count)
    // Both tails have the error of two roundings and of the polynomial's roundings.
    expectClose(ours, truth, count, size: 6, roundings: 3 + 4, "gelu")

    fill(2)
    KernelsNEON.add(weight.start, ours.start, count)
    KernelsPortable.add(weight.start, truth.start, count)
    expectSameBits(ours, truth, count, "add")

    fill(2)
    KernelsNEON.multiply(weight.start, ours.start, count)
    KernelsPortable.multiply(weight.start, truth.start, count)
    expectSameBits(ours, truth, count, "multiply")

    fill(2)
    KernelsNEON.rmsNorm(ours.start, weight.start, 1e-6, ours.start, count)
    KernelsPortable.rmsNorm(truth.start, weight.start, 1e-6, truth.start, count)
    // A normalised value is at most √n.
    expectClose(ours, truth, count, size: n.squareRoot(), roundings: n / 2 + 6, "rmsNorm")

    fill(2)
    KernelsNEON.layerNorm(ours.start, weight.start, bias.start, 1e-2, ours.start, count)
    KernelsPortable.layerNorm(truth.start, weight.start, bias.start, 1e-2, truth.start, count)
    // The mean has an error of 2 n u; the deviation is at least ¹/₁₀.
    let size = max(n.squareRoot(), 20)
    expectClose(ours, truth, count, size: size, roundings: 2 * n + 12, "layerNorm")

    let half = count / 2
    fill(2)
    KernelsNEON.rope(ours.start, weight.start, bias.start, 1, half * 2)
    KernelsPortable.rope(truth.start, weight.start, bias.start, 1, half * 2)
    expectClose(ours, truth, half * 2, size: 4, roundings: 2, "rope")
    ours.free()
    truth.free()
    weight.free()
    bias.free()
  }
}
