import JanusImages
import Testing

/// Resizing and pre-processing against Pillow's, to the last bit.
@Suite struct PreprocessingTests {
  @Test(arguments: Fixtures.expected.resized)
  func `bicubic resizing equals Pillow's`(_ expected: Fixtures.Resized) {
    let picture = pattern(width: expected.width, height: expected.height, seed: expected.seed)
    let resized = picture.resized(toWidth: expected.newWidth, height: expected.newHeight)
    #expect(resized.width == expected.newWidth)
    #expect(resized.height == expected.newHeight)
    #expect(sha256(of: resized) == expected.sha256)
  }

  @Test(arguments: Fixtures.expected.preprocessed)
  func `model input equals the reference's`(_ expected: Fixtures.Preprocessed) throws {
    let preprocessor = try ImagePreprocessor(
      imageSize: expected.imageSize, minSize: expected.minSize, mean: expected.mean,
      standardDeviation: expected.std, rescaleFactor: 1.0 / 255, normalizes: expected.normalizes)
    let picture = pattern(width: expected.width, height: expected.height, seed: expected.seed)
    let size = preprocessor.fittedSize(width: picture.width, height: picture.height)
    #expect(size == (expected.fittedWidth, expected.fittedHeight))
    #expect(sha256(of: preprocessor.squared(picture)) == expected.squareSHA256)
    let pixels = preprocessor.pixels(of: picture)
    #expect(pixels.count == 3 * expected.imageSize * expected.imageSize)
    #expect(pixels.withUnsafeBytes(sha256) == expected.sha256)
  }

  @Test func `at least thirty combinations are compared`() {
    #expect(Fixtures.expected.preprocessed.count >= 30)
  }

  @Test func `the shorter side is rounded down as in the reference`() throws {
    let preprocessor = try half()
    for longer in [1, 7, 383, 384, 385, 1000, 4032] {
      for shorter in stride(from: 1, through: longer, by: max(1, longer / 97)) {
        let size = preprocessor.fittedSize(width: longer, height: shorter)
        #expect(size == (384, max(shorter * 384 / longer, 14)))
      }
    }
  }

  @Test func `padding is the background, black and white are −1 and 1`() throws {
    let preprocessor = try half()
    let black = Picture(width: 384, height: 100, filledWith: [0, 0, 0])
    let pixels = preprocessor.pixels(of: black)
    #expect(pixels[0] == -0.0039215684)
    #expect(pixels[192 * 384] == -1)
    let white = Picture(width: 384, height: 384, filledWith: [255, 255, 255])
    #expect(preprocessor.pixels(of: white).allSatisfy { $0 == 1 })
  }

  @Test func `unusable numbers are refused by name`() {
    func message(
      imageSize: Int = 384, minSize: Int = 14, mean: [Float] = [0.5, 0.5, 0.5],
      deviation: [Float] = [0.5, 0.5, 0.5], factor: Double = 1 / 255, background: [UInt8]? = nil
    ) -> String {
      do {
        _ = try ImagePreprocessor(
          imageSize: imageSize, minSize: minSize, mean: mean, standardDeviation: deviation,
          rescaleFactor: factor, background: background)
        return "accepted"
      } catch {
        return error.description
      }
    }
    #expect(message() == "accepted")
    #expect(message(imageSize: 0).contains("image size: expected 1 to 4096, found 0"))
    #expect(message(imageSize: 1 << 40).contains("image size"))
    #expect(message(minSize: 385).contains("min size: expected 1 to the image size 384"))
    #expect(message(mean: [0.5]).contains("mean"))
    #expect(message(mean: [.nan, 0, 0]).contains("mean"))
    #expect(message(mean: [2, 0, 0]).contains("mean"))
    #expect(message(mean: [2, 0, 0], background: [1, 2, 3]) == "accepted")
    #expect(message(deviation: [0.5, 0, 0.5]).contains("standard deviation"))
    #expect(message(factor: .infinity).contains("rescale factor"))
    #expect(message(background: [1]).contains("background"))
  }

  private func half() throws -> ImagePreprocessor {
    try ImagePreprocessor(
      imageSize: 384, minSize: 14, mean: [0.5, 0.5, 0.5], standardDeviation: [0.5, 0.5, 0.5],
      rescaleFactor: 0.00392156862745098)
  }
}
