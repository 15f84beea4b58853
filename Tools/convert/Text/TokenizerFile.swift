import JanusSystem

/// A byte-level BPE tokenizer as `tokenizer.json` states it.
struct TokenizerFile: Sendable {
  /// GGUF's token types, as far as they occur here.
  enum TokenType: Int32 {
    case normal = 1
    case control = 3
    case userDefined = 4
    /// An id without a token.
    case unused = 5
  }

  /// By id.
  private(set) var tokens: [String]
  private(set) var types: [TokenType]
  /// "left right", by rank.
  let merges: [String]
  /// JSON text.
  let preTokenizer: String
  /// JSON text.
  let addedTokens: String
  /// GGUF's name of the pre-tokenizer.
  let preTokenizerName: String

  /// - Parameter vocabulary: the rows of the embeddings, which ids must stay below.
  init(folder: CheckpointFolder, vocabulary: Dimension) throws(ConversionError) {
    let path = folder.place(of: "tokenizer.json")
    guard let json = try folder.json("tokenizer.json", limit: CheckpointLimits.tokenizerBytes)
    else {
      throw .missing(file: path, why: "it holds the vocabulary; a base checkpoint can lend it")
    }
    let root = try ConfigSection(file: path, json: json)
    let model = try root.section("model")
    try Self.checkFeatures(root, model)
    let added = root.object["added_tokens"] ?? .array([])
    (tokens, types) = try Self.vocabulary(
      model.section("vocab"), added: added, limit: vocabulary)
    merges = try Self.merges(model)
    preTokenizer = (root.object["pre_tokenizer"] ?? .null).text
    addedTokens = added.text
    preTokenizerName = Self.isDeepseek(preTokenizer) ? "deepseek-llm" : "custom"
  }

  func id(of token: String) -> Int? { tokens.firstIndex(of: token) }

  /// Refuses, by its name, what a tokenizer can ask for and this project's does not do.
  private static func checkFeatures(
    _ root: ConfigSection, _ model: ConfigSection
  ) throws(ConversionError) {
    try model.demand("type", .string("BPE"))
    for key in ["byte_fallback", "ignore_merges", "fuse_unk"] {
      try model.demand(key, .bool(false))
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      try model.demand(key, .string(""))
    }
    try model.demand("dropout", .integer(0), .number(0))
    if root.has("normalizer") {
      let normalizer = try root.section("normalizer")
      try normalizer.demand("type", .string("Sequence"))
      try normalizer.demand("normalizers", .array([]))
    }
    guard root.has("pre_tokenizer"), stages(root.object["pre_tokenizer"]).contains("ByteLevel")
    else {
      throw .data(
        file: root.file,
        problem: "pre_tokenizer: expected a ByteLevel stage; only byte-level BPE "
          + "is supported")
    }
  }

  /// The types of a pre-tokenizer's stages.
  private static func stages(_ json: JSON?) -> [String] {
    guard let object = json?.object, let type = object["type"]?.string else { return [] }
    return type == "Sequence"
      ? (object["pretokenizers"]?.array ?? []).flatMap { stages($0) } : [type]
  }

  private static func vocabulary(
    _ vocabulary: ConfigSection, added: JSON, limit: Dimension
  ) throws(ConversionError) -> (tokens: [String], types: [TokenType]) {
    func problem(_ text: String) -> ConversionError { .data(file: vocabulary.file, problem: text) }
    var entries: [(token: String, id: Int, type: TokenType)] = []
    for (token, value) in vocabulary.object.members {
      guard let id = value.integer else {
        throw problem("model.vocab: '\(shown(token))': expected an id")
      }
      entries.append((token, id, .normal))
    }
    for json in added.array ?? [] {
      guard let object = json.object, let token = object["content"]?.string, !token.isEmpty,
        let id = object["id"]?.integer
      else { throw problem("added_tokens: expected objects with id and content") }
      let isSpecial = object["special"]?.bool ?? false
      entries.append((token, id, isSpecial ? .control : .userDefined))
    }
    guard let highest = entries.map(\.id).max() else {
      throw problem("expected tokens, found none")
    }
    for entry in entries where !(0..<limit.value).contains(entry.id) {
      throw problem(
        "token '\(shown(entry.token))' has id \(entry.id), expected one below \(limit.value), "
          + limit.source)
    }
    var tokens = [String?](repeating: nil, count: highest + 1)
    var types = [TokenType](repeating: .unused, count: highest + 1)
    for entry in entries {
      // A token of the vocabulary may be listed among the added ones again.
      guard tokens[entry.id] ?? entry.token == entry.token else {
        throw problem(
          "id \(entry.id) belongs to '\(shown(tokens[entry.id] ?? ""))' and to "
            + "'\(shown(entry.token))'")
      }
      tokens[entry.id] = entry.token
      types[entry.id] = entry.type
    }
    return (tokens.enumerated().map { $1 ?? "[PAD\($0)]" }, types)
  }

  /// Pairs as "left right" or, in newer files, as arrays of two; all three tokens must exist.
  private static func merges(_ model: ConfigSection) throws(ConversionError) -> [String] {
    let vocabulary = try model.section("vocab").object
    guard let values = model.object["merges"]?.array else {
      throw .data(file: model.file, problem: "model.merges: expected an array")
    }
    var merges: [String] = []
    merges.reserveCapacity(values.count)
    for (rank, value) in values.enumerated() {
      var pair = value.array?.compactMap(\.string) ?? []
      if let text = value.string {
        pair = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      }
      guard pair.count == 2, !pair[0].contains(" "), !pair[1].contains(" "),
        vocabulary[pair[0]] != nil, vocabulary[pair[1]] != nil,
        vocabulary[pair[0] + pair[1]] != nil
      else {
        throw .data(
          file: model.file,
          problem: "model.merges[\(rank)]: expected two tokens whose union is a token, found "
            + shown(value.text))
      }
      merges.append("\(pair[0]) \(pair[1])")
    }
    return merges
  }

  /// Whether the stages are those of DeepSeek-LLM, which other programs know by that name. Known by
  /// the SHA-256 of their JSON text, for the text itself is long.
  private static func isDeepseek(_ preTokenizer: String) -> Bool {
    Digest.hexadecimal(Digest.sha256(preTokenizer.utf8))
      == "b61dda4f7692d800ef9f1db24582d635e751ddcdc0bf73e7248df0d942521720"
  }
}
