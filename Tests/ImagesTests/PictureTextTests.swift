import JanusImages
import Testing

@Suite struct PictureTextTests {
  private let pairs = [
    (key: "Description", value: "a red ring, naïve 環"), (key: "Seed", value: "7"),
  ]
  private let picture = Picture(width: 2, height: 2, bytes: [UInt8](repeating: 9, count: 12))

  private func read(_ bytes: [UInt8]) -> [String] {
    bytes.withUnsafeBytes { PictureText.pairs(in: $0).map { "\($0.key)=\($0.value)" } }
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let expected = pairs.map { "\($0.key)=\($0.value)" }
    #expect(read(try picture.encodePNG(text: pairs)) == expected)
    let comment = PictureText.comment(of: pairs)
    #expect(read(try picture.encodeJPEG(comment: comment)) == expected)
    guard PictureLibrary.webP.isInstalled else { return }
    #expect(read(try picture.encodeWebP(quality: 90, description: comment)) == expected)
  }

  @Test(arguments: [
    "a red ring\nNegative prompt: blue\nSeed: 7\n", "a\r\nSeed: 7", "a\r", "\n Seed: 7\n  x\n\n",
    "Seed: 7", "a: b: c\n: d\n\u{301}: e",
  ])
  func aLineThatLooksLikeAKeyStaysInItsValue(_ value: String) throws {
    let pairs =
      [(key: "Description", value: value), (key: "Negative prompt", value: value)]
      + [(key: "Seed", value: "2")]
    let expected = pairs.map { "\($0.key)=\($0.value)" }
    let comment = PictureText.comment(of: pairs)
    #expect(read(try picture.encodePNG(text: pairs)) == expected)
    #expect(read(try picture.encodeJPEG(comment: comment)) == expected)
    guard PictureLibrary.webP.isInstalled else { return }
    #expect(read(try picture.encodeWebP(quality: 90, description: comment)) == expected)
  }

  @Test func cutAndChangedFilesGiveNothingWorse() throws {
    var files = [try picture.encodePNG(text: pairs), try picture.encodeJPEG(comment: "Seed: 7")]
    if PictureLibrary.webP.isInstalled {
      files.append(try picture.encodeWebP(quality: 90, description: "Seed: 7"))
    }
    for whole in files {
      for count in 0..<whole.count { _ = read(Array(whole[..<count])) }
      for place in whole.indices {
        for value in [0, 0x7f, 0xff] as [UInt8] {
          var changed = whole
          changed[place] = value
          _ = read(changed)
        }
      }
    }
  }
}
