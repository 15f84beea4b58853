/// Checkpoints whose weights are already quantised, recognised by their tensors.
enum QuantizedCheckpoint {
  private static let remedy =
    ": start from the checkpoint that it was made from, whose weights are bf16, fp16 or fp32"

  /// Endings of the names of what a quantiser stores beside the weights.
  private static let marks: [(suffix: String, tool: String)] = [
    (".absmax", "bitsandbytes"), (".quant_map", "bitsandbytes"), (".SCB", "bitsandbytes"),
    (".weight_format", "bitsandbytes"), (".g_idx", "GPTQ"), (".qweight", "GPTQ or AWQ"),
    (".qzeros", "GPTQ or AWQ"), (".weight_packed", "compressed-tensors"),
    (".weight_scale_inv", "FP8"), (".weight_scale", "FP8"), (".input_scale", "FP8"),
  ]

  static func refuse(
    _ config: ConfigSection?, tensors: [String: StoredTensor]
  ) throws(ConversionError) {
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      guard let tool = tool(name, tensor, in: tensors) else { continue }
      throw .data(
        file: tensor.file.path,
        problem:
          "already quantised by \(config.flatMap(stated) ?? tool): tensor '\(shown(tensor.name))' is "
          + "\(shown(tensor.dtype))\(remedy)")
    }
  }

  /// What to say where the configuration states a quantisation and the weights are whole.
  static func warning(_ config: ConfigSection) -> String? {
    stated(config).map {
      "config.json states a quantisation (\($0)), but the weights are not quantised: taken as they are"
    }
  }

  private static func stated(_ config: ConfigSection) -> String? {
    if let object = config.object["quantization_config"]?.object {
      return shown(object["quant_method"]?.string ?? "an unnamed method")
    }
    return config.object["quantization"]?.object == nil ? nil : "MLX"
  }

  private static func tool(
    _ name: String, _ tensor: StoredTensor, in tensors: [String: StoredTensor]
  ) -> String? {
    if name.contains(".quant_state.") { return "bitsandbytes" }
    if let mark = marks.first(where: { name.hasSuffix($0.suffix) }) { return mark.tool }
    guard name.hasSuffix(".weight") else { return nil }
    if tensor.dtype.hasPrefix("F8_") { return "FP8" }
    // Packed integers with their scales beside.
    let stem = name.dropLast(".weight".count)
    if tensor.element == nil, tensors[stem + ".scales"] != nil { return "MLX" }
    let integers = [
      "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64", "torch.ByteStorage",
      "torch.CharStorage", "torch.ShortStorage", "torch.IntStorage", "torch.LongStorage",
    ]
    return integers.contains(tensor.dtype) ? "an unknown tool" : nil
  }
}
