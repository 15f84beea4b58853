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
      #expect(error?.description.contains("178956970") == true)
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

  @Test func `a flood of progressive scans is refused`() throws {
    let file = try Fixtures.bytes("grey-progressive.jpg")
    // The first scan (the high bits of the DC terms) can be repeated: it does not build on others.
    let start = try #require(file.firstRange(of: [0xFF, 0xDA] as [UInt8])).lowerBound
    let end = try #require(
      file.indices.dropFirst(start + 2).first { file[$0] == 0xFF && file[$0 + 1] != 0 })
    let scans = [ArraySlice<UInt8>](repeating: file[start..<end], count: 600).flatMap { $0 }
    #expect(throws: PictureError.unsupported(format: "JPEG", reason: "more than 500 scans")) {
      try Picture(decoding: Array([file[..<start], scans[...], file[start...]].joined()))
    }
  }

  @Test(arguments: [
    ("GIF89a rest of it", "a GIF picture"),
    ("RIFF\u{4}\0\0\0WEBPVP8 ", "a WebP picture"),
    ("\0\0\0\u{18}ftypavif", "an AVIF picture"),
    ("\0\0\0\u{18}ftypheic", "a HEIC picture"),
    ("II*\0rest", "a TIFF picture"),
    ("%PDF-1.7", "a PDF file"),
    ("PK\u{3}\u{4}rest", "a zip archive"),
    ("GGUF\u{3}\0\0\0", "a GGUF model file"),
    ("<svg xmlns=\"\"/>", "an SVG drawing"),
    ("\\frac{a}{b} is a formula\n", "a text file"),
    ("Eine Überschrift, größer als ASCII", "a text file"),
    ("\0\0\0\0\0\0\0\0\0", "a file of zero bytes only"),
    ("\u{1}\u{2}\u{3}\u{4}", "bytes of no known kind"),
  ])
  func `another kind of file is named`(_ content: String, _ name: String) {
    let error = #expect(throws: PictureError.self) { try Picture(decoding: Array(content.utf8)) }
    #expect(error?.description.contains("expected PNG or JPEG, found \(name)") == true)
  }

  @Test func `an empty file is named`() {
    #expect(throws: PictureError.empty) { try Picture(decoding: []) }
  }

  #if os(Linux)
    @Test func `refused files leave no memory behind`() throws {
      let files = try ["rgba-8-interlaced.png", "palette-8-trns.png", "rgb-420-progressive.jpg"]
        .map(Fixtures.bytes)
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
