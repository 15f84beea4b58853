import Foundation
import JanusLite
import Testing

@Suite struct PictureFileTests {
  @Test func `a picture from a file is the one that its bytes give`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "picture-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let drawn = Picture(width: 301, height: 203, filledWith: [12, 200, 99])
    let bytes = try drawn.encodePNG()
    let path = folder.appending(path: "picture.png").path
    try Data(bytes).write(to: URL(filePath: path))
    for _ in 0..<20 {
      #expect(try Picture(contentsOf: path) == Picture(decoding: bytes))
    }
  }
}
