// Weights to blocks of a panel. A lane is a row, and every lane does the same arithmetic in the
// same order without fused operations: all tiers write the same bytes.

/// Scales that the search for int4 tries: the level at which the block's extreme value would lie.
/// The levels are not symmetric, so both signs are worth trying.
private let anchors: [Float] = [18.75, 21.5, 24.25, 26.75, 29.5, 32.25, 34.75, 37.5]

/// The search for int8 tries 127, 126 … 112, for extreme values from this one on.
private let stepCount = 16
private let smallestExtreme: Float = 0x1p-100

/// `Kernels.encodeInt4`.
public func encodeInt4(
  _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>,
  _ levels: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer
) {
  let scale = bestScale(block, importance, levels, rounded: roundedToHalf)
  pack(block, levels, scale, out)
  for row in 0..<16 {
    out.storeBytes(of: half(from: scale[row]), toByteOffset: 256 + row * 2, as: UInt16.self)
  }
}

/// `Kernels.searchInt4`.
public func searchInt4(
  _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>,
  _ levels: UnsafePointer<Float>, _ scales: UnsafeMutablePointer<Float>
) {
  store(bestScale(block, importance, levels) { $0 }, scales)
}

/// `Kernels.fitInt4`.
public func fitInt4(
  _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>,
  _ levels: UnsafePointer<Float>, _ scales: UnsafePointer<Float>,
  _ products: UnsafeMutablePointer<Float>, _ squares: UnsafeMutablePointer<Float>
) {
  let (product, square) = fit(block, importance, reciprocal(load(scales, 0))) {
    nearest($0, levels).level
  }
  store(product, products)
  store(square, squares)
}

/// `Kernels.packInt4`.
public func packInt4(
  _ block: UnsafePointer<Float>, _ levels: UnsafePointer<Float>,
  _ scales: UnsafePointer<Float>, _ lines: UnsafeMutableRawPointer
) {
  pack(block, levels, load(scales, 0), lines)
}

/// The scale of the least squared error of each row.
@inline(__always)
private func bestScale(
  _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>,
  _ levels: UnsafePointer<Float>, rounded: (SIMD16<Float>) -> SIMD16<Float>
) -> SIMD16<Float> {
  var largest = SIMD16<Float>.zero
  var extreme = SIMD16<Float>.zero
  for k in 0..<32 {
    let x = load(block, k)
    let magnitude = x.replacing(with: -x, where: x .< 0)
    let larger = magnitude .> largest
    largest.replace(with: magnitude, where: larger)
    extreme.replace(with: x, where: larger)
  }
  let empty = extreme .== 0
  extreme.replace(with: 1, where: empty)

  var bestGain = SIMD16<Float>.zero
  var bestScale = SIMD16<Float>.zero
  func consider(_ inverse: SIMD16<Float>) {
    keepBetter(block, importance, inverse, &bestScale, &bestGain, rounded: rounded) {
      nearest($0, levels).level
    }
  }
  for anchor in anchors {
    consider(anchor / extreme)
    consider(-anchor / extreme)
  }
  for _ in 0..<2 { consider(reciprocal(bestScale)) }
  return bestScale
}

/// The nibbles of the levels nearest to a block over its rows' scales.
@inline(__always)
private func pack(
  _ block: UnsafePointer<Float>, _ levels: UnsafePointer<Float>, _ scale: SIMD16<Float>,
  _ lines: UnsafeMutableRawPointer
) {
  let inverse = reciprocal(scale)
  for group in 0..<4 {
    var words = SIMD16<UInt32>.zero
    for byte in 0..<4 {
      let low = nearest(load(block, group * 4 + byte) * inverse, levels).index
      let high = nearest(load(block, group * 4 + byte + 16) * inverse, levels).index
      words |= (low | high &<< 4) &<< UInt32(byte * 8)
    }
    lines.storeBytes(of: words, toByteOffset: group * 64, as: SIMD16<UInt32>.self)
  }
}

/// `Kernels.encodeInt8`.
public func encodeInt8(
  _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>?,
  _ out: UnsafeMutableRawPointer
) {
  func column(_ k: Int) -> SIMD16<Float> { load(block, k) }
  // Adding 1.5 · 2²³ rounds to even and leaves the number in the low bits of the sum.
  let rounding: Float = 0x1.8p23
  func rounded(_ y: SIMD16<Float>) -> SIMD16<Float> {
    y.replacing(with: 127, where: y .> 127).replacing(with: -127, where: y .< -127) + rounding
  }

  // The bits of |x| are ordered as the numbers are, with NaN above infinity.
  var bits = SIMD16<UInt32>.zero
  for k in 0..<32 {
    let magnitude = unsafeBitCast(column(k), to: SIMD16<UInt32>.self) & 0x7fff_ffff
    bits.replace(with: magnitude, where: magnitude .> bits)
  }
  let largest = unsafeBitCast(bits, to: SIMD16<Float>.self)

  var bestScale = roundedToHalf(largest / 127)
  if let importance {
    bestScale = .zero
    var bestGain = SIMD16<Float>.zero
    // Rows below it get scales of zero anyway.
    let extreme = largest.replacing(with: smallestExtreme, where: largest .< smallestExtreme)
    for step in 0..<stepCount {
      let inverse = Float(127 - step) / extreme
      keepBetter(
        block, importance, inverse, &bestScale, &bestGain, rounded: roundedToHalf
      ) { rounded($0) - rounding }
    }
  }

  let inverse = reciprocal(bestScale)
  for group in 0..<8 {
    var words = SIMD16<UInt32>.zero
    for byte in 0..<4 {
      let y = column(group * 4 + byte) * inverse
      let bits = unsafeBitCast(rounded(y), to: SIMD16<UInt32>.self)
      words |= ((bits &+ 128) & 255) &<< UInt32(byte * 8)
    }
    out.storeBytes(of: words, toByteOffset: group * 64, as: SIMD16<UInt32>.self)
  }
  for row in 0..<16 {
    out.storeBytes(of: half(from: bestScale[row]), toByteOffset: 512 + row * 2, as: UInt16.self)
  }
}

@inline(__always)
private func load(_ block: UnsafePointer<Float>, _ column: Int) -> SIMD16<Float> {
  UnsafeRawPointer(block).loadUnaligned(fromByteOffset: column * 64, as: SIMD16<Float>.self)
}

@inline(__always)
private func store(_ x: SIMD16<Float>, _ to: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(to).storeBytes(of: x, as: SIMD16<Float>.self)
}

/// Compares the best scales so far with those for the levels q nearest to the block times
/// `inverse`, and keeps the better ones.
///
/// For a choice of levels the best scale is d = Σwxq / Σwq²; it lowers the squared error by
/// 2d·Σwxq - d²·Σwq². Rounding d, where it is stored in f16, is part of the choice.
@inline(__always)
private func keepBetter(
  _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>, _ inverse: SIMD16<Float>,
  _ bestScale: inout SIMD16<Float>, _ bestGain: inout SIMD16<Float>,
  rounded: (SIMD16<Float>) -> SIMD16<Float>, nearest: (SIMD16<Float>) -> SIMD16<Float>
) {
  let (product, square) = fit(block, importance, inverse, nearest: nearest)
  let scale = rounded(product / square)
  let gain = (scale + scale) * product - (scale * scale) * square
  let better = gain .> bestGain
  bestGain.replace(with: gain, where: better)
  bestScale.replace(with: scale, where: better)
}

/// Σwxq and Σwq² for the levels q nearest to the block times `inverse`.
@inline(__always)
private func fit(
  _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>, _ inverse: SIMD16<Float>,
  nearest: (SIMD16<Float>) -> SIMD16<Float>
) -> (product: SIMD16<Float>, square: SIMD16<Float>) {
  var product = SIMD16<Float>.zero
  var square = SIMD16<Float>.zero
  for k in 0..<32 {
    let x = load(block, k)
    let q = nearest(x * inverse)
    product += (x * importance[k]) * q
    square += (q * importance[k]) * q
  }
  return (product, square)
}

/// The level nearest to each value, and its index.
@inline(__always)
private func nearest(
  _ y: SIMD16<Float>, _ levels: UnsafePointer<Float>
) -> (level: SIMD16<Float>, index: SIMD16<UInt32>) {
  var level = SIMD16<Float>(repeating: levels[0])
  var index = SIMD16<UInt32>.zero
  for i in 1..<16 {
    let above = y .> (levels[i - 1] + levels[i]) * 0.5
    level.replace(with: levels[i], where: above)
    index.replace(with: UInt32(i), where: above)
  }
  return (level, index)
}

/// 1 / x, and 0 for 0: the values of a block whose scale is zero do not matter.
@inline(__always)
private func reciprocal(_ x: SIMD16<Float>) -> SIMD16<Float> {
  (1 / x).replacing(with: 0, where: x .== 0)
}

@inline(__always)
private func roundedToHalf(_ x: SIMD16<Float>) -> SIMD16<Float> {
  var rounded = x
  for row in 0..<16 { rounded[row] = float(fromHalf: half(from: x[row])) }
  return rounded
}
