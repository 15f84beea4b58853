/// The files of a tar archive that is not packed.
///
/// Read are the formats that are in use: ustar, GNU's with long names, and pax with paths and sizes.
/// Links, devices and sparse files are no part of a checkpoint and are passed over.
/// Format: POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar's manual, "Basic Tar Format".
struct TarDirectory {
  let entries: [(name: String, data: Range<Int>)]

  private static let block = 512

  /// Whether a file's first block is a header.
  static func begins(_ file: SourceFile) throws(ConversionError) -> Bool {
    guard file.count >= 2 * block else { return false }
    let header = try file.bytes(0..<block)
    return header[257..<262].elementsEqual("ustar".utf8) && checksumHolds(header)
  }

  init(file: SourceFile) throws(ConversionError) {
    func problem(_ text: String) -> ConversionError {
      .data(file: file.path, problem: "tar: \(text)")
    }
    var entries: [(name: String, data: Range<Int>)] = []
    var offset = 0
    var headers = 0
    // What a header of its own says of the next one.
    var longName: String?
    var longSize: Int?
    while offset + Self.block <= file.count {
      let header = try file.bytes(offset..<offset + Self.block)
      // A block of zeros ends the archive.
      if header.allSatisfy({ $0 == 0 }) { break }
      headers += 1
      guard headers <= CheckpointLimits.zipEntryCount else { throw problem("too many entries") }
      guard Self.checksumHolds(header) else {
        throw problem("the header at byte \(offset) is damaged")
      }
      let kind = header[156]
      let isExtension = [
        UInt8(ascii: "x"), UInt8(ascii: "L"), UInt8(ascii: "g"), UInt8(ascii: "K"),
      ]
      .contains(kind)
      guard let stated = Self.number(header[124..<136]) else {
        throw problem("the header at byte \(offset) has no size")
      }
      let size = isExtension ? stated : longSize ?? stated
      let begin = offset + Self.block
      guard size <= file.count - begin else {
        throw problem(
          "truncated: \(size) bytes at \(begin), the archive ends at \(file.count); the download "
            + "may be incomplete")
      }
      let next = begin + (size + Self.block - 1) / Self.block * Self.block
      switch kind {
      case UInt8(ascii: "x"), UInt8(ascii: "L"):
        guard size <= 1 << 16 else { throw problem("an extended header is too long") }
        let data = try file.bytes(begin..<begin + size)
        if kind == UInt8(ascii: "L") {
          longName = Self.text(data)
        } else {
          let records = Self.records(data)
          longName = records["path"] ?? longName
          longSize = records["size"].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
        }
      case UInt8(ascii: "g"), UInt8(ascii: "K"): break
      default:
        if kind == 0 || kind == UInt8(ascii: "0") || kind == UInt8(ascii: "7") {
          let name = longName ?? Self.name(header)
          guard name.utf8.count <= CheckpointLimits.nameBytes * 8 else {
            throw problem("a name is too long")
          }
          entries.append((name, begin..<begin + size))
        }
        (longName, longSize) = (nil, nil)
      }
      offset = next
    }
    self.entries = entries
  }

  private static func checksumHolds(_ header: [UInt8]) -> Bool {
    var sum = 8 * 0x20
    for (index, byte) in header.enumerated() where !(148..<156).contains(index) { sum += Int(byte) }
    return number(header[148..<156]) == sum
  }

  /// Octal digits or, where the highest bit is set, a number of base 256.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    if let first = field.first, first & 0x80 != 0 {
      var value = Int(first & 0x7f)
      for byte in field.dropFirst() {
        guard value < 1 << 54 else { return nil }
        value = value << 8 | Int(byte)
      }
      return value
    }
    let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
    guard !digits.isEmpty else { return 0 }
    var value = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { return nil }
      value = value << 3 | Int(digit - UInt8(ascii: "0"))
    }
    return value
  }

  private static func text(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func name(_ header: [UInt8]) -> String {
    let prefix = text(header[345..<500])
    let isUstar = header[257..<263].elementsEqual("ustar\0".utf8)
    return (isUstar && !prefix.isEmpty ? prefix + "/" : "") + text(header[0..<100])
  }

  /// The records "length key=value\n" of a pax header.
  private static func records(_ data: [UInt8]) -> [String: String] {
    var records: [String: String] = [:]
    var rest = data[...]
    while let space = rest.firstIndex(of: 0x20),
      let length = Int(String(decoding: rest[rest.startIndex..<space], as: UTF8.self)),
      length > space - rest.startIndex + 1, length <= rest.count
    {
      let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
      if let equals = record.firstIndex(of: UInt8(ascii: "=")) {
        records[String(decoding: record[record.startIndex..<equals], as: UTF8.self)] =
          String(decoding: record[(equals + 1)...], as: UTF8.self)
      }
      rest = rest[(rest.startIndex + length)...]
    }
    return records
  }
}
