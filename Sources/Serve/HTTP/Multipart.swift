/// One part of a `multipart/form-data` body.
package struct MultipartPart: Sendable, Equatable {
  package var name: String
  package var fileName: String?
  package var bytes: [UInt8]
}

/// Reads `multipart/form-data` (RFC 7578).
package enum Multipart {
  static let mostParts = 64
  private static let mostHeaderBytes = 8_192

  /// The boundary that a content type names; nil where it names none that could be one.
  package static func boundary(of contentType: String) -> [UInt8]? {
    for parameter in contentType.split(separator: ";").dropFirst() {
      let pair = parameter.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, pair[0].trimmed.lowercased() == "boundary" else { continue }
      var value = pair[1].trimmed
      if value.hasPrefix("\""), value.hasSuffix("\""), value.count >= 2 {
        value = String(value.dropFirst().dropLast())
      }
      return (1...70).contains(value.utf8.count) ? Array(value.utf8) : nil
    }
    return nil
  }

  package static func parse(
    _ body: [UInt8], boundary: [UInt8]
  ) throws(APIError) -> [MultipartPart] {
    let delimiter = Array("--".utf8) + boundary
    guard var place = find(delimiter, in: body, from: 0) else {
      throw problem("no part begins")
    }
    place += delimiter.count
    var parts: [MultipartPart] = []
    while true {
      if body[place...].starts(with: "--".utf8) { return parts }
      guard let line = find([0x0D, 0x0A], in: body, from: place), line - place < 128 else {
        throw problem("a boundary does not end its line")
      }
      let begin = line + 2
      guard let next = find([0x0D, 0x0A] + delimiter, in: body, from: line) else {
        throw problem("the last part does not end")
      }
      guard parts.count < mostParts else { throw problem("more than \(mostParts) parts") }
      parts.append(try part(body, begin..<max(begin, next)))
      place = next + 2 + delimiter.count
    }
  }

  private static func part(
    _ body: [UInt8], _ range: Range<Int>
  ) throws(APIError) -> MultipartPart {
    let head = Array(
      body[range.lowerBound..<min(range.upperBound, range.lowerBound + mostHeaderBytes)])
    guard let end = find(Array("\r\n\r\n".utf8), in: head, from: 0) else {
      throw problem("a part has no end of its headers")
    }
    var part = MultipartPart(name: "", fileName: nil, bytes: [])
    let lines = String(decoding: head[..<end], as: UTF8.self).split(separator: "\r\n")
    for line in lines {
      let pair = line.split(separator: ":", maxSplits: 1)
      guard pair.count == 2, pair[0].trimmed.lowercased() == "content-disposition" else { continue }
      for parameter in parameters(of: pair[1]).dropFirst() {
        let pair = parameter.split(separator: "=", maxSplits: 1)
        guard pair.count == 2 else { continue }
        let value = pair[1].trimmed.filter { $0 != "\"" }
        switch pair[0].trimmed.lowercased() {
        case "name": part.name = value
        case "filename": part.fileName = value
        default: break
        }
      }
    }
    part.bytes = Array(body[(range.lowerBound + end + 4)..<range.upperBound])
    return part
  }

  private static func problem(_ text: String) -> APIError {
    APIError(status: 400, "body: expected multipart/form-data, found that \(text)", param: "body")
  }

  /// Where `needle` first is, at or after `start`, in linear time (Knuth, Morris and Pratt, 1977): both come from outside.
  private static func find(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count >= needle.count, start <= bytes.count - needle.count else { return nil }
    // How much of the needle's beginning ends at each of its bytes.
    var borders = [Int](repeating: 0, count: needle.count)
    var length = 0
    for index in needle.indices.dropFirst() {
      while length > 0, needle[index] != needle[length] { length = borders[length - 1] }
      if needle[index] == needle[length] { length += 1 }
      borders[index] = length
    }
    return bytes.withUnsafeBufferPointer { bytes in
      var matched = 0
      for place in start..<bytes.count {
        while matched > 0, bytes[place] != needle[matched] { matched = borders[matched - 1] }
        if bytes[place] == needle[matched] { matched += 1 }
        if matched == needle.count { return place + 1 - matched }
      }
      return nil
    }
  }

  /// The parameters behind a header's value; a semicolon between quotes belongs to one.
  private static func parameters(of value: Substring) -> [Substring] {
    var (parts, begin, isQuoted) = ([Substring](), value.startIndex, false)
    for index in value.indices {
      if value[index] == "\"" { isQuoted.toggle() }
      guard value[index] == ";", !isQuoted else { continue }
      parts.append(value[begin..<index])
      begin = value.index(after: index)
    }
    return parts + [value[begin...]]
  }
}

extension StringProtocol {
  /// Without white space at both ends.
  var trimmed: String {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text)
  }
}
