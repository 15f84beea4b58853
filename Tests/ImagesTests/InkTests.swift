import JanusImages
import Testing

/// Cropping to the writing, and dark grounds.
@Suite struct InkTests {
  /// 100 × 60 of `ground` with a block of `ink` at columns 30–49, rows 20–24.
  private func page(ground: [UInt8] = [250, 250, 250], ink: [UInt8] = [10, 20, 30]) -> Picture {
    var bytes = Picture(width: 100, height: 60, filledWith: ground).bytes
    for y in 20..<25 {
      for x in 30..<50 {
        bytes.replaceSubrange((y * 100 + x) * 3..<(y * 100 + x) * 3 + 3, with: ink)
      }
    }
    return Picture(width: 100, height: 60, bytes: bytes)
  }

  @Test func `margins are cropped to the ink`() {
    let ink = page().croppedToInk(margin: 0)
    #expect(ink == Picture(width: 20, height: 5, filledWith: [10, 20, 30]))
    let framed = page().croppedToInk(margin: 2)
    #expect(framed.width == 24 && framed.height == 9)
    #expect(Array(framed.bytes[..<3]) == [250, 250, 250])
    #expect(framed.croppedToInk(margin: 0) == ink)
  }

  @Test func `a margin beyond the edge is made of background`() {
    let framed = page().croppedToInk(margin: 40)
    #expect(framed.width == 100 && framed.height == 85)
    #expect(framed.backgroundColour == [250, 250, 250])
    #expect(framed.croppedToInk(margin: 0) == page().croppedToInk(margin: 0))
  }

  @Test func `faint noise is no ink, and a picture without ink stays`() {
    let noisy = page(ink: [230, 230, 230])
    #expect(noisy.croppedToInk(margin: 3) == noisy)
    #expect(noisy.croppedToInk(margin: 0, contrast: 10).width == 20)
  }

  @Test func `light writing on a dark ground is seen and inverted`() {
    let dark = page(ground: [5, 15, 25], ink: [245, 235, 225])
    #expect(dark.isLightOnDark)
    #expect(!page().isLightOnDark)
    #expect(dark.inverted() == page(ground: [250, 240, 230], ink: [10, 20, 30]))
    #expect(dark.inverted().inverted() == dark)
    #expect(dark.croppedToInk(margin: 0).width == 20)
  }

  @Test func `ink at the border does not make the background dark`() {
    var bytes = page().bytes
    bytes.replaceSubrange(0..<90, with: repeatElement(0, count: 90))
    let touching = Picture(width: 100, height: 60, bytes: bytes)
    #expect(!touching.isLightOnDark)
    #expect(touching.backgroundColour == [250, 250, 250])
    let cropped = touching.croppedToInk(margin: 0)
    #expect(cropped.width == 50 && cropped.height == 25)
  }

  @Test func `padding brings the ratio into the range and keeps the picture in the middle`() {
    let wide = page().padded(toRatio: 0.5...1)
    #expect(wide.width == 100 && wide.height == 100)
    #expect(wide.croppedToInk(margin: 0) == page().croppedToInk(margin: 0))
    let narrow = page().padded(toRatio: 3...4)
    #expect(narrow.width == 180 && narrow.height == 60)
    #expect(page().padded(toRatio: 1...2) == page())
  }
}
