import Foundation
import Testing

@testable import JanusConvert

/// Adapters are merged as PEFT merges them. Numbers are small multiples of powers of two, so that
/// every sum is exact whatever its order.
@Suite struct AdapterTests {
  private static let layer = "model.language_model.layers.1"

  /// An adapter that is written as PEFT does.
  private struct Adapter {
    var config: [String: Any] = [
      "peft_type": "LORA", "r": 2, "lora_alpha": 4,
      "base_model_name_or_path": "deepseek-ai/Janus-Pro-1B",
    ]
    var tensors: [TestTensor] = []

    mutating func add(_ module: String, rows: Int, columns: Int, rank: Int = 2) {
      tensors.append(
        TestTensor(
          name: "base_model.model.\(module).lora_A.weight", shape: [rank, columns],
          values: AdapterTests.pattern(rank * columns, 3)))
      tensors.append(
        TestTensor(
          name: "base_model.model.\(module).lora_B.weight", shape: [rows, rank],
          values: AdapterTests.pattern(rows * rank, 5)))
    }

    func write() throws -> TemporaryFolder {
      let folder = try TemporaryFolder()
      try folder.write(
        "adapter_config.json", [UInt8](JSONSerialization.data(withJSONObject: config)))
      try folder.write("adapter_model.safetensors", safetensors(tensors))
      return folder
    }
  }

  fileprivate static func pattern(_ count: Int, _ seed: Int) -> [Float] {
    (0..<count).map { Float(($0 * seed + $0 / 7) % 9 - 4) / 8 }
  }

  /// The base with weights that sums with the adapter's leave exact in bfloat16.
  private func base() throws -> TestCheckpoint {
    var checkpoint = try TestCheckpoint()
    for name in [
      "\(Self.layer).self_attn.q_proj.weight", "\(Self.layer).mlp.down_proj.weight",
      "model.language_model.embed_tokens.weight",
      "model.vision_model.encoder.layers.0.self_attn.k_proj.weight",
    ] {
      checkpoint[name].values = Self.pattern(checkpoint[name].values.count, 7)
    }
    return checkpoint
  }

  private func merged(
    _ matrix: [Float], _ a: [Float], _ b: [Float], rank: Int, scale: Float
  ) -> [Float] {
    let columns = a.count / rank
    return matrix.indices.map { index in
      let (row, column) = (index / columns, index % columns)
      let sum = (0..<rank).reduce(Float(0)) { $0 + b[row * rank + $1] * a[$1 * columns + column] }
      return matrix[index] + scale * sum
    }
  }

  private func expected(
    _ adapter: Adapter, scale: Float, _ changes: [(module: String, rank: Int)]
  ) throws -> TestCheckpoint {
    var result = try base()
    for (index, change) in changes.enumerated() {
      let name = change.module + ".weight"
      result[name].values = merged(
        result[name].values, adapter.tensors[2 * index].values,
        adapter.tensors[2 * index + 1].values, rank: change.rank, scale: scale)
    }
    return result
  }

  @Test(
    arguments: [
      (["lora_alpha": 4], 2), (["lora_alpha": 1], 0.5), (["lora_alpha": 2.5], 1.25),
      (["r": 4, "use_rslora": true], 2), (["alpha_pattern": ["q_proj": 8, "mlp.down_proj": 8]], 4),
      (["fan_in_fan_out": true], 2),
    ] as [([String: any Sendable], Float)])
  func theScaleIsWhatTheConfigurationStates(change: [String: any Sendable], scale: Float) throws {
    var adapter = Adapter()
    for (key, value) in change { adapter.config[key] = value }
    let rank = change["r"] as? Int ?? 2
    let modules = ["\(Self.layer).self_attn.q_proj", "\(Self.layer).mlp.down_proj"]
    adapter.add(modules[0], rows: 64, columns: 64, rank: rank)
    adapter.add(modules[1], rows: 64, columns: 96, rank: rank)
    let wanted = try digests(
      expected(adapter, scale: scale, modules.map { ($0, rank) }).write())
    let (base, folder) = (try base().write(), try adapter.write())
    #expect(try digests(base, adapter: folder) == wanted)
    // An adapter alone, with its base beside, is the same.
    #expect(try digests(folder, base: base) == wanted)
    #expect(wanted != (try digests(base)))
  }

  @Test func anAdapterFitsEitherNaming() throws {
    var adapter = Adapter()
    let q = "\(Self.layer).self_attn.q_proj"
    adapter.add(q, rows: 64, columns: 64)
    let wanted = try digests(expected(adapter, scale: 2, [(q, 2)]).write())
    let deepseek = try base().inDeepseekNaming().write(.torch)
    #expect(try digests(deepseek, adapter: adapter.write()) == wanted)
    // q, k and v of the vision tower lie in one tensor there; k is its second third.
    var tower = Adapter()
    tower.add("vision_model.vision_tower.blocks.0.attn.qkv", rows: 192, columns: 64)
    var changed = try base()
    let b = tower.tensors[1].values
    for (index, part) in ["q", "k", "v"].enumerated() {
      let name = "model.vision_model.encoder.layers.0.self_attn.\(part)_proj.weight"
      changed[name].values = Self.pattern(64 * 64, 7)
      changed[name].values = merged(
        changed[name].values, tower.tensors[0].values, Array(b[index * 128..<(index + 1) * 128]),
        rank: 2, scale: 2)
    }
    var plain = try base()
    for part in ["q", "k", "v"] {
      plain["model.vision_model.encoder.layers.0.self_attn.\(part)_proj.weight"].values =
        Self.pattern(64 * 64, 7)
    }
    let towerFolder = try tower.write()
    let result = try digests(changed.write())
    for source in [try plain.write(), try plain.inDeepseekNaming().write()] {
      #expect(try digests(source, adapter: towerFolder) == result)
    }
  }

  @Test func embeddingsAreMergedTheOtherWayRound() throws {
    var adapter = Adapter()
    let module = "model.language_model.embed_tokens"
    let (a, b) = (Self.pattern(2 * 544, 3), Self.pattern(64 * 2, 5))
    adapter.tensors = [
      TestTensor(
        name: "base_model.model.\(module).lora_embedding_A", shape: [2, 544], values: a),
      TestTensor(name: "base_model.model.\(module).lora_embedding_B", shape: [64, 2], values: b),
    ]
    var wanted = try base()
    for row in 0..<544 {
      for column in 0..<64 {
        wanted[module + ".weight"].values[row * 64 + column] +=
          2 * (a[row] * b[column * 2] + a[544 + row] * b[column * 2 + 1])
      }
    }
    let found = try digests(base().write(), adapter: adapter.write())
    #expect(try found == digests(wanted.write()))
  }

  @Test func doraGivesEachRowItsLength() throws {
    var adapter = Adapter()
    adapter.config["use_dora"] = true
    let q = "\(Self.layer).self_attn.q_proj"
    adapter.add(q, rows: 64, columns: 64)
    adapter.tensors.append(
      TestTensor(
        name: "base_model.model.\(q).lora_magnitude_vector", shape: [64],
        values: (0..<64).map { Float($0) / 16 }))
    let (source, folder) = (try base().write(), try adapter.write())
    defer { withExtendedLifetime((source, folder)) {} }
    let checkpoint = try Checkpoint(folder: source.path, adapter: folder.path, painting: true)
    let tensor = try #require(checkpoint.tensors.first { $0.spec.name == "blk.1.attn_q.weight" })
    let found = try values(tensor.stored)
    let plain = try expected(adapter, scale: 2, [(q, 2)])[q + ".weight"].values
    for row in 0..<64 {
      let (merged, direction) = (found[row * 64..<row * 64 + 64], plain[row * 64..<row * 64 + 64])
      let length = merged.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(length - Double(row) / 16) < 1e-5)
      let product = zip(merged, direction).reduce(0.0) { $0 + Double($1.0 * $1.1) }
      #expect(row == 0 || product > 0)
    }
  }

  @Test func modulesThatWereTrainedWholeReplaceTheBases() throws {
    var adapter = Adapter()
    let base = try base()
    var head = base["lm_head.weight"]
    head.values = Self.pattern(head.values.count, 11)
    var wanted = base
    wanted["lm_head.weight"] = head
    head.name = "base_model.model.lm_head.weight"
    adapter.tensors = [head]
    let folder = try adapter.write()
    #expect(try digests(base.write(), adapter: folder) == digests(wanted.write()))
  }

  @Test(
    arguments: [
      (["peft_type": "IA3"], "peft_type = 'IA3'"),
      (["init_lora_weights": "pissa_niter_4"], "changes the base"),
      (["lora_bias": true], "lora_bias = true"),
      (["layer_replication": [[0, 1]]], "layer_replication"),
      (["r": 4], "rank 2, expected 4"), (["r": 0], "r: expected an integer from 1"),
      (["alpha_pattern": ["q_proj|k_proj": 8]], "alpha_pattern"),
    ] as [([String: any Sendable], String)])
  func whatIsNotMergedHereIsRefusedByName(change: [String: any Sendable], expected: String) throws {
    var adapter = Adapter()
    for (key, value) in change { adapter.config[key] = value }
    adapter.add("\(Self.layer).self_attn.q_proj", rows: 64, columns: 64)
    let (source, folder) = (try base().write(), try adapter.write())
    let error = try #require(throws: ConversionError.self) {
      try opened(source, adapter: folder)
    }
    #expect(error.description.contains(expected), "\(error)")
  }

  @Test func everyTensorOfAnAdapterIsUsedOrNamed() throws {
    func error(_ change: (inout Adapter) -> Void) throws -> String {
      var adapter = Adapter()
      adapter.add("\(Self.layer).self_attn.q_proj", rows: 64, columns: 64)
      change(&adapter)
      let (source, folder) = (try base().write(), try adapter.write())
      return try #require(throws: ConversionError.self) {
        try opened(source, adapter: folder)
      }.description
    }
    #expect(
      try error { $0.add("model.language_model.layers.7.mlp.up_proj", rows: 96, columns: 64) }
        .contains("layers.7.mlp.up_proj.lora_A.weight' changes nothing"))
    #expect(try error { $0.tensors.removeLast() }.contains("expected both"))
    #expect(try error { $0.tensors[1].shape = [32, 4] }.contains("found [2, 64] and [32, 4]"))
    #expect(try error { $0.tensors = [] }.contains("no tensors"))
    #expect(
      try error { $0.tensors[0].name = $0.tensors[0].name.replacing("lora_A", with: "lora_C") }
        .contains("of no kind"))
    #expect(
      try error {
        $0.tensors.append($0.tensors[0])
        $0.tensors[2].name = $0.tensors[2].name.replacing("weight", with: "second.weight")
      }.contains("two for the same purpose"))
  }
}
