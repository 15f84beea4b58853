import JanusSystem

/// The entries of a zip file whose data are stored as they are.
///
/// Only what `torch.save` writes is read: no compression, no encryption, one disk; zip64 where sizes
/// ask for it. Checksums are not compared: torch can be told to leave them out.
/// Format: PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.3.
struct ZipDirectory {
  struct Entry {
    let name: String
    /// Where the data lie in the file.
    let data: Range<Int>
  }

  let file: SourceFile
  let entries: [String: Entry]

  private static let endSignature: UInt32 = 0x0605_4b50
  private static let zip64LocatorSignature: UInt32 = 0x0706_4b50
  private static let zip64EndSignature: UInt32 = 0x0606_4b50
  private static let entrySignature: UInt32 = 0x0201_4b50
  private static let localSignature: UInt32 = 0x0403_4b50

  /// A number of 32 bits that stands for "see the zip64 field".
  private static let in64Bits = 0xffff_ffff

  init(file: SourceFile) throws(ConversionError) {
    self.file = file
    let end = try Self.end(of: file)
    guard end.entryCount <= CheckpointLimits.zipEntryCount,
      end.directoryBytes <= CheckpointLimits.zipDirectoryBytes
    else { throw Self.problem(file, "the directory is too large") }
    guard let directoryEnd = checkedSum(end.directoryOffset, end.directoryBytes),
      directoryEnd <= end.limit
    else {
      throw Self.problem(
        file,
        "the directory is at \(end.directoryOffset), \(end.directoryBytes) bytes long, "
          + "outside the file")
    }
    var cursor = ByteCursor(try file.bytes(end.directoryOffset..<directoryEnd))
    var headers: [(name: String, local: Int, size: Int)] = []
    for index in 0..<end.entryCount {
      guard let header = try Self.header(&cursor, file: file) else {
        throw Self.problem(
          file, "the directory ends at entry \(index), expected \(end.entryCount) entries")
      }
      headers.append(header)
    }
    entries = try Self.place(headers, file: file, before: end.directoryOffset)
  }

  private static func problem(_ file: SourceFile, _ text: String) -> ConversionError {
    .data(file: file.path, problem: "zip: \(text)")
  }

  private struct End {
    let entryCount: Int
    let directoryOffset: Int
    let directoryBytes: Int
    /// Where the end record begins.
    let limit: Int
  }

  /// Finds the end record, which lies in the last 64 KiB.
  private static func end(of file: SourceFile) throws(ConversionError) -> End {
    let tailBegin = max(0, file.count - 22 - 0xffff)
    let tail = try file.bytes(tailBegin..<file.count)
    var begin = tail.count - 22
    while begin >= 0 {
      var cursor = ByteCursor(tail, at: begin)
      if cursor.integer(UInt32.self) == endSignature { break }
      begin -= 1
    }
    guard begin >= 0 else {
      throw problem(file, "no directory at the end of the file; the download may be incomplete")
    }
    var cursor = ByteCursor(tail, at: begin + 4)
    guard let disk = cursor.integer(UInt16.self), let directoryDisk = cursor.integer(UInt16.self),
      cursor.take(2) != nil, let entryCount = cursor.integer(UInt16.self),
      let bytes = cursor.integer(UInt32.self), let offset = cursor.integer(UInt32.self)
    else { throw problem(file, "the end record is truncated") }
    let limit = tailBegin + begin
    if limit >= 20 {
      var locator = ByteCursor(try file.bytes(limit - 20..<limit))
      if locator.integer(UInt32.self) == zip64LocatorSignature {
        return try zip64End(&locator, file: file, limit: limit - 20)
      }
    }
    guard disk == 0, directoryDisk == 0 else {
      throw problem(file, "split over several disks, which is not supported")
    }
    guard bytes != UInt32(in64Bits), offset != UInt32(in64Bits), entryCount != .max else {
      throw problem(file, "the zip64 end record is missing")
    }
    return End(
      entryCount: Int(entryCount), directoryOffset: Int(offset), directoryBytes: Int(bytes),
      limit: limit)
  }

  private static func zip64End(
    _ locator: inout ByteCursor, file: SourceFile, limit: Int
  ) throws(ConversionError) -> End {
    guard locator.take(4) != nil, let position = locator.integer(UInt64.self),
      let begin = Int(exactly: position), begin <= limit - 56
    else { throw problem(file, "the zip64 end record lies outside the file") }
    var cursor = ByteCursor(try file.bytes(begin..<begin + 56))
    guard cursor.integer(UInt32.self) == zip64EndSignature, cursor.take(12) != nil,
      cursor.integer(UInt32.self) == 0, cursor.integer(UInt32.self) == 0,
      cursor.take(8) != nil, let entryCount = cursor.integer(UInt64.self),
      let bytes = cursor.integer(UInt64.self), let offset = cursor.integer(UInt64.self),
      let entryCount = Int(exactly: entryCount), let bytes = Int(exactly: bytes),
      let offset = Int(exactly: offset)
    else { throw problem(file, "the zip64 end record is damaged") }
    return End(
      entryCount: entryCount, directoryOffset: offset, directoryBytes: bytes, limit: begin)
  }

  /// One record of the directory; `nil` where it is cut short.
  private static func header(
    _ cursor: inout ByteCursor, file: SourceFile
  ) throws(ConversionError) -> (name: String, local: Int, size: Int)? {
    guard let signature = cursor.integer(UInt32.self) else { return nil }
    guard signature == entrySignature else { throw Self.problem(file, "the directory is damaged") }
    guard cursor.take(4) != nil, let flags = cursor.integer(UInt16.self),
      let method = cursor.integer(UInt16.self), cursor.take(8) != nil,
      let stored = cursor.integer(UInt32.self), let size = cursor.integer(UInt32.self),
      let nameBytes = cursor.integer(UInt16.self), let extraBytes = cursor.integer(UInt16.self),
      let commentBytes = cursor.integer(UInt16.self), let disk = cursor.integer(UInt16.self),
      cursor.take(6) != nil, let local = cursor.integer(UInt32.self),
      let nameSlice = cursor.take(Int(nameBytes)), let extra = cursor.take(Int(extraBytes)),
      cursor.take(Int(commentBytes)) != nil
    else { return nil }
    guard let name = String(validating: nameSlice, as: UTF8.self), !name.isEmpty,
      nameSlice.count <= CheckpointLimits.nameBytes
    else { throw Self.problem(file, "an entry whose name is empty, too long or not UTF-8") }
    func problem(_ text: String) -> ConversionError {
      Self.problem(file, "entry '\(shown(name))': \(text)")
    }
    guard flags & 1 == 0 else { throw problem("encrypted, which is not supported") }
    guard method == 0 else {
      throw problem(
        "compressed (method \(method)), expected stored; write it anew with torch.save")
    }
    guard
      let sizes = widened([Int(size), Int(stored), Int(local), Int(disk)], extra: Array(extra))
    else { throw problem("the zip64 field is damaged") }
    guard sizes[3] == 0 else { throw problem("on another disk, which is not supported") }
    guard sizes[0] == sizes[1] else {
      throw problem("stored, yet \(sizes[1]) bytes stand for \(sizes[0])")
    }
    return (name, sizes[2], sizes[0])
  }

  /// Replaces the numbers that do not fit in their fields (size, stored size, position, disk) by
  /// those of the zip64 field (id 1), where they stand in this order, each only if it is needed.
  private static func widened(_ fields: [Int], extra: [UInt8]) -> [Int]? {
    let overflowed = fields.indices.filter { fields[$0] == ($0 == 3 ? 0xffff : in64Bits) }
    guard !overflowed.isEmpty else { return fields }
    var cursor = ByteCursor(extra)
    while let id = cursor.integer(UInt16.self), let count = cursor.integer(UInt16.self) {
      guard let field = cursor.take(Int(count)) else { return nil }
      guard id == 1 else { continue }
      var widened = fields
      var values = ByteCursor(Array(field))
      for index in overflowed {
        let value =
          index == 3
          ? values.integer(UInt32.self).map(UInt64.init) : values.integer(UInt64.self)
        guard let value, let value = Int(exactly: value) else { return nil }
        widened[index] = value
      }
      return widened
    }
    return nil
  }

  /// Finds where the entries' data begin, behind their local headers, and checks that all lie before
  /// the directory and none over another.
  private static func place(
    _ headers: [(name: String, local: Int, size: Int)], file: SourceFile, before limit: Int
  ) throws(ConversionError) -> [String: Entry] {
    var entries: [String: Entry] = [:]
    var end = 0
    for header in headers.sorted(by: { $0.local < $1.local }) {
      func problem(_ text: String) -> ConversionError {
        Self.problem(file, "entry '\(shown(header.name))': \(text)")
      }
      guard header.local >= end, header.local <= limit - 30 else {
        throw problem("it begins at \(header.local), over another entry or outside the file")
      }
      var local = ByteCursor(try file.bytes(header.local..<header.local + 30))
      guard local.integer(UInt32.self) == localSignature, local.take(22) != nil,
        let nameBytes = local.integer(UInt16.self), let extraBytes = local.integer(UInt16.self)
      else { throw problem("its header at \(header.local) is damaged") }
      let begin = header.local + 30 + Int(nameBytes) + Int(extraBytes)
      guard let dataEnd = checkedSum(begin, header.size), dataEnd <= limit else {
        throw problem("\(header.size) bytes at \(begin) lie outside the file")
      }
      end = dataEnd
      let entry = Entry(name: header.name, data: begin..<dataEnd)
      guard entries.updateValue(entry, forKey: header.name) == nil else {
        throw problem("it occurs twice")
      }
    }
    return entries
  }
}
