import JanusImages
import Testing

/// Written files, read back.
@Suite struct EncodingTests {
  @Test(arguments: [(1, 1), (7, 3), (64, 48), (200, 1)])
  func `a PNG holds the same pixels`(_ width: Int, _ height: Int) throws {
    let picture = pattern(width: width, height: height)
    #expect(try Picture(decoding: picture.encodePNG()) == picture)
  }

  @Test func `a PNG holds its texts in order, ASCII as tEXt and others as UTF-8`() throws {
    let file = try pattern(width: 4, height: 4).encodePNG(
      text: [("prompt", "a red apple"), ("Title", "größer 🍎"), ("seed", "7\nlines")])
    let texts = chunks(of: file).filter { ["tEXt", "iTXt"].contains($0.kind) }
    #expect(
      texts.map(\.content) == [
        Array("prompt\0a red apple".utf8), Array("Title\0\0\0\0\0größer 🍎".utf8),
        Array("seed\07\nlines".utf8),
      ])
    #expect(texts.map(\.kind) == ["tEXt", "iTXt", "tEXt"])
    #expect(try Picture(decoding: file) == pattern(width: 4, height: 4))
  }

  @Test(arguments: [
    "", "größe", "two  spaces", " leading", "trailing ", String(repeating: "k", count: 80), "tab\t",
  ])
  func `a keyword that PNG forbids is refused`(_ key: String) {
    #expect(throws: PictureError.self) {
      try pattern(width: 2, height: 2).encodePNG(text: [(key, "value")])
    }
  }

  @Test func `a text that would be cut at NUL is refused`() {
    #expect(throws: PictureError.self) {
      try pattern(width: 2, height: 2).encodePNG(text: [("key", "a\0b")])
    }
  }

  @Test func `a longer side than a format holds is refused`() {
    let long = Picture(width: 65_501, height: 1, filledWith: [1, 2, 3])
    #expect(throws: PictureError.self) { try long.encodeJPEG() }
    #expect(throws: Never.self) { try long.encodePNG() }
  }

  @Test func `a JPEG comes near the picture, nearer with higher quality`() throws {
    let picture = pattern(width: 16, height: 12).resized(toWidth: 160, height: 120)
    func meanError(_ quality: Int) throws -> Double {
      let decoded = try Picture(decoding: picture.encodeJPEG(quality: quality))
      #expect(decoded.width == 160 && decoded.height == 120)
      let errors = zip(decoded.bytes, picture.bytes).map { abs(Int($0) - Int($1)) }
      return Double(errors.reduce(0, +)) / Double(errors.count)
    }
    let (low, high) = (try meanError(30), try meanError(95))
    #expect(high < 8)
    #expect(high < low)
  }

  @Test func `a JPEG holds its comment`() throws {
    let picture = pattern(width: 8, height: 8)
    let comment = Array("größer".utf8)
    let marker: [UInt8] = [0xFF, 0xFE, 0, UInt8(comment.count + 2)]
    let file = try picture.encodeJPEG(comment: "größer")
    #expect(file.firstRange(of: marker + comment) != nil)
    #expect(try picture.encodeJPEG().firstRange(of: [0xFF, 0xFE] as [UInt8]) == nil)
    let longest = String(repeating: "c", count: 65_533)
    #expect(throws: Never.self) {
      try Picture(decoding: picture.encodeJPEG(comment: longest))
    }
    #expect(throws: PictureError.self) { try picture.encodeJPEG(comment: longest + "c") }
  }

  private func chunks(of png: [UInt8]) -> [(kind: String, content: [UInt8])] {
    var chunks: [(kind: String, content: [UInt8])] = []
    var offset = 8
    while offset + 12 <= png.count {
      let length = png[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      let kind = String(decoding: png[offset + 4..<offset + 8], as: UTF8.self)
      chunks.append((kind, Array(png[offset + 8..<offset + 8 + length])))
      offset += 12 + length
    }
    return chunks
  }
}
