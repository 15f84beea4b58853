import Foundation
import JanusImages
import Testing

/// Files that are not whole pictures: each is refused with its reason, none harms the process.
@Suite struct BadPictureTests {
  /// Without the files whose last bytes lie behind the picture.
  static let wholeFiles = Fixtures.names.filter { !$0.contains("trailing") }

  @Test(arguments: wholeFiles)
  func `a file cut short anywhere is refused`(_ name: String) throws {
    let file = try Fixtures.bytes(name)
    let format = name.hasSuffix(".png") ? "PNG" : "JPEG"
    let wronglyJudged = (1..<file.count).filter { count in
      do throws(PictureError) {
        _ = try Picture(decoding: Array(file[..<count]))
        return true
      } catch {
        return error != .truncated(format: format, byteCount: count)
      }
    }
    #expect(wronglyJudged == [])
  }

  @Test func `bytes behind the picture do no harm`() throws {
    for name in ["rgb-8-trailing.png", "rgb-trailing.jpg"] {
      _ = try Picture(decoding: Fixtures.bytes(name))
    }
  }

  @Test func `changed bytes give a picture of the stated size or an error`() throws {
    let files = try Fixtures.names.map(Fixtures.bytes)
    // Small, because a changed header may state any size up to the limit.
    let limits = PictureLimits(pixelsPerSide: 5_000, pixels: 1_000_000)
    var random = SplitMix64(state: 2)
    var refused = 0
    for round in 0..<6_000 {
      var file = files[round % files.count]
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<file.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: file[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: file[place] = UInt8.random(in: 0...255, using: &random)
        case 2: file[place] = 0xFF
        default: file.remove(at: place)
        }
      }
      if file.starts(with: [0x89]) && round.isMultiple(of: 2) { mendChecksums(of: &file) }
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

  @Test func `random bytes behind a signature are refused`() throws {
    var random = SplitMix64(state: 3)
    for _ in 0..<500 {
      let noise = (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(throws: PictureError.self) { try Picture(decoding: pngSignature + noise) }
      #expect(throws: PictureError.self) { try Picture(decoding: [0xFF, 0xD8, 0xFF] + noise) }
    }
  }

  @Test func `absurd dimensions are refused with the figures before memory is taken`() throws {
    var png = try Fixtures.bytes("rgb-8.png")
    png.replaceSubrange(16..<24, with: [0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50])
    mendChecksums(of: &png)
    var jpeg = try Fixtures.bytes("rgb-420.jpg")
    let frame = try #require(jpeg.firstRange(of: [0xFF, 0xC0] as [UInt8])).lowerBound
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xC3, 0x50, 0xC3, 0x50])
    for file in [png, jpeg] {
      let error = #expect(throws: PictureError.self) { try Picture(decoding: file) }
      #expect(error == .tooLarge(width: 50_000, height: 50_000, limits: .standard))
      #expect(error?.description.contains("50000 × 50000") == true)
      #expect(error?.description.contains("100000000") == true)
    }

    png.replaceSubrange(16..<24, with: [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])
    mendChecksums(of: &png)
    #expect(throws: PictureError.self) { try Picture(decoding: png) }
    png.replaceSubrange(16..<24, with: [0, 0, 0, 0, 0, 0, 0, 1])
    mendChecksums(of: &png)
    #expect(throws: PictureError.self) { try Picture(decoding: png) }
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0, 0, 0, 1])
    #expect(throws: PictureError.self) { try Picture(decoding: jpeg) }
  }

  @Test func `the caller's limits hold`() throws {
    let file = try Fixtures.bytes("rgb-420.jpg")
    let fits = PictureLimits(pixelsPerSide: 37, pixels: 37 * 29)
    #expect(throws: Never.self) { try Picture(decoding: file, limits: fits) }
    for limits in [
      PictureLimits(pixelsPerSide: 36, pixels: 37 * 29),
      PictureLimits(pixelsPerSide: 37, pixels: 37 * 29 - 1),
    ] {
      #expect(throws: PictureError.tooLarge(width: 37, height: 29, limits: limits)) {
        try Picture(decoding: file, limits: limits)
      }
    }
  }

  @Test func `a JPEG that lacks pixels but ends properly is damaged`() throws {
    let file = try Fixtures.bytes("rgb-420.jpg")
    let error = #expect(throws: PictureError.self) {
      try Picture(decoding: file.dropLast(42) + [0xFF, 0xD9])
    }
    guard case .damaged("JPEG", _) = error else {
      Issue.record("expected damage, found \(String(describing: error))")
      return
    }
  }

  @Test func `a flood of progressive scans is refused by the pixels they cover`() throws {
    // Of 4 megapixels 500 scans are read, of 64 megapixels 32 in each component.
    let flood = try Picture(decoding: emptyScans(side: 1_000, components: 1, scans: 500))
    #expect(flood.width == 1_000)
    for (side, components, scans) in [(8_000, 1, 40), (8_000, 3, 97), (2_100, 1, 500)] {
      let file = emptyScans(side: side, components: components, scans: scans)
      #expect(file.count < 500_000)
      let error = #expect(throws: PictureError.self) { try Picture(decoding: file) }
      guard case .unsupported("JPEG", _) = error else {
        Issue.record("expected too many scans, found \(String(describing: error))")
        return
      }
    }
  }

  @Test func `what decoding takes is compared with the memory that is there`() throws {
    let names = [
      "rgb-8.png", "rgba-8.png", "rgb-8-exif-6.png", "rgb-420.jpg", "rgb-420-progressive.jpg",
      "cmyk.jpg", "formats/plain.gif", "formats/rgb-24-v40.bmp", "formats/runs-8.bmp",
      "formats/lossless.webp", "formats/rgb-lzw.tif", "formats/rgb.heic",
    ]
    for name in names where FormatFixtures.readable(name) {
      let file = try Fixtures.bytes(name)
      let whole = try Picture(decoding: file)
      let available = whole.bytes.count - 1
      let error = #expect(throws: PictureError.self) {
        try Picture(decoding: file, limits: .standard.within(availableBytes: available))
      }
      guard case .memory(let width, let height, let needed, available) = error else {
        Issue.record("\(name): expected a lack of memory, found \(String(describing: error))")
        continue
      }
      #expect(width * height == whole.width * whole.height)
      #expect(needed >= whole.bytes.count)
      let enough = PictureLimits.standard.within(availableBytes: max(needed, 100_000))
      #expect(throws: Never.self) { try Picture(decoding: file, limits: enough) }
    }
  }

  @Test func `the coefficients of a progressive JPEG count as memory`() throws {
    // 50 megapixels: 3 + 2 × 3 bytes each, CMYK 4 + 2 × 4, of which the standard limits hold the first.
    func needed(_ components: Int) -> Int? {
      let file = emptyScans(side: 7_072, components: components, scans: 1)
      let limits = PictureLimits.standard.within(availableBytes: 1_000)
      do throws(PictureError) {
        _ = try Picture(decoding: file, limits: limits)
        return nil
      } catch {
        guard case .memory(_, _, let needed, _) = error else { return nil }
        return needed
      }
    }
    let pixels = 7_072 * 7_072
    #expect(needed(1) == 5 * pixels)
    #expect(needed(3) == 9 * pixels)
    #expect(needed(4) == 12 * pixels)
  }

  @Test func `a chunk longer than the file is refused before memory is taken for it`() throws {
    let file = try Fixtures.bytes("rgb-8-exif-6.png")
    let chunk = try #require(file.firstRange(of: Array("eXIf".utf8))).lowerBound - 4
    for length: [UInt8] in [[0x4D, 0, 0, 0], [0, 0, 0x7F, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF]] {
      var changed = file
      changed.replaceSubrange(chunk..<chunk + 4, with: length)
      #expect(throws: PictureError.truncated(format: "PNG", byteCount: file.count)) {
        try Picture(decoding: changed)
      }
    }
  }

  @Test(arguments: [
    ("\0\0\0\u{18}ftypisom", "a video file"),
    ("%PDF-1.7", "a PDF file"),
    ("PK\u{3}\u{4}rest", "a zip archive"),
    ("GGUF\u{3}\0\0\0", "a GGUF model file"),
    ("<svg xmlns=\"\"/>", "an SVG drawing"),
    ("\\frac{a}{b} is a formula\n", "a text file"),
    ("BM is how this text begins, which is no BMP", "a text file"),
    ("Eine Überschrift, größer als ASCII", "a text file"),
    ("\0\0\0\0\0\0\0\0\0", "a file of zero bytes only"),
    ("\u{1}\u{2}\u{3}\u{4}", "bytes of no known kind"),
  ])
  func `another kind of file is named`(_ content: String, _ name: String) {
    let error = #expect(throws: PictureError.self) { try Picture(decoding: Array(content.utf8)) }
    #expect(
      error?.description.contains(
        "expected PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF, found \(name)") == true)
  }

  @Test func `an empty file is named`() {
    #expect(throws: PictureError.empty) { try Picture(decoding: []) }
  }

  #if os(Linux)
    @Test func `refused files leave no memory behind`() throws {
      let files = try [
        "rgba-8-interlaced.png", "palette-8-trns.png", "rgb-420-progressive.jpg",
        "formats/animated-part.webp", "formats/plain.gif", "formats/runs-8.bmp",
        "formats/rgb-lzw.tif",
      ].map(Fixtures.bytes)
      // A reader that is not closed keeps at least 1.5 kB, so a leak grows every round by 5 MB or more. Other
      // tests run beside this one, some with large models: the quietest round counts, and is waited for.
      var quietest = Int.max
      for round in 0..<40 where quietest >= 2_000_000 {
        if round > 0 { Thread.sleep(forTimeInterval: 0.1) }
        let before = try residentBytes()
        for count in 0..<1_200 {
          for file in files {
            _ = try? Picture(decoding: Array(file.prefix(count % file.count)))
          }
        }
        quietest = min(quietest, try residentBytes() - before)
      }
      #expect(quietest < 2_000_000)
    }

    private func residentBytes() throws -> Int {
      let statistics = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      return try #require(Int(statistics.split(separator: " ")[1]))
        * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
  #endif
}

private let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

/// Recomputes the checksum of every whole chunk, so that changes reach beyond the check.
private func mendChecksums(of png: inout [UInt8]) {
  var offset = pngSignature.count
  while offset + 12 <= png.count {
    let length = png[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    guard offset + 12 + length <= png.count else { return }
    var checksum = ~UInt32(0)
    for byte in png[offset + 4..<offset + 8 + length] {
      checksum ^= UInt32(byte)
      for _ in 0..<8 { checksum = checksum >> 1 ^ (checksum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    checksum = ~checksum
    for i in 0..<4 {
      png[offset + 8 + length + i] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * i))
    }
    offset += 12 + length
  }
}

/// A progressive JPEG whose scans change nothing: runs of up to 32,767 empty blocks, a few bytes each.
private func emptyScans(side: Int, components: Int, scans: Int) -> [UInt8] {
  func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
    [0xFF, marker, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 255)] + content
  }
  let length = [UInt8(side >> 8), UInt8(side & 255)]
  var file: [UInt8] = [0xFF, 0xD8] + segment(0xDB, [0] + [UInt8](repeating: 1, count: 64))
  file += segment(
    0xC2,
    [8] + length + length + [UInt8(components)]
      + (1...components).flatMap { [UInt8($0), 0x11, 0] as [UInt8] })
  let lengths: [UInt8] = [1, 1] + [UInt8](repeating: 0, count: 14)
  file += segment(0xC4, [0x10] + lengths + [0xE0, 0]) + segment(0xC4, [0] + lengths + [0, 1])
  let blocks = ((side + 7) / 8) * ((side + 7) / 8)
  var bits = ""
  var left = blocks
  while left > 0 {
    // EOB14: a run of 16,384 blocks and as many as the next 14 bits say; EOB0 is one block.
    if left >= 1 << 14 {
      let run = min(left, (1 << 15) - 1)
      let rest = String(run - (1 << 14), radix: 2)
      bits += "0" + String(repeating: "0", count: 14 - rest.count) + rest
      left -= run
    } else {
      bits += "10"
      left -= 1
    }
  }
  bits += String(repeating: "1", count: (8 - bits.count % 8) % 8)
  var data: [UInt8] = []
  var rest = Substring(bits)
  while !rest.isEmpty {
    let byte = UInt8(rest.prefix(8), radix: 2)!
    data += byte == 0xFF ? [0xFF, 0] : [byte]
    rest = rest.dropFirst(8)
  }
  for scan in 0..<scans {
    let highLow: UInt8 = scan < components ? 0x01 : 0x10
    file += segment(0xDA, [1, UInt8(scan % components + 1), 0, 1, 63, highLow]) + data
  }
  return file + [0xFF, 0xD9]
}
