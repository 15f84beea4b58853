import Foundation
import JanusImages
import JanusSystem
import Testing

/// Files and expected values made by Tools/reference/make_image_fixtures.py.
enum Fixtures {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
    path: "Fixtures")

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appending(path: name)))
  }

  /// Every PNG and JPEG file, by name.
  static let names = expected.decoded.map(\.file)

  static let expected = try! JSONDecoder().decode(
    Expected.self, from: Data(contentsOf: folder.appending(path: "expected.json")))

  struct Expected: Decodable {
    let decoded: [Decoded]
    let resized: [Resized]
    let preprocessed: [Preprocessed]
  }

  struct Decoded: Decodable, CustomTestStringConvertible {
    let file: String
    let width, height: Int
    let sha256: String
    var testDescription: String { file }
  }

  struct Resized: Decodable, CustomTestStringConvertible {
    let width, height: Int
    let seed: UInt32
    let newWidth, newHeight: Int
    let sha256: String
    var testDescription: String { "\(width) × \(height) → \(newWidth) × \(newHeight)" }
  }

  struct Preprocessed: Decodable, CustomTestStringConvertible {
    let width, height: Int
    let seed: UInt32
    let imageSize, minSize: Int
    let mean, std: [Float]
    let normalizes: Bool
    let fittedWidth, fittedHeight: Int
    let squareSHA256, sha256: String
    var testDescription: String { "\(width) × \(height) → \(imageSize)" }
  }
}

func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
  Digest.hexadecimal(Digest.sha256(bytes))
}

func sha256(of picture: Picture) -> String {
  picture.bytes.withUnsafeBytes(sha256)
}

/// The formula `pattern` of the script: tiles of noise, gradients and black-and-white dots.
func pattern(width: Int, height: Int, seed: UInt32 = 0) -> Picture {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(width * height * 3)
  for y in 0..<UInt32(height) {
    for x in 0..<UInt32(width) {
      let tile = ((x >> 4) + (y >> 4) + seed) % 3
      let place = x &* 0x9E37_79B1 &+ y &* 0x85EB_CA77 &+ seed &* 0x27D4_EB2F
      for channel in 0..<UInt32(3) {
        var hash = place &+ channel &* 0xC2B2_AE3D
        hash ^= hash >> 15
        hash &*= 0x2C1B_3C6D
        hash ^= hash >> 12
        switch tile {
        case 0: bytes.append(UInt8(hash & 255))
        case 1: bytes.append(UInt8((x * 5 + y * 3 + channel * 40) & 255))
        default: bytes.append(hash & 0x100 == 0 ? 0 : 255)
        }
      }
    }
  }
  return Picture(width: width, height: height, bytes: bytes)
}

/// Vigna's SplitMix64.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
