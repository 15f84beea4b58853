/// A checkpoint's tensors under the names that the model itself gives them.
///
/// Wrappers of PyTorch put their own component into every name, in any order and depth; PEFT puts a
/// prefix before them, and any trainer may have kept the model in a field of its own.
struct PlainNames {
  let tensors: [String: StoredTensor]
  /// What was left off, one line each.
  let notes: [String]

  /// Components of a name that only say how a module was wrapped.
  private static let wrappers: Set<Substring> = [
    "module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module",
  ]
  private static let peftPrefix: [Substring] = ["base_model", "model"]

  init(_ stored: [StoredTensor], file: String) throws(ConversionError) {
    try Self.refuseAdapters(stored)
    var names = stored.map { Self.unwrapped($0.name) }
    var notes: [String] = []
    let wrapped = zip(stored, names).first { $0.name != $1 }.map { Self.difference($0.name, $1) }
    if let wrapped { notes.append("names of tensors without '\(shown(wrapped))'") }
    let replaced = Set(
      names.filter { $0.contains(Self.savedModule) }.map {
        $0.replacing(Self.savedModule, with: ".")
      })
    if let prefix = try Self.commonPrefix(names, file: file) {
      notes.append("names of tensors without '\(shown(prefix))'")
      names = names.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }
    } else if Self.isHeadless(names) {
      names = names.map { "model." + $0 }
    }

    var tensors: [String: StoredTensor] = [:]
    for (tensor, name) in zip(stored, names) {
      // PEFT keeps the original of a module that it trained as a whole.
      if name.contains(Self.originalModule),
        replaced.contains(Self.unwrapped(tensor.name).replacing(Self.originalModule, with: "."))
      {
        continue
      }
      let plain =
        name.replacing(Self.savedModule, with: ".").replacing(Self.originalModule, with: ".")
      if let other = tensors.updateValue(tensor, forKey: plain) {
        throw .data(
          file: file,
          problem: "the tensors '\(shown(other.name))' and '\(shown(tensor.name))' are both "
            + "'\(shown(plain))'")
      }
    }
    self.tensors = tensors
    self.notes = notes
  }

  private static let savedModule = ".modules_to_save.default."
  private static let originalModule = ".original_module."

  /// A name without wrappers. `base_layer` is the layer that an adapter was put around.
  static func unwrapped(_ name: String) -> String {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false)
      .filter { !wrappers.contains($0) && $0 != "base_layer" }
    while parts.starts(with: peftPrefix) { parts.removeFirst(peftPrefix.count) }
    return parts.joined(separator: ".")
  }

  /// What a plain name lacks of another, as far as one piece was left out.
  private static func difference(_ name: String, _ plain: String) -> String {
    if name.hasSuffix(plain) { return String(name.dropLast(plain.count)) }
    let all = name.split(separator: ".")
    let kept = Set(plain.split(separator: "."))
    return all.filter { !kept.contains($0) }.joined(separator: ".") + "."
  }

  /// The names of the embeddings, which every checkpoint has.
  private static var anchors: [String] {
    Naming.allCases.map { $0.source(of: "token_embd.weight").name }
  }

  /// What stands before the name of the embeddings; nil where nothing does.
  private static func commonPrefix(
    _ names: [String], file: String
  ) throws(ConversionError) -> String? {
    let prefixes = anchors.flatMap { anchor in
      names.filter { $0 == anchor || $0.hasSuffix("." + anchor) }.map {
        String($0.dropLast(anchor.count))
      }
    }
    let different = Set(prefixes)
    if different.isEmpty || different.contains("") { return nil }
    guard different.count == 1, let prefix = different.first else {
      throw .data(
        file: file,
        problem: "several models in one checkpoint: names begin with "
          + different.sorted().prefix(4).map { "'\(shown($0))'" }.joined(separator: " and with ")
          + "; keep one of them")
    }
    return prefix
  }

  /// Whether these are the names of transformers' JanusModel, which has no text head.
  private static func isHeadless(_ names: [String]) -> Bool {
    names.contains("language_model.embed_tokens.weight")
  }

  /// An adapter's matrices beside whole weights: what was tuned is not in the weights.
  private static func refuseAdapters(_ stored: [StoredTensor]) throws(ConversionError) {
    let kinds = [
      "lora_", "hada_w", "lokr_w", "oft_", "vera_lambda", "ia3_l", "boft_", "fourierft_",
      "prompt_embeddings",
    ]
    for tensor in stored {
      let isAdapter = tensor.name.split(separator: ".").contains { part in
        kinds.contains { part.hasPrefix($0) }
      }
      guard isAdapter else { continue }
      throw .data(
        file: tensor.file.path,
        problem: "tensor '\(shown(tensor.name))' is part of an adapter (LoRA) that is not merged "
          + "into the weights: merge it first (merge_and_unload of peft) and convert the result")
    }
  }
}
