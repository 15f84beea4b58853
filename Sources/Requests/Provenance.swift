import JanusLite

/// What a painted picture's file says about how it was made. With it the same picture can be made
/// again.
package struct Provenance: Sendable {
  package let prompt: String
  package let seed: UInt64
  package let settings: Painter.Settings
  /// Name and version of the program.
  package let software: String

  package init(prompt: String, seed: UInt64, settings: Painter.Settings, software: String) {
    self.prompt = prompt
    self.seed = seed
    self.settings = settings
    self.software = software
  }

  /// Keys and values for text chunks of a PNG or the comment of a JPEG; no value holds NUL.
  package func text(_ model: Janus) -> [(key: String, value: String)] {
    let file = model.container.file.path.split(separator: "/").last.map(String.init) ?? ""
    var list = [
      ("Description", prompt), ("Software", software), ("Seed", "\(seed)"),
      ("Guidance", "\(settings.guidance)"), ("Temperature", "\(settings.temperature)"),
    ]
    if let topK = settings.topK { list.append(("Top-k", "\(topK)")) }
    if let topP = settings.topP { list.append(("Top-p", "\(topP)")) }
    list += [
      ("Model", file), ("Cache", model.cacheFormat.rawValue),
      ("Instruction set", model.kernels.isa.rawValue),
    ]
    return list.map { (key: $0.0, value: $0.1.filter { $0 != "\0" }) }
  }
}
