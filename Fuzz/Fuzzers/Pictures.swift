@testable import JanusImages

extension FuzzTarget {
  /// The reader of each kind of picture. The limits are small, so that time goes into headers, not into pixels.
  static let pictures: [FuzzTarget] = [
    picture("png", seeds: ["Tests/ImagesTests/Fixtures/*.png"], prepare: mendChecksums),
    picture("jpeg", seeds: ["Tests/ImagesTests/Fixtures/*.jpg"]),
    picture("webp", seeds: ["Tests/ImagesTests/Fixtures/formats/*.webp"]),
    picture("gif", seeds: ["Tests/ImagesTests/Fixtures/formats/*.gif"]),
    picture("bmp", seeds: ["Tests/ImagesTests/Fixtures/formats/*.bmp"]),
    picture("tiff", seeds: ["Tests/ImagesTests/Fixtures/formats/*.tif"]),
    picture(
      "heif",
      seeds: [
        "Tests/ImagesTests/Fixtures/formats/*.heic", "Tests/ImagesTests/Fixtures/formats/*.avif",
      ]),
  ]

  private static func picture(
    _ name: String, seeds: [String], prepare: @escaping @Sendable (inout [UInt8]) -> Void = { _ in }
  ) -> FuzzTarget {
    FuzzTarget(name, seeds: seeds) { input in
      var file = Array(input)
      prepare(&file)
      let limits = PictureLimits(pixelsPerSide: 2_000, pixels: 300_000, bytes: 64_000_000)
      do throws(PictureError) {
        let picture = try Picture(decoding: file, limits: limits)
        precondition(picture.bytes.count == picture.width * picture.height * 3)
        precondition(picture.width * picture.height <= limits.pixels)
      } catch {
        precondition(!error.description.unicodeScalars.contains { $0.value < 0x20 })
      }
    }
  }

  /// Gives every whole chunk its checksum, without which changes would be seen by the check alone. Files of an odd
  /// length keep theirs.
  @Sendable private static func mendChecksums(of png: inout [UInt8]) {
    guard png.count.isMultiple(of: 2) else { return }
    var offset = 8
    while offset + 12 <= png.count {
      let length = png[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      guard offset + 12 + length <= png.count else { return }
      let sum = png.withUnsafeBytes { crc32($0[(offset + 4)..<(offset + 8 + length)]) }
      for i in 0..<4 {
        png[offset + 8 + length + i] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * i))
      }
      offset += 12 + length
    }
  }
}
