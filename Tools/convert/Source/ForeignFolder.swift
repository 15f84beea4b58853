/// What a folder without weights is, and what to do with it.
enum ForeignFolder {
  static let adapterWeights = ["adapter_model.safetensors", "adapter_model.bin"]
  static let adapterFiles = ["adapter_config.json"] + adapterWeights

  /// Why nothing can be converted here.
  static func error(_ tree: FileTree) -> ConversionError {
    let usual = WeightFiles.Container.allCases.flatMap { container in
      let name = container.stem + container.suffixes[0]
      return [name, name + ".index.json"]
    }
    if tree.files.isEmpty && tree.folders.isEmpty {
      return .missing(
        file: "\(tree.path)/\(usual[0])",
        why: "the folder is empty; it should hold one of \(usual.joined(separator: ", "))")
    }
    for name in tree.files + tree.folders {
      if adapterFiles.contains(name) {
        return .adapter(file: tree.path, problem: adapter(of: nil))
      }
      if let problem = problem(named: name) { return .data(file: tree.path, problem: problem) }
    }
    let unfinished = tree.files.first { name in
      [".incomplete", ".part", ".crdownload", ".aria2", ".download", ".tmp"].contains(
        where: name.hasSuffix)
    }
    let there = tree.files.isEmpty ? tree.folders : tree.files
    return .missing(
      file: "\(tree.path)/\(usual[0])",
      why: "the folder holds none of \(usual.joined(separator: ", "))"
        + (unfinished.map { "; a download is unfinished: '\(shown($0))'" }
          ?? "; found: " + there.prefix(6).map { shown($0) }.joined(separator: ", ")
          + (there.count > 6 ? ", …" : "")))
  }

  /// What a file or folder of this name belongs to, where that is no checkpoint to convert.
  static func problem(named name: String) -> String? {
    if name == "zero_to_fp32.py" || name.hasSuffix("_states.pt") || name.hasPrefix("global_step")
      || name.hasPrefix("zero_pp_rank_")
    {
      return
        "shards of DeepSpeed, expected whole tensors; gather them with the zero_to_fp32.py that "
        + "DeepSpeed writes beside them"
    }
    if name.hasSuffix(".distcp") || name.hasPrefix("pytorch_model_fsdp") {
      return "a distributed checkpoint of torch, expected whole tensors; gather them with "
        + "'accelerate merge-weights'"
    }
    if name.hasSuffix(".onnx") || name == "onnx" {
      return "an ONNX export, expected the checkpoint that it was made from"
    }
    if name.hasSuffix(".gguf") {
      return
        "it holds '\(shown(name))', a GGUF file, and no checkpoint; a file of this project runs "
        + "as it is, those of llama.cpp cannot be converted"
    }
    if name == "flax_model.msgpack" || name == "tf_model.h5" {
      return "weights of another framework, expected those of PyTorch"
    }
    return nil
  }

  /// What to do with an adapter alone.
  static func adapter(of base: String?) -> String {
    let base = base.map { " of \(shown($0))" } ?? ""
    return
      "an adapter\(base), not a whole model: merge it into its base model on the way, or merge "
      + "it first (merge_and_unload of peft) and convert the result"
  }
}
