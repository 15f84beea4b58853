import Foundation
import JanusImages
import Testing

/// Files of the kinds beside PNG and JPEG, made by Tools/reference/make_format_fixtures.py.
enum FormatFixtures {
  static func bytes(_ name: String) throws -> [UInt8] { try Fixtures.bytes("formats/" + name) }

  static let expected = try! JSONDecoder().decode(
    Expected.self, from: Data(contentsOf: Fixtures.folder.appending(path: "formats/expected.json")))

  struct Expected: Decodable {
    let exact: [Exact]
    let near: [Near]
  }

  struct Exact: Decodable, CustomTestStringConvertible {
    let file: String
    let width, height, channels: Int
    let sha256: String
    var testDescription: String { file }

    /// Turned where nothing is transparent; transparent ones are stored upright here.
    func agrees(with file: [UInt8]) throws -> Bool {
      let raster = try file.withUnsafeBytes { try Raster(reading: $0) }
      var bytes = raster.bytes
      if channels == 3 {
        let isOpaque =
          raster.channels == 3
          || stride(from: 3, to: bytes.count, by: 4).allSatisfy {
            bytes[$0] == 255
          }
        guard isOpaque else { return false }
        let picture = try Picture(decoding: file)
        guard picture.width == width, picture.height == height else { return false }
        bytes = picture.bytes
      } else if (raster.width, raster.height, raster.channels) != (width, height, 4) {
        return false
      }
      return bytes.withUnsafeBytes(ImagesTests.sha256) == sha256
    }
  }

  struct Near: Decodable, CustomTestStringConvertible {
    let file: String
    let width, height: Int
    var testDescription: String { file }
  }

  /// Those that this system has the libraries for.
  static func readable(_ name: String) -> Bool {
    switch URL(filePath: name).pathExtension {
    case "webp": PictureLibrary.webP.isInstalled
    case "tif": PictureLibrary.tiff.isInstalled
    case "heic", "avif": PictureLibrary.heif.isInstalled
    default: true
    }
  }

  static let exact = expected.exact.filter { readable($0.file) }
  static let near = expected.near.filter { readable($0.file) }
}

@Suite struct FormatTests {
  @Test(arguments: FormatFixtures.exact)
  func `pixels of a file equal the reference`(_ expected: FormatFixtures.Exact) throws {
    #expect(try expected.agrees(with: FormatFixtures.bytes(expected.file)))
  }

  @Test(arguments: FormatFixtures.exact)
  func `a file's picture has the stated size`(_ expected: FormatFixtures.Exact) throws {
    let picture = try Picture(decoding: FormatFixtures.bytes(expected.file))
    #expect(picture.width == expected.width)
    #expect(picture.height == expected.height)
  }

  /// Decoders of these kinds round differently on the way from YCbCr.
  @Test(arguments: FormatFixtures.near)
  func `pixels of a file come near the reference`(_ expected: FormatFixtures.Near) throws {
    let raster: Raster
    do {
      raster = try FormatFixtures.bytes(expected.file).withUnsafeBytes { try Raster(reading: $0) }
    } catch PictureError.unsupported {
      // libheif is there without the decoder of this kind.
      return
    }
    let reference = try FormatFixtures.bytes(expected.file + ".png").withUnsafeBytes {
      try Raster(reading: $0)
    }
    #expect(raster.width == reference.width)
    #expect(raster.height == reference.height)
    try #require(raster.channels == reference.channels)
    let errors = zip(raster.bytes, reference.bytes).map { abs(Int($0) - Int($1)) }
    #expect(errors.reduce(0, +) <= 2 * errors.count)
    #expect(errors.max()! <= 24)
  }

  @Test(arguments: [
    ("lossy.webp", PictureKind.webP, PictureLibrary.webP), ("rgb-lzw.tif", .tiff, .tiff),
    ("rgb.heic", .heic, .heif), ("rgb.avif", .avif, .heif),
  ])
  func `a kind whose library is absent is named with the library`(
    _ name: String, _ kind: PictureKind, _ library: PictureLibrary
  ) throws {
    let file = try FormatFixtures.bytes(name)
    let error = #expect(throws: PictureError.self) {
      try Picture(decoding: file, libraries: .absent)
    }
    #expect(error == .missingLibrary(kind, library))
    #expect(error?.description.contains(kind.rawValue) == true)
    #expect(error?.description.contains(library.rawValue) == true)
    #expect(kind.library == library)
    #expect(file.withUnsafeBytes { PictureKind(of: $0) } == kind)
  }

  @Test(arguments: ["plain.gif", "rgb-24-v40.bmp", "exif-long-big.jpg"])
  func `other kinds need no library`(_ name: String) throws {
    let file = try FormatFixtures.bytes(name)
    #expect(throws: Never.self) { try Picture(decoding: file, libraries: .absent) }
    #expect(file.withUnsafeBytes { PictureKind(of: $0) }?.library == nil)
  }

  @Test func `a WebP file is not written without the library`() {
    #expect(throws: PictureError.missingLibrary(.webP, .webP)) {
      try pattern(width: 4, height: 4).encodeWebP(
        quality: nil, description: "", libraries: .absent)
    }
  }

  @Test(.enabled(if: PictureLibrary.webP.isInstalled), arguments: [(1, 1), (7, 3), (64, 48)])
  func `a lossless WebP holds the same pixels`(_ width: Int, _ height: Int) throws {
    let picture = pattern(width: width, height: height)
    #expect(try Picture(decoding: picture.encodeWebP()) == picture)
    #expect(try Picture(decoding: picture.encodeWebP(description: "a red apple")) == picture)
  }

  @Test(.enabled(if: PictureLibrary.webP.isInstalled))
  func `a WebP comes near the picture, nearer with higher quality`() throws {
    let picture = pattern(width: 16, height: 12).resized(toWidth: 160, height: 120)
    func meanError(_ quality: Int) throws -> Double {
      let decoded = try Picture(decoding: picture.encodeWebP(quality: quality))
      #expect(decoded.width == 160 && decoded.height == 120)
      let errors = zip(decoded.bytes, picture.bytes).map { abs(Int($0) - Int($1)) }
      return Double(errors.reduce(0, +)) / Double(errors.count)
    }
    let (low, high) = (try meanError(10), try meanError(95))
    #expect(high < 8)
    #expect(high < low)
  }

  @Test(.enabled(if: PictureLibrary.webP.isInstalled), arguments: ["a", "abc", "abcd", "größer 🍎"])
  func `a WebP holds its description as the Exif tag`(_ text: String) throws {
    let picture = pattern(width: 9, height: 5)
    let file = try picture.encodeWebP(quality: 80, description: text)
    // The tag's entry: ImageDescription, ASCII, its count with the NUL.
    let entry: [UInt8] = [0x0E, 1, 2, 0, UInt8(text.utf8.count + 1), 0, 0, 0]
    #expect(file.firstRange(of: entry) != nil)
    #expect(file.firstRange(of: Array(text.utf8) + [0]) != nil)
    #expect(Int(file[4]) | Int(file[5]) << 8 == file.count - 8)
    #expect(throws: Never.self) { try Picture(decoding: file) }
    #expect(throws: PictureError.self) { try picture.encodeWebP(description: "a\0b") }
  }

  @Test(.enabled(if: PictureLibrary.webP.isInstalled))
  func `a longer side than WebP holds is refused`() {
    let long = Picture(width: 16_384, height: 1, filledWith: [1, 2, 3])
    #expect(throws: PictureError.self) { try long.encodeWebP() }
  }

  @Test func `the eight orientations of TIFF show one and the same picture`() throws {
    try #require(PictureLibrary.tiff.isInstalled)
    let upright = try Picture(decoding: FormatFixtures.bytes("turned-1.tif"))
    for orientation in 2...8 {
      let picture = try Picture(decoding: FormatFixtures.bytes("turned-\(orientation).tif"))
      #expect((picture.width == upright.height) == (orientation >= 5))
      #expect(picture != upright)
      #expect(picture.bytes.sorted() == upright.bytes.sorted())
    }
  }
}
