/// What a picture file says beside its pixels: text chunks of a PNG, the comments of a JPEG, or the description of a WebP.
public enum PictureText {
  /// More text than this is left out.
  static let longest = 1 << 20
  static let most = 256

  /// The text of pairs in one comment: a line each. A further line of a value that could be taken for a pair
  /// begins with a blank, as folded headers of mails do (RFC 5322, 2.2.3).
  public static func comment(of pairs: [(key: String, value: String)]) -> String {
    pairs.map { pair in
      let lines = lines(of: pair.value)
      let rest = lines.dropFirst().map {
        $0.first == " " || self.pair(in: $0) != nil ? " " + $0 : String($0)
      }
      return ([pair.key + ": " + lines[0]] + rest).joined(separator: "\n")
    }
    .joined(separator: "\n")
  }

  /// A line feed behind a carriage return ends a line, too, though both are one character.
  private static func lines(of text: String) -> [Substring] {
    text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { Substring($0) }
  }

  /// Keys and values in the order of the file. Each line `Key: value` of a JPEG's comment is a pair;
  /// lines without a key, or with a blank before it, belong to the value before. Compressed text is left out. A damaged file gives
  /// what comes before the damage, other kinds of file give nothing.
  public static func pairs(in bytes: UnsafeRawBufferPointer) -> [(key: String, value: String)] {
    switch PictureKind(of: UnsafeRawBufferPointer(rebasing: bytes.prefix(64))) {
    case .png: png(bytes)
    case .jpeg: jpeg(bytes)
    case .webP: webP(bytes)
    default: []
    }
  }

  /// PNG specification, 5.3 and 11.3.3.
  private static func png(_ bytes: UnsafeRawBufferPointer) -> [(key: String, value: String)] {
    var pairs: [(key: String, value: String)] = []
    var (place, left) = (8, longest)
    while bytes.count - place >= 12, pairs.count < most {
      let length = (0..<4).reduce(0) { $0 << 8 | Int(bytes[place + $1]) }
      guard length <= bytes.count - place - 12 else { break }
      let name = bytes[place + 4..<place + 8].map { UInt8($0) }
      let data = bytes[place + 8..<place + 8 + length]
      place += 12 + length
      guard name == Array("tEXt".utf8) || name == Array("iTXt".utf8), length <= left else {
        continue
      }
      left -= length
      guard let end = data.firstIndex(of: 0), end > data.startIndex, end - data.startIndex <= 79
      else { continue }
      // Keys and the text of tEXt are Latin-1.
      let key = latin1(data[..<end])
      var value = data[(end + 1)...]
      if name == Array("tEXt".utf8) {
        pairs.append((key, latin1(value)))
        continue
      }
      guard value.count >= 2, value.first == 0 else { continue }
      value = value.dropFirst(2)
      // Language and translated keyword, each ended by NUL.
      for _ in 0..<2 {
        guard let zero = value.firstIndex(of: 0) else {
          value = value.suffix(0)
          break
        }
        value = value[(zero + 1)...]
      }
      pairs.append((key, String(decoding: value, as: UTF8.self)))
    }
    return pairs
  }

  /// ITU-T T.81, B.1.1: segments up to the first scan.
  private static func jpeg(_ bytes: UnsafeRawBufferPointer) -> [(key: String, value: String)] {
    var pairs: [(key: String, value: String)] = []
    var (place, left) = (2, longest)
    while bytes.count - place >= 4, bytes[place] == 0xff {
      let marker = bytes[place + 1]
      if marker == 0xff {
        place += 1
        continue
      }
      if marker == 0xda || marker == 0xd9 { break }
      if marker == 0x01 || (0xd0...0xd7).contains(marker) {
        place += 2
        continue
      }
      let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
      guard length >= 2, length <= bytes.count - place - 2 else { break }
      if marker == 0xfe, length <= left {
        left -= length
        add(String(decoding: bytes[place + 4..<place + 2 + length], as: UTF8.self), to: &pairs)
      }
      place += 2 + length
    }
    return pairs
  }

  /// Exif 2.32, 4.6.4: the ImageDescription of the first directory, which is a TIFF file's (RFC 9649, 2.7.1.5).
  private static func webP(_ bytes: UnsafeRawBufferPointer) -> [(key: String, value: String)] {
    guard let range = (try? WebPContainer(bytes))?.exif else { return [] }
    let exif = UnsafeRawBufferPointer(rebasing: bytes[range])
    let order: ByteOrder
    if exif.holds("II*\0", at: 0) {
      order = .little
    } else if exif.holds("MM\0*", at: 0) {
      order = .big
    } else {
      return []
    }
    var pairs: [(key: String, value: String)] = []
    guard let directory = exif.long(at: 4, order), let count = exif.short(at: Int(directory), order)
    else { return [] }
    for entry in 0..<Int(count) {
      let place = Int(directory) + 2 + 12 * entry
      // Tag 270 of type 2, ASCII.
      guard exif.short(at: place, order) == 270, exif.short(at: place + 2, order) == 2,
        let length = exif.long(at: place + 4, order), length <= longest
      else { continue }
      let start = length <= 4 ? place + 8 : exif.long(at: place + 8, order).map(Int.init) ?? 0
      guard start <= exif.count, Int(length) <= exif.count - start else { continue }
      let text = exif[start..<start + Int(length)].prefix { $0 != 0 }
      add(String(decoding: text, as: UTF8.self), to: &pairs)
    }
    return pairs
  }

  private static func add(_ comment: String, to pairs: inout [(key: String, value: String)]) {
    for line in lines(of: comment) {
      if let pair = pair(in: line), pairs.count < most {
        pairs.append((String(pair.key), String(pair.value)))
      } else if !pairs.isEmpty {
        pairs[pairs.count - 1].value += "\n" + (line.first == " " ? line.dropFirst() : line)
      }
    }
  }

  /// What a line of a comment is, if it is a key and a value.
  private static func pair(in line: Substring) -> (key: Substring, value: Substring)? {
    guard let colon = line.firstRange(of: ": ") else { return nil }
    let key = line[..<colon.lowerBound]
    guard !key.isEmpty, key.first != " ", key.utf8.count <= 79,
      key.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
    else { return nil }
    return (key, line[colon.upperBound...])
  }

  private static func latin1(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
    String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }
}
