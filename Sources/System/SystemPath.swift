#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// File names as bytes. Unix allows any bytes in a name; a Swift string holds Unicode only.
///
/// Bytes that are no UTF-8 stand in a string as scalars of a private range, U+10FF80 to U+10FFFF, and
/// become bytes again when a file is opened.
package enum SystemPath {
  static let escapes: ClosedRange<UInt32> = 0x10_FF80...0x10_FFFF

  /// The string that stands for a name.
  package static func string(_ name: UnsafePointer<CChar>) -> String {
    string(UnsafeBufferPointer(start: name, count: strlen(name)).map { UInt8(bitPattern: $0) }[...])
  }

  /// The string that stands for a name's bytes.
  package static func string(_ bytes: ArraySlice<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var scalars = String.UnicodeScalarView()
    var rest = bytes
    while let first = rest.first {
      let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
      if let character = String(validating: rest.prefix(length), as: UTF8.self) {
        scalars.append(contentsOf: character.unicodeScalars)
        rest = rest.dropFirst(length)
      } else {
        scalars.append(Unicode.Scalar(0x10_FF00 + UInt32(first)) ?? "\u{FFFD}")
        rest = rest.dropFirst()
      }
    }
    return String(scalars)
  }

  /// Gives the name's bytes to `body`, with a zero at their end.
  package static func withBytes<Result>(
    of path: String, _ body: (UnsafePointer<CChar>) -> Result
  ) -> Result {
    guard path.unicodeScalars.contains(where: { escapes.contains($0.value) }) else {
      return path.withCString(body)
    }
    var bytes: [CChar] = []
    for scalar in path.unicodeScalars {
      if escapes.contains(scalar.value) {
        bytes.append(CChar(bitPattern: UInt8(scalar.value - 0x10_FF00)))
      } else {
        bytes += String(scalar).utf8.map { CChar(bitPattern: $0) }
      }
    }
    return (bytes + [0]).withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  /// The byte that a scalar of a name stands for; nil for one that stands for itself.
  package static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
    escapes.contains(scalar.value) ? UInt8(scalar.value - 0x10_FF00) : nil
  }

  /// What the system says of a file, or of the one that a link leads to; nil where there is none.
  package static func status(of path: String) -> stat? {
    var status = stat()
    return withBytes(of: path) { stat($0, &status) } == 0 ? status : nil
  }

  /// Where a name leads through links, the last of which may lead to nothing yet; the name itself where it is no
  /// link. Nil where they lead in a circle.
  package static func target(of path: String) -> String? {
    var place = path
    // As many as Linux follows.
    for _ in 0..<40 {
      var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
      let count = withBytes(of: place) { name in
        buffer.withUnsafeMutableBytes { bytes in
          readlink(name, bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
        }
      }
      guard count > 0 else { return place }
      let link = string(buffer[..<count])
      guard !link.hasPrefix("/") else {
        place = link
        continue
      }
      let folder = place.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(place[...$0]) } ?? ""
      place = folder + link
    }
    return nil
  }

  /// The names in a folder, in no order, without `.` and `..`; nil where it cannot be read.
  package static func names(in folder: String) -> [String]? {
    guard let directory = withBytes(of: folder, { opendir($0) }) else { return nil }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      // Not through the field, whose 256 bytes reach beyond an entry that is shorter.
      guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return nil }
      let name = string(
        UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self))
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}
