import Foundation
import JanusImages
import Testing

/// Files of the kinds beside PNG and JPEG that are not whole pictures.
@Suite struct BadFormatTests {
  @Test(arguments: FormatFixtures.exact.filter { $0.file.hasSuffix(".webp") })
  func `a WebP file cut short anywhere is refused`(_ expected: FormatFixtures.Exact) throws {
    let file = try FormatFixtures.bytes(expected.file)
    let whole = expected.file == "trailing.webp" ? file.count - 14 : file.count
    for count in 12..<whole {
      #expect(throws: PictureError.truncated(format: "WebP", byteCount: count)) {
        try Picture(decoding: Array(file[..<count]))
      }
    }
  }

  @Test(arguments: FormatFixtures.exact.filter { $0.file.hasSuffix(".bmp") })
  func `a BMP file cut short anywhere is refused`(_ expected: FormatFixtures.Exact) throws {
    let file = try FormatFixtures.bytes(expected.file)
    // What fills up the last row may be missing: up to three bytes, which are 0 here.
    let isRuns = expected.file.hasPrefix("runs")
    let whole = isRuns ? file.count : file.count - 3
    var refused = 0
    for count in 18..<file.count {
      do throws(PictureError) {
        _ = try Picture(decoding: Array(file[..<count]))
        // Runs may end with the last pixel, without the code for the end.
        #expect(count >= (isRuns ? file.count - 2 : whole))
      } catch {
        refused += 1
        #expect(error == .truncated(format: "BMP", byteCount: count))
      }
    }
    #expect(refused >= whole - 18 - (isRuns ? 2 : 0))
  }

  @Test(arguments: FormatFixtures.exact.filter { $0.file.hasSuffix(".gif") })
  func `a GIF file cut short in its first frame is refused`(
    _ expected: FormatFixtures.Exact
  ) throws {
    let file = try FormatFixtures.bytes(expected.file)
    let isWhole = (6..<file.count).map { count in
      do throws(PictureError) {
        _ = try Picture(decoding: Array(file[..<count]))
        return true
      } catch {
        #expect(error == .truncated(format: "GIF", byteCount: count))
        return false
      }
    }
    // Once the frame is there, what follows it does not matter.
    let first = try #require(isWhole.firstIndex(of: true))
    #expect(isWhole[first...].allSatisfy { $0 })
    #expect(first > isWhole.count / 8)
  }

  @Test(arguments: FormatFixtures.exact.filter { $0.file.hasSuffix(".tif") })
  func `a TIFF file cut short gives no picture`(_ expected: FormatFixtures.Exact) throws {
    let file = try FormatFixtures.bytes(expected.file)
    for count in 4..<file.count {
      let start = Array(file[..<count])
      guard (try? Picture(decoding: start)) != nil else { continue }
      // Only what is not the picture's may be missing: another page, or values that are not read.
      guard try expected.agrees(with: start) else {
        Issue.record("the first \(count) bytes give another picture")
        return
      }
    }
    #expect(throws: PictureError.self) { try Picture(decoding: Array(file[..<(file.count / 4)])) }
  }

  @Test(arguments: FormatFixtures.near)
  func `a HEIC or AVIF file cut short is refused`(_ expected: FormatFixtures.Near) throws {
    let file = try FormatFixtures.bytes(expected.file)
    for count in stride(from: 32, to: file.count * 9 / 10, by: 7) {
      #expect(throws: PictureError.self) { try Picture(decoding: Array(file[..<count])) }
    }
  }

  @Test func `changed bytes give a picture of the stated size or an error`() throws {
    let names = FormatFixtures.exact.map(\.file) + FormatFixtures.near.map(\.file)
    let files = try names.map(FormatFixtures.bytes)
    let limits = PictureLimits(pixelsPerSide: 5_000, pixels: 1_000_000, bytes: 100_000_000)
    var random = SplitMix64(state: 4)
    var refused = 0
    for round in 0..<8_000 {
      var file = files[round % files.count]
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        // Headers decide the most.
        let reach = Bool.random(using: &random) ? min(file.count, 128) : file.count
        let place = Int.random(in: 0..<reach, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: file[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: file[place] = UInt8.random(in: 0...255, using: &random)
        case 2: file[place] = 0xFF
        default: file.remove(at: place)
        }
      }
      do throws(PictureError) {
        let picture = try Picture(decoding: file, limits: limits)
        #expect(picture.bytes.count == picture.width * picture.height * 3)
        #expect(picture.width * picture.height <= limits.pixels)
      } catch {
        refused += 1
        #expect(!error.description.contains("\n"))
      }
    }
    #expect(refused > 1_000)
  }

  @Test(arguments: ["lossless.webp", "plain.gif", "rgb-24-v40.bmp", "grey-8.tif", "rgb.heic"])
  func `random bytes behind a header are refused`(_ name: String) throws {
    guard FormatFixtures.readable(name) else { return }
    let header = try FormatFixtures.bytes(name).prefix(name.hasSuffix("heic") ? 24 : 14)
    var random = SplitMix64(state: 3)
    for _ in 0..<200 {
      let noise = (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(throws: PictureError.self) { try Picture(decoding: Array(header) + noise) }
    }
  }

  @Test func `absurd dimensions are refused with the figures before memory is taken`() throws {
    func patched(_ name: String, _ changes: [(Int, [UInt8])]) throws -> [UInt8] {
      var file = try FormatFixtures.bytes(name)
      for (place, bytes) in changes {
        file.replaceSubrange(place..<place + bytes.count, with: bytes)
      }
      return file
    }
    let screen = try patched("plain.gif", [(6, [0xFF, 0xFF, 0xFF, 0xFF])])
    #expect(throws: PictureError.tooLarge(width: 65_535, height: 65_535, limits: .standard)) {
      try Picture(decoding: screen)
    }
    let bitmap = try patched("rgb-24-v40.bmp", [(18, [0xFF, 0xFF, 0xFF, 0x7F])])
    #expect(
      throws: PictureError.tooLarge(width: Int(Int32.max), height: 17, limits: .standard)
    ) { try Picture(decoding: bitmap) }
    // The least number has no positive twin.
    let lowest = try patched("rgb-24-v40.bmp", [(22, [0, 0, 0, 0x80])])
    #expect(throws: PictureError.self) { try Picture(decoding: lowest) }
    if PictureLibrary.webP.isInstalled {
      let canvas = try patched("animated.webp", [(24, [UInt8](repeating: 0xFF, count: 6))])
      #expect(
        throws: PictureError.tooLarge(width: 1 << 24, height: 1 << 24, limits: .standard)
      ) { try Picture(decoding: canvas) }
    }
    if PictureLibrary.tiff.isInstalled {
      // The first entry is the width, the second the height, LONG each.
      let tiff = try patched(
        "grey-8.tif", [(18, [0xFF, 0xFF, 0xFF, 0x7F]), (30, [0xFF, 0xFF, 0xFF, 0x7F])])
      #expect(throws: PictureError.self) { try Picture(decoding: tiff) }
    }
  }

  @Test func `a tile far larger than its picture is refused`() throws {
    guard PictureLibrary.tiff.isInstalled else { return }
    var file = try FormatFixtures.bytes("rgb-8-little-tiles.tif")
    // Tags 322 and 323, SHORT, count 1.
    for tag: UInt8 in [0x42, 0x43] {
      let entry = try #require(file.firstRange(of: [tag, 1, 3, 0, 1, 0, 0, 0])).lowerBound
      file.replaceSubrange(entry + 8..<entry + 10, with: [0xF0, 0xFF])
    }
    #expect(throws: PictureError.self) { try Picture(decoding: file) }
  }

  @Test func `what a kind allows and is not read is named`() throws {
    var jpegInBitmap = try FormatFixtures.bytes("rgb-24-v40.bmp")
    jpegInBitmap[30] = 4
    #expect(throws: PictureError.unsupported(format: "BMP", reason: "compression 4")) {
      try Picture(decoding: jpegInBitmap)
    }
    guard PictureLibrary.tiff.isInstalled else { return }
    var zipped = try FormatFixtures.bytes("grey-8.tif")
    // Tag 259, SHORT, count 1, value 1.
    let entry = try #require(zipped.firstRange(of: [3, 1, 3, 0, 1, 0, 0, 0, 1])).lowerBound
    zipped.replaceSubrange(entry + 8..<entry + 10, with: [0x50, 0xC3])
    #expect(throws: PictureError.unsupported(format: "TIFF", reason: "compression 50000")) {
      try Picture(decoding: zipped)
    }
  }

  @Test func `an animation's frame beyond its canvas is refused`() throws {
    guard PictureLibrary.webP.isInstalled else { return }
    var file = try FormatFixtures.bytes("animated-part.webp")
    let frame = try #require(file.firstRange(of: Array("ANMF".utf8))).lowerBound
    file[frame + 8] = 200
    let error = #expect(throws: PictureError.self) { try Picture(decoding: file) }
    #expect(error?.description.contains("canvas") == true)
  }
}
