extension Picture {
  /// The picture at another size, to the last bit as Pillow's `Image.resize(size, BICUBIC)`.
  ///
  /// The kernel is Keys' cubic with a = −0.5, widened by the factor of reduction (antialiasing). Two passes,
  /// horizontal then vertical, each in 22-bit fixed point and each rounded and clipped to 8 bits; a pass along an
  /// axis that keeps its size is skipped. Source: Pillow, src/libImaging/Resample.c, of every version before 13,
  /// with which the models were made; Pillow 13 takes the cheaper order of the passes.
  public func resized(toWidth newWidth: Int, height newHeight: Int) -> Picture {
    precondition(newWidth > 0 && newHeight > 0, "a picture has at least one pixel")
    var picture = self
    if newWidth != width { picture = picture.resampledHorizontally(to: newWidth) }
    if newHeight != height { picture = picture.resampledVertically(to: newHeight) }
    return picture
  }

  private func resampledHorizontally(to newWidth: Int) -> Picture {
    let filter = BicubicFilter(from: width, to: newWidth)
    let resampled = [UInt8](unsafeUninitializedCapacity: newWidth * height * 3) { target, count in
      bytes.withUnsafeBufferPointer { source in
        filter.weights.withUnsafeBufferPointer { weights in
          for y in 0..<height {
            let sourceRow = source.baseAddress! + y * width * 3
            let targetRow = target.baseAddress! + y * newWidth * 3
            for x in 0..<newWidth {
              var red = BicubicFilter.half
              var green = BicubicFilter.half
              var blue = BicubicFilter.half
              var pixel = sourceRow + filter.taps[x].start * 3
              var weight = weights.baseAddress! + x * filter.stride
              for _ in 0..<filter.taps[x].count {
                red &+= Int32(pixel[0]) &* weight[0]
                green &+= Int32(pixel[1]) &* weight[0]
                blue &+= Int32(pixel[2]) &* weight[0]
                pixel += 3
                weight += 1
              }
              targetRow[x * 3] = BicubicFilter.clipped(red)
              targetRow[x * 3 + 1] = BicubicFilter.clipped(green)
              targetRow[x * 3 + 2] = BicubicFilter.clipped(blue)
            }
          }
        }
      }
      count = newWidth * height * 3
    }
    return Picture(width: newWidth, height: height, bytes: resampled)
  }

  private func resampledVertically(to newHeight: Int) -> Picture {
    let filter = BicubicFilter(from: height, to: newHeight)
    let rowSize = width * 3
    // One row of sums, so that the inner loop follows memory order.
    var sums = [Int32](repeating: 0, count: rowSize)
    let resampled = [UInt8](unsafeUninitializedCapacity: rowSize * newHeight) { target, count in
      bytes.withUnsafeBufferPointer { source in
        sums.withUnsafeMutableBufferPointer { sums in
          for y in 0..<newHeight {
            sums.update(repeating: BicubicFilter.half)
            for tap in 0..<filter.taps[y].count {
              let weight = filter.weights[y * filter.stride + tap]
              let sourceRow = source.baseAddress! + (filter.taps[y].start + tap) * rowSize
              let sum = sums.baseAddress!
              for i in 0..<rowSize { sum[i] &+= Int32(sourceRow[i]) &* weight }
            }
            let targetRow = target.baseAddress! + y * rowSize
            for i in 0..<rowSize { targetRow[i] = BicubicFilter.clipped(sums[i]) }
          }
        }
      }
      count = rowSize * newHeight
    }
    return Picture(width: width, height: newHeight, bytes: resampled)
  }
}

/// The weights of one resampling pass: for each output position, which inputs and how much of each.
struct BicubicFilter {
  /// `count` inputs from `start`, for each output position.
  let taps: [(start: Int, count: Int)]
  /// Weights per output position, of which the first `count` are used.
  let stride: Int
  /// [outputs, stride], in units of 2⁻²².
  let weights: [Int32]

  /// 32 bits less 8 for the pixel and 2 for the sign and the overshoot of negative weights.
  private static let precisionBits: Int32 = 32 - 8 - 2
  /// What a sum starts from, so that the shift rounds to nearest.
  static let half: Int32 = 1 << (precisionBits - 1)

  @inline(__always)
  static func clipped(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum >> precisionBits, 0), 255))
  }

  /// The arithmetic is Pillow's, operation by operation, because another order would round
  /// differently.
  init(from inputSize: Int, to outputSize: Int) {
    let scale = Double(inputSize) / Double(outputSize)
    let filterScale = max(scale, 1)
    let support = 2 * filterScale
    let stride = Int(support.rounded(.up)) * 2 + 1
    var taps: [(start: Int, count: Int)] = []
    taps.reserveCapacity(outputSize)
    var weights = [Int32](repeating: 0, count: outputSize * stride)
    var exact = [Double](repeating: 0, count: stride)

    for output in 0..<outputSize {
      let center = (Double(output) + 0.5) * scale
      let inverse = 1 / filterScale
      let start = max(Int(center - support + 0.5), 0)
      let count = min(Int(center + support + 0.5), inputSize) - start
      var total = 0.0
      for tap in 0..<count {
        let weight = Self.cubic((Double(tap + start) - center + 0.5) * inverse)
        exact[tap] = weight
        total += weight
      }
      for tap in 0..<count {
        let weight = total == 0 ? exact[tap] : exact[tap] / total
        let scaled = weight * Double(1 << Self.precisionBits)
        weights[output * stride + tap] = Int32(weight < 0 ? scaled - 0.5 : scaled + 0.5)
      }
      taps.append((start, count))
    }
    self.taps = taps
    self.stride = stride
    self.weights = weights
  }

  /// Keys' cubic convolution kernel, a = −0.5.
  private static func cubic(_ x: Double) -> Double {
    let a = -0.5
    let x = abs(x)
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
    return 0
  }
}
