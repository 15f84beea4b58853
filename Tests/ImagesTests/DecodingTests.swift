import JanusImages
import Testing

/// Decoded pixels against Pillow's, and the PNG specification's where Pillow departs from it.
@Suite struct DecodingTests {
  @Test(arguments: Fixtures.expected.decoded)
  func `pixels of a file equal the reference`(_ expected: Fixtures.Decoded) throws {
    let picture = try Picture(decoding: Fixtures.bytes(expected.file))
    #expect(picture.width == expected.width)
    #expect(picture.height == expected.height)
    #expect(sha256(of: picture) == expected.sha256)
  }

  @Test func `the eight orientations show one and the same picture`() throws {
    let upright = try Picture(decoding: Fixtures.bytes("exif-1.jpg"))
    #expect(upright.width == 24 && upright.height == 17)
    for orientation in 2...8 {
      let picture = try Picture(decoding: Fixtures.bytes("exif-\(orientation).jpg"))
      let isTransposed = orientation >= 5
      #expect(picture.width == (isTransposed ? 17 : 24))
      #expect(picture.height == (isTransposed ? 24 : 17))
      // The stored corner is never the displayed one, so its grey must have moved.
      #expect(picture != upright)
      #expect(picture.bytes.sorted() == upright.bytes.sorted())
    }
  }

  @Test func `a raw buffer decodes like an array`() throws {
    let file = try Fixtures.bytes("rgb-420.jpg")
    let picture = try file.withUnsafeBytes { try Picture(decoding: $0) }
    #expect(try picture == Picture(decoding: file))
  }
}
