import Foundation
import JanusImages
import Testing

/// Pages of formulas against those of Tools/train/page.py, made by Tools/train/page_fixtures.py.
@Suite struct FormulaPageTests {
  /// As the pictures under Fixtures/pages were laid out.
  let layout = FormulaPage(margin: 8, thickness: 15)

  @Test(
    arguments: [
      "plain.png", "colour.png", "dark.png", "noise.png", "photo.jpg", "transparent.png",
      "small.png",
      "tall.png",
    ])
  func `a page equals the one that the model was trained with, to the last bit`(
    _ name: String
  ) throws {
    let picture = try Picture(decoding: Fixtures.bytes("pages/\(name)"))
    let stem = name.split(separator: ".")[0]
    let expected = try Picture(decoding: Fixtures.bytes("pages/\(stem)-page.png"))
    let page = try layout.laidOut(picture, side: 320)
    let differences = zip(page.bytes, expected.bytes).map { abs(Int($0) - Int($1)) }
    #expect(page.width == 320 && page.height == 320)
    #expect(differences.max() == 0)
  }

  @Test(
    arguments: ["wide.png", "wider.jpg", "lines.png", "solid.png", "crowded.png", "short.png"])
  func `a folded page equals the one that the model was trained with, to the last bit`(
    _ name: String
  ) throws {
    let picture = try Picture(decoding: Fixtures.bytes("pages/\(name)"))
    let stem = name.split(separator: ".")[0]
    let expected = try Picture(decoding: Fixtures.bytes("pages/\(stem)-page.png"))
    let page = try FormulaPage(margin: 8, thickness: 12, folds: true).laidOut(picture, side: 320)
    let differences = zip(page.bytes, expected.bytes).map { abs(Int($0) - Int($1)) }
    #expect(differences.max() == 0)
  }

  @Test func `further pages are those of their thicknesses, and each is there once`() throws {
    let further = [15, 12, 10, 15]
    let page = FormulaPage(margin: 8, thickness: 12, folds: true, furtherThicknesses: further)
    for name in ["wide.png", "short.png"] {
      let picture = try Picture(decoding: Fixtures.bytes("pages/\(name)"))
      let expected = try [12, 15, 10].map {
        try FormulaPage(margin: 8, thickness: $0, folds: true).laidOut(picture, side: 320)
      }
      #expect(try page.pages(of: picture, side: 320).pages == expected)
    }
    // Enlarged fourfold at most, and shrunk to fit.
    let tall = try Picture(decoding: Fixtures.bytes("pages/tall.png"))
    let shrunk = FormulaPage(margin: 8, thickness: 1000, furtherThicknesses: [2000, 4096])
    #expect(try shrunk.pages(of: tall, side: 320).pages.count == 1)
    #expect(throws: BlankPicture.self) {
      try page.pages(
        of: Picture(width: 30, height: 20, filledWith: [240, 240, 240]), side: 320)
    }
  }

  /// 100 × 60 of `ground` with strokes of `ink`, two pixels thick, beginning at `left`.
  private func strokes(ground: UInt8, ink: UInt8, left: Int = 10) -> Picture {
    var bytes = Picture(width: 100, height: 60, filledWith: [ground, ground, ground]).bytes
    for y in 20..<40 {
      for x in left..<left + 40 where x % 10 < 2 {
        for channel in 0..<3 { bytes[(y * 100 + x) * 3 + channel] = ink }
      }
    }
    return Picture(width: 100, height: 60, bytes: bytes)
  }

  @Test func `tone, dark mode and margins leave no trace`() throws {
    let page = try layout.laidOut(strokes(ground: 255, ink: 0), side: 320)
    #expect(try layout.laidOut(strokes(ground: 10, ink: 240), side: 320) == page)
    #expect(try layout.laidOut(strokes(ground: 200, ink: 150), side: 320) == page)
    #expect(try layout.laidOut(strokes(ground: 255, ink: 0, left: 50), side: 320) == page)
  }

  @Test func `a picture of one tone is blank, and faint writing is named with its contrast`() {
    let empty = Picture(width: 30, height: 20, filledWith: [240, 240, 240])
    #expect(throws: BlankPicture(contrast: 0)) { try layout.laidOut(empty, side: 320) }
    #expect(throws: BlankPicture(contrast: 20)) {
      try layout.laidOut(strokes(ground: 240, ink: 220), side: 320)
    }
  }

  @Test(arguments: [(1, 1), (2, 1), (1, 2), (3, 3), (2000, 1), (1, 2000), (700, 500)])
  func `any size of picture fits on any canvas`(_ width: Int, _ height: Int) {
    var bytes = Picture(width: width, height: height, filledWith: [255, 255, 255]).bytes
    bytes[bytes.count / 2] = 0
    bytes[bytes.count - 1] = 0
    let picture = Picture(width: width, height: height, bytes: bytes)
    for (side, margin) in [(320, 8), (17, 8), (1, 0)] {
      for folds in [false, true] {
        let page = FormulaPage(
          margin: margin, thickness: FormulaPage.largestThickness, folds: folds)
        // Whether one coloured pixel stands out depends on the picture; that nothing overflows does not.
        let canvas = try? page.laidOut(picture, side: side)
        #expect(canvas.map { $0.width == side && $0.height == side } ?? true)
      }
    }
  }
}
