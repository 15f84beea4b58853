import Foundation
import JanusImages
import Testing

/// What is writing in a picture: the ink map against the training's, and by drawings whose right result is known.
@Suite struct WritingTests {
  /// Made by Tools/train/writing_fixtures.py.
  @Test(
    arguments: [
      "box.png", "cell.png", "crossed.png", "edge.png", "equal.png", "faint.png", "frame.png",
      "key.png",
      "marked.jpg", "neighbours.png", "noise.png", "panel.png", "orange.jpg", "photograph.jpg",
      "red.png",
      "selected.png", "shadow.png", "slope.jpg", "squared.png", "tight.png", "turned.png",
      "white.png", "window.png", "yellow.jpg",
    ])
  func `the ink equals what the training sees, to the last bit`(_ name: String) throws {
    let picture = try Picture(decoding: Fixtures.bytes("writing/\(name)"))
    let stem = name.split(separator: ".")[0]
    let expected = try Picture(decoding: Fixtures.bytes("writing/\(stem)-ink.png"))
    let ink = try Writing.ink(of: picture)
    #expect(ink.width == expected.width && ink.height == expected.height)
    let values = stride(from: 0, to: expected.bytes.count, by: 3).map { expected.bytes[$0] }
    #expect(ink.values == values)
  }

  private let page = FormulaPage(margin: 8, thickness: 15)

  /// The page of the drawing with nothing around it.
  private func expected() throws -> Picture {
    try page.laidOut(Sheet.plain().picture, side: 320)
  }

  @Test(
    arguments: [
      ([0, 0, 0], [120, 120, 120]), ([255, 255, 255], [140, 140, 140]),
      ([0, 0, 0], [200, 30, 30]),
      ([255, 255, 255], [135, 206, 235]), ([255, 240, 0], [255, 255, 255]),
      ([230, 60, 60], [60, 150, 60]), ([40, 40, 220], [30, 120, 30]),
      ([90, 90, 90], [10, 10, 10]),
    ] as [([UInt8], [UInt8])])
  func `any two colours are read as black on white is`(_ ink: [UInt8], _ ground: [UInt8]) throws {
    let sheet = Sheet.plain(ground: ground, ink: ink)
    #expect(try page.laidOut(sheet.picture, side: 320) == expected())
  }

  @Test(arguments: [1, 3], [0, 2, 6])
  func `a frame near the edge is no writing`(_ thickness: Int, _ distance: Int) throws {
    for (ground, ink) in [(Sheet.white, Sheet.black), (Sheet.black, Sheet.white)] {
      var sheet = Sheet.plain(ground: ground, ink: ink)
      sheet.frame(
        distance..<sheet.width - distance, distance..<sheet.height - distance,
        thickness: thickness, ink)
      #expect(try page.laidOut(sheet.picture, side: 320) == expected())
    }
  }

  @Test func `lines of a table at some sides, and dark edges of a scan, are no writing`() throws {
    let (width, height) = (Sheet.plain().width, Sheet.plain().height)
    let sides: [(Range<Int>, Range<Int>)] = [
      (0..<width, 0..<1), (0..<width, height - 2..<height), (0..<1, 0..<height),
      (width - 12..<width, 0..<height), (0..<width, 0..<9),
    ]
    for (x, y) in sides {
      var sheet = Sheet.plain()
      sheet.fill(x, y)
      #expect(try page.laidOut(sheet.picture, side: 320) == expected(), "\(x) × \(y)")
    }
    var corner = Sheet.plain()
    corner.fill(3..<4, 3..<height)
    corner.fill(3..<width, 3..<4)
    #expect(try page.laidOut(corner.picture, side: 320) == expected())
  }

  @Test func `rules of paper are no writing, where they cross it as well`() throws {
    for colour in [[170, 200, 235], [120, 130, 160]] as [[UInt8]] {
      var sheet = Sheet(width: 128, height: 90)
      for y in stride(from: 8, to: 90, by: 30) { sheet.fill(0..<128, y..<y + 1, colour) }
      sheet.write(x: 20, y: 30)
      let ink = try Writing.ink(of: sheet.picture)
      #expect((0..<128).allSatisfy { ink.values[8 * 128 + $0] == 0 })
      #expect(try Writing(in: sheet.picture).columns == 20..<108)
      #expect(try Writing(in: sheet.picture).rows == 30..<50)
    }
  }

  @Test func `a line of text cut at the edge is no writing`() throws {
    var sheet = Sheet.plain()
    for x in stride(from: 8, to: 120, by: 9) { sheet.fill(x..<x + 3, 0..<7) }
    #expect(try page.laidOut(sheet.picture, side: 320) == expected())
  }

  private func drawing(
    _ name: String, _ draw: @escaping (inout Sheet) -> Void
  ) -> (String, (inout Sheet) -> Void) {
    (name, draw)
  }

  /// Everything that could be taken for a frame, a rule or an edge, cut as tightly as people cut.
  @Test func `parts of formulas at the picture's edge are kept`() throws {
    let drawings: [(String, (inout Sheet) -> Void)] = [
      drawing("fraction") { sheet in
        sheet.write(x: 26, y: 20)
        sheet.write(x: 26, y: 54)
        sheet.fill(20..<120, 46..<48)
      },
      drawing("overline") { sheet in
        sheet.write(x: 21, y: 28)
        sheet.fill(20..<110, 20..<22)
      },
      drawing("bars") { sheet in
        sheet.write(x: 28, y: 24)
        for x in [20, 120] { sheet.fill(x..<x + 2, 20..<48) }
      },
      drawing("brackets") { sheet in
        sheet.write(x: 32, y: 24)
        for x in [20, 126] { sheet.fill(x..<x + 3, 20..<48) }
        for (x, y) in [(20, 20), (20, 46), (121, 20), (121, 46)] {
          sheet.fill(x..<x + 8, y..<y + 2)
        }
      },
      drawing("root") { sheet in
        sheet.write(x: 36, y: 26)
        sheet.fill(32..<130, 20..<22)
        for step in 0..<26 { sheet.fill(20 + step / 2..<23 + step / 2, 46 - step..<47 - step) }
      },
      drawing("minus") { sheet in sheet.fill(20..<40, 20..<23) },
      drawing("one") { sheet in sheet.fill(20..<23, 20..<44) },
      drawing("equals") { sheet in
        for y in [20, 28] { sheet.fill(20..<40, y..<y + 3) }
      },
      drawing("dots and primes") { sheet in
        sheet.write(x: 20, y: 28)
        for x in [112, 118] { sheet.fill(x..<x + 2, 20..<28) }
        for x in [112, 120] { sheet.fill(x..<x + 3, 45..<48) }
      },
    ]
    for (name, draw) in drawings {
      var sheet = Sheet(width: 160, height: 100)
      draw(&sheet)
      let whole = try page.laidOut(sheet.picture, side: 320)
      let writing = try Writing(in: sheet.picture)
      // A bar alone that fills its picture is a blank picture.
      let tight = sheet.picture.trimmed(to: writing, margin: writing.partCount == 1 ? 2 : 0)
      #expect(tight.width < 140 && tight.height < 80, "\(name)")
      #expect(try page.laidOut(tight, side: 320) == whole, "\(name)")
    }
  }

  @Test func `a box around a part goes, what is in it stays`() throws {
    var sheet = Sheet.plain()
    sheet.frame(36..<78, 12..<48)
    #expect(try page.laidOut(sheet.picture, side: 320) == expected())
  }

  @Test func `a marked part and a selection leave no trace`() throws {
    for (mark, ink) in [([255, 240, 60], [0, 0, 0]), ([0, 100, 220], [255, 255, 255])]
      as [([UInt8], [UInt8])]
    {
      var sheet = Sheet.plain()
      var marked = Sheet.plain(ground: mark, ink: ink)
      marked.frame(0..<marked.width, 0..<marked.height, thickness: 14, Sheet.white)
      for y in 14..<sheet.height - 14 {
        for x in 37..<76 {
          for channel in 0..<3 {
            let place = (y * sheet.width + x) * 3 + channel
            sheet.bytes[place] = marked.bytes[place]
          }
        }
      }
      #expect(try page.laidOut(sheet.picture, side: 320) == expected())
    }
  }

  @Test func `a paler term is as dark as the rest, and a shadow takes nothing`() throws {
    var sheet = Sheet.plain()
    sheet.fill(76..<110, 18..<42, Sheet.white)
    var pale = Sheet.plain(ink: [190, 190, 190])
    pale.fill(0..<76, 0..<60, Sheet.white)
    sheet.paint { x, y, value in value + Int(pale.bytes[(y * pale.width + x) * 3]) - 255 }
    var shaded = Sheet.plain()
    shaded.paint { x, _, value in (value + 20) * (140 - x / 2) / 160 }
    let whole = try Writing.ink(of: Sheet.plain().picture)
    for picture in [sheet.picture, shaded.picture] {
      let ink = try Writing.ink(of: picture)
      #expect(zip(ink.values, whole.values).allSatisfy { abs(Int($0) - Int($1)) <= 24 })
    }
  }

  @Test func `a page without writing is blank, whatever its colour and noise`() throws {
    for colour in [[255, 255, 255], [0, 0, 0], [120, 30, 60]] as [[UInt8]] {
      let sheet = Sheet(width: 90, height: 40, ground: colour)
      #expect(throws: BlankPicture(contrast: 0)) { try Writing(in: sheet.picture) }
    }
    for deviation in [2, 5, 10, 20] {
      var sheet = Sheet(width: 200, height: 100, ground: [160, 160, 160])
      sheet.addNoise(deviation)
      #expect(throws: BlankPicture.self) { try Writing(in: sheet.picture) }
      #expect(throws: BlankPicture.self) { try page.laidOut(sheet.picture, side: 320) }
    }
    var shaded = Sheet(width: 200, height: 100, ground: [230, 230, 230])
    shaded.paint { x, y, value in value - x / 2 - y / 3 }
    #expect(throws: BlankPicture.self) { try Writing(in: shaded.picture) }
    let faint = Sheet.plain(ground: [240, 240, 240], ink: [220, 220, 220])
    #expect(throws: BlankPicture(contrast: 20)) { try Writing(in: faint.picture) }
  }

  @Test func `writing that a person can just tell apart is read`() throws {
    let black = try Writing(in: Sheet.plain(ground: [255, 255, 255], ink: [0, 0, 0]).picture)
    for (ground, ink) in [(120, 90), (60, 90), (200, 228), (240, 212)] as [(UInt8, UInt8)] {
      let sheet = Sheet.plain(ground: [ground, ground, ground], ink: [ink, ink, ink])
      let found = try Writing(in: sheet.picture)
      #expect(found.columns == black.columns && found.rows == black.rows)
    }
  }

  @Test func `trimming keeps the colours and some ground, and small writing is warned of`() throws {
    var sheet = Sheet(width: 600, height: 400, ground: [10, 40, 90])
    sheet.write(x: 300, y: 200, [250, 220, 90])
    let writing = try Writing(in: sheet.picture)
    #expect(writing.columns == 300..<388 && writing.rows == 200..<220)
    #expect(writing.glyphHeight == 20 && writing.partCount == 6)
    let cut = sheet.picture.trimmed(to: writing, margin: 5)
    var small = Sheet(width: 98, height: 30, ground: [10, 40, 90])
    small.write(x: 5, y: 5, [250, 220, 90])
    #expect(cut == small.picture)
    #expect(sheet.picture.trimmed(to: writing).width == 88 + 2 * 14)
    #expect(cut.trimmed(to: try Writing(in: cut), margin: 50) == cut)
    #expect(writing.warnings(atScale: 1) == [] && writing.warnings(atScale: 3) == [])
    #expect(writing.warnings(atScale: 0.2) == [.smallWriting(glyphHeight: 4)])
    #expect(try page.pages(of: cut, side: 320).warnings == [])
    // A long line is shrunk until it fits.
    var long = Sheet(width: 3000, height: 60)
    for x in stride(from: 20, to: 2800, by: 110) { long.write(x: x, y: 20) }
    #expect(try page.pages(of: long.picture, side: 320).warnings == [.smallWriting(glyphHeight: 2)])
  }

  @Test(arguments: [(40, false), (61, true), (300, true)])
  func `writing in two places far from each other is warned of`(_ gap: Int, _ isApart: Bool) throws
  {
    var sheet = Sheet(width: 700, height: 60)
    sheet.write(x: 20, y: 20)
    // Glyphs are 20 pixels high, and six of them 88 pixels long.
    sheet.write(x: 108 + gap, y: 20)
    let writing = try Writing(in: sheet.picture)
    #expect(writing.widestGap == gap)
    // Dots bridge a gap, and are no writing of their own.
    var dotted = sheet
    for x in stride(from: 112, to: 108 + gap - 4, by: 12) {
      dotted.paint { px, py, value in (x..<x + 3).contains(px) && (37..<40).contains(py) ? 0 : value
      }
    }
    #expect(try Writing(in: dotted.picture).widestGap < 20)
    var lone = Sheet(width: 700, height: 60)
    lone.write(x: 20, y: 20)
    lone.paint { x, y, value in (600..<603).contains(x) && (37..<40).contains(y) ? 0 : value }
    #expect(try Writing(in: lone.picture).widestGap < 20)
    let expected: [PictureWarning] = isApart ? [.apart(gap: gap)] : []
    #expect(writing.warnings(atScale: 1) == expected)
    #expect(
      try page.pages(of: sheet.picture, side: 320).warnings.contains(.apart(gap: gap)) == isApart)
  }

  @Test(arguments: [(1, 1), (1, 7), (9, 2), (3, 3), (64, 5), (5, 64), (97, 41)])
  func `noise and frames within frames of any size end in ink or in a blank picture`(
    _ width: Int, _ height: Int
  ) {
    for seed in 0..<20 {
      let bytes = pattern(width: width, height: height, seed: UInt32(seed)).bytes
      let picture = Picture(width: width, height: height, bytes: bytes)
      _ = try? page.laidOut(picture, side: 64)
      _ = (try? Writing(in: picture)).map { picture.trimmed(to: $0) }
    }
    var nested = Sheet(width: 8 * width, height: 8 * height)
    for step in stride(from: 0, to: 4 * min(width, height) - 1, by: 2) {
      nested.frame(step..<nested.width - step, step..<nested.height - step)
    }
    _ = try? page.laidOut(nested.picture, side: 64)
  }
}
