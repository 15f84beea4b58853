import Testing

@testable import SIMDKernels

@Suite struct NormalizationTests {
  @Test(arguments: InstructionSet.available)
  func rmsNorm(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 1)
    for count in awkwardSizes where count > 0 {
      for magnitude: Float in [0, 1e-3, 1, 1e3] {
        let x = random.floats(count).map { $0 * magnitude }
        let weight = random.floats(count, in: -2...2)
        let out = Guarded<Float>(count)
        kernels.rmsNorm(x, weight, 1e-6, out.start, count)
        let mean = x.reduce(0) { $0 + Double($1) * Double($1) } / Double(count)
        let truths = zip(x, weight).map {
          Double($0) * Double($1) / (mean + Double(Float(1e-6))).squareRoot()
        }
        // The root halves the sum's relative error of count · u. Six more operations follow.
        let bounds = truths.map { abs($0) * (Double(count) / 2 + 6) * rounding }
        expectClose(out.checked(), truths, within: bounds, "\(count) of ±\(magnitude)")
        let inPlace = Guarded(x)
        kernels.rmsNorm(inPlace.start, weight, 1e-6, inPlace.start, count)
        #expect(inPlace.checked() == out.checked())
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func layerNorm(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 2)
    for count in awkwardSizes where count > 0 {
      for (magnitude, shift) in [(Float(0), Float(0)), (1, 0), (1, 10), (1e3, -50)] {
        let x = random.floats(count).map { $0 * magnitude + shift }
        let (weight, bias) = (random.floats(count, in: -2...2), random.floats(count))
        let out = Guarded<Float>(count)
        kernels.layerNorm(x, weight, bias, 1e-5, out.start, count)
        let n = Double(count)
        let mean = x.reduce(0) { $0 + Double($1) } / n
        let variance = x.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / n
        let deviation = (variance + Double(Float(1e-5))).squareRoot()
        // The mean is off by at most n · u times the mean magnitude.
        let meanError = x.reduce(0) { $0 + Double($1.magnitude) } / n * (n + 1) * rounding
        let shifted = meanError / deviation
        var truths: [Double] = []
        var bounds: [Double] = []
        for i in 0..<count {
          let normal = (Double(x[i]) - mean) / deviation
          truths.append(normal * Double(weight[i]) + Double(bias[i]))
          let error =
            abs(normal) * ((n / 2 + 8) * rounding + shifted * shifted)
            + shifted * (1 + (n / 2 + 8) * rounding)
          bounds.append(
            abs(Double(weight[i])) * error
              + 2 * rounding * (abs(truths[i]) + abs(Double(bias[i]))))
        }
        expectClose(out.checked(), truths, within: bounds, "\(count) of ±\(magnitude) + \(shift)")
        let inPlace = Guarded(x)
        kernels.layerNorm(inPlace.start, weight, bias, 1e-5, inPlace.start, count)
        #expect(inPlace.checked() == out.checked())
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func sumsOfChannelsAreExactlyRoundedInOrder(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 3)
    for channels in [1, 7, 8, 15, 16, 33, 64, 80] {
      for pixels in [0, 1, 5, 24] {
        let x = random.floats(pixels * channels, in: -100...100)
        let before = random.floats(2 * channels).map(Double.init)
        let sums = Guarded(before)
        kernels.sumChannels(x, pixels, channels, sums.start)
        var truths = before
        for (i, value) in x.enumerated() {
          truths[i % channels] += Double(value)
          truths[channels + i % channels] += Double(value) * Double(value)
        }
        #expect(sums.checked() == truths, "\(pixels) pixels of \(channels) channels")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func scaleShiftIsRoundedOnce(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 4)
    for channels in [1, 7, 8, 15, 16, 33, 64, 80] {
      for pixels in [0, 1, 5] {
        let x = random.floats(pixels * channels, in: -10...10)
        let (scale, shift) = (random.floats(channels), random.floats(channels))
        let out = Guarded<Float>(x.count)
        kernels.scaleShift(x, scale, shift, out.start, pixels, channels)
        let truths = x.indices.map {
          shift[$0 % channels].addingProduct(x[$0], scale[$0 % channels])
        }
        #expect(out.checked() == truths, "\(pixels) pixels of \(channels) channels")
        let inPlace = Guarded(x)
        kernels.scaleShift(inPlace.start, scale, shift, inPlace.start, pixels, channels)
        #expect(inPlace.checked() == truths)
      }
    }
  }
}
