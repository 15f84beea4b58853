import Foundation
import GGUF
import JanusSystem
import Quant

/// A folder that is removed with the test.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "gguf-\(UUID())")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path(percentEncoded: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }
}

/// A small container with every element format and every type of metadata.
enum Sample {
  static let metadata: [(key: String, value: MetadataValue)] = [
    ("general.name", .string("sämple")),
    ("janus.block_count", .uint32(2)),
    ("test.negative", .int32(-7)),
    ("test.epsilon", .float32(1e-6)),
    ("test.factor", .float64(1.0 / 255)),
    ("test.yes", .bool(true)),
    ("janus.quant.levels", .int8s([-127, 0, 127])),
    ("test.counts", .uint32s([1, 2, 4_294_967_295])),
    ("test.types", .int32s([-1, 1])),
    ("test.mean", .float32s([0.5, 0.25])),
    ("tokenizer.ggml.tokens", .strings(["a", "", "é", "<｜end▁of▁sentence｜>"])),
  ]

  static let tensors: [(name: String, format: ElementFormat, shape: [Int])] = [
    ("token_embd.weight", .q8Rows, [5, 64]),
    ("blk.0.attn_q.weight", .int4Panels, [17, 33]),
    ("blk.1.attn_q.weight", .int4CodedPanels, [17, 161]),
    ("blk.0.attn_k.weight", .int8Panels, [16, 32]),
    ("output_norm.weight", .f32, [3]),
    ("vq.conv_in.weight", .bf16, [2, 3, 1, 1]),
  ]

  /// Different in every tensor and at every offset.
  static func bytes(of index: Int, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ index &* 101 &+ $0 >> 8) }
  }

  static func writer(_ path: String) throws -> ContainerWriter {
    try ContainerWriter(
      path: path, metadata: metadata,
      tensors: try tensors.map {
        .init(name: $0.name, layout: try TensorLayout(format: $0.format, shape: $0.shape))
      })
  }

  static func write(_ path: String) throws {
    let writer = try writer(path)
    for (index, tensor) in tensors.enumerated() {
      let layout = try TensorLayout(format: tensor.format, shape: tensor.shape)
      try bytes(of: index, count: layout.byteCount).withUnsafeBytes {
        try writer.append($0, to: index)
      }
    }
    try writer.finish()
  }
}

/// Numbers that are the same in every run.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
