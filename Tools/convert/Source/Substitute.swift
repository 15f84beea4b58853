/// What lies in a file's place when a download went wrong.
extension SourceFile {
  /// The first bytes, of which the kind of a file shows.
  private func head(_ limit: Int = 256) throws(ConversionError) -> [UInt8] {
    try bytes(0..<min(count, limit))
  }

  /// Throws where the file is a pointer to another or a page of a web site.
  func refuseSubstitutes() throws(ConversionError) {
    let head = try head()
    guard !head.isEmpty else {
      throw .data(file: path, problem: "the file is empty; the download may be incomplete")
    }
    for begin in ["version https://git-lfs", "version https://hawser", "# xet version"]
    where head.starts(with: begin.utf8) {
      throw .data(
        file: path,
        problem: "expected the file itself, found a pointer of Git LFS: fetch it with "
          + "'git lfs pull'")
    }
    if Self.isPage(head) {
      throw .data(
        file: path,
        problem: "expected the file itself, found a web page (HTML): the download was answered by "
          + "a page, perhaps one to sign in; fetch it again")
    }
  }

  /// Whether bytes begin a page. Lengths of a header, which may begin with any byte, have zeros
  /// among the first eight.
  private static func isPage(_ head: [UInt8]) -> Bool {
    var rest = head[...]
    if rest.starts(with: [0xef, 0xbb, 0xbf]) { rest = rest.dropFirst(3) }
    rest = rest.drop { $0 == 0x20 || (0x09...0x0d).contains($0) }
    guard rest.first == UInt8(ascii: "<"), let second = rest.dropFirst().first else { return false }
    let isTag =
      second == UInt8(ascii: "!") || second == UInt8(ascii: "?") || second == UInt8(ascii: "/")
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(second | 0x20)
    return isTag && isText(head.prefix(16))
  }

  private static func isText(_ bytes: some Sequence<UInt8>) -> Bool {
    bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7f || (0x09...0x0d).contains($0) }
  }

  /// What the file seems to be, for the message that refuses it as weights.
  func seeming() throws(ConversionError) -> String {
    if let text = try text() { return "found the text '\(text)'" }
    if let name = ForeignFile.name(of: try head()) { return "found \(name)" }
    return "found another format"
  }

  /// The beginning of a small file of text, on one line; nil where it is none.
  func text() throws(ConversionError) -> String? {
    let head = try head()
    guard count <= 1 << 16, !head.isEmpty, Self.isText(head),
      let first = head.first, first != UInt8(ascii: "{"), first != UInt8(ascii: "[")
    else { return nil }
    // The last character may be cut; all before it must be whole.
    let end = head.count < count ? head.lastIndex { $0 < 0x80 } ?? 0 : head.count
    guard let text = String(validating: head[..<end], as: UTF8.self), !text.isEmpty else {
      return nil
    }
    return shown(text.split(whereSeparator: \.isNewline).joined(separator: " "))
  }
}

/// What a file is by its first bytes, where it is none that is read here.
enum ForeignFile {
  private static let kinds: [(begin: [UInt8], name: String)] = [
    ([0x1f, 0x8b], "an archive packed by gzip"), (Array("BZh".utf8), "an archive packed by bzip2"),
    ([0xfd] + Array("7zXZ".utf8), "an archive packed by xz"),
    ([0x28, 0xb5, 0x2f, 0xfd], "an archive packed by zstd"),
    (Array("7z".utf8) + [0xbc, 0xaf], "a 7z archive"), (Array("Rar!".utf8), "a RAR archive"),
    ([0x89] + Array("HDF".utf8), "an HDF5 file, such as Keras writes"),
    (Array("GGUF".utf8), "a GGUF file"), ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
  ]

  /// The name of what begins with these bytes; nil for what is not known.
  static func name(of head: [UInt8]) -> String? {
    kinds.first { head.starts(with: $0.begin) }?.name
  }
}
