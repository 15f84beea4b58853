import JanusLite

/// What a painted picture's file says about how it was made. With it the same picture can be made
/// again.
package struct Provenance: Sendable {
  package let prompt: String
  /// What guidance led away from; empty for nothing.
  package let negative: String
  package let seed: UInt64
  package let settings: Painter.Settings
  /// Of another picture's lines, where the painting began with some.
  package let beginning: Painter.Beginning?
  /// Name and version of the program.
  package let software: String
  /// All that a file said, by its keys; empty for a picture that is yet to be painted.
  package let setting: [String: String]

  package init(
    prompt: String, negative: String = "", seed: UInt64, settings: Painter.Settings,
    beginning: Painter.Beginning? = nil, software: String,
    setting: [String: String] = [:]
  ) {
    self.prompt = prompt
    self.negative = negative
    self.seed = seed
    self.settings = settings
    self.beginning = beginning
    self.software = software
    self.setting = setting
  }

  /// What a picture's text says, nil where it is not of this program.
  package init?(_ text: [(key: String, value: String)]) {
    let values = Dictionary(text.map { ($0.key, $0.value) }) { first, _ in first }
    guard let software = values["Software"], software.hasPrefix("janus-lite "),
      let prompt = values["Description"], let seed = values["Seed"].flatMap({ UInt64($0) }),
      let guidance = values["Guidance"].flatMap({ Float($0) }),
      let temperature = values["Temperature"].flatMap({ Float($0) })
    else { return nil }
    let settings = Painter.Settings(
      guidance: guidance, temperature: temperature, topK: values["Top-k"].flatMap { Int($0) },
      topP: values["Top-p"].flatMap { Float($0) })
    var beginning: Painter.Beginning?
    if let lines = values["Kept rows"].flatMap({ Int($0) }),
      let seed = values["Kept rows of seed"].flatMap({ UInt64($0) })
    {
      beginning = Painter.Beginning(seed: seed, lines: lines)
    }
    self.init(
      prompt: prompt, negative: values["Negative prompt"] ?? "", seed: seed, settings: settings,
      beginning: beginning, software: software, setting: values)
  }

  /// All keys that `text` may have.
  package static let keys: Set<String> = [
    "Description", "Software", "Seed", "Guidance", "Temperature", "Negative prompt", "Kept rows",
    "Kept rows of seed", "Top-k", "Top-p", "Model", "Cache", "Instruction set", "Pictures",
  ]

  /// Keys and values for text chunks of a PNG or the comment of a JPEG; no value holds NUL.
  package func text(_ model: Janus) -> [(key: String, value: String)] {
    let file = model.container.file.path.split(separator: "/").last.map(String.init) ?? ""
    var list = [
      ("Description", prompt), ("Software", software), ("Seed", "\(seed)"),
      ("Guidance", "\(settings.guidance)"), ("Temperature", "\(settings.temperature)"),
    ]
    if !negative.isEmpty { list.append(("Negative prompt", negative)) }
    if let beginning {
      list.append(("Kept rows", "\(beginning.lines)"))
      list.append(("Kept rows of seed", "\(beginning.seed)"))
    }
    if let topK = settings.topK { list.append(("Top-k", "\(topK)")) }
    if let topP = settings.topP { list.append(("Top-p", "\(topP)")) }
    list += [
      ("Model", file), ("Cache", model.cacheFormat.rawValue),
      ("Instruction set", model.kernels.isa.rawValue),
    ]
    return list.map { (key: $0.0, value: $0.1.filter { $0 != "\0" }) }
  }
}
