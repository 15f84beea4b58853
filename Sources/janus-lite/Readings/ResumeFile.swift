import Foundation
import JanusSystem

/// The readings of an output file, kept beside it as they come, so that a run that was ended goes on where it
/// was: `FILE.resume`.
///
/// A line each: what the readings depend on, then a reading, and at the end that all are in the output. Lines
/// are only added. What a killed process left of a line is cut off.
final class ResumeFile {
  /// What readings depend on: those of another model or with other options are no part of the same output.
  struct Head: Codable, Equatable {
    let version: Int
    let model: String
    let options: [String: String]

    init(model: String, options: [String: String]) {
      version = 1
      self.model = model
      self.options = options
    }
  }

  private struct Line: Codable {
    var head: Head?
    /// A picture's name as it was given, a checksum of its bytes, and what is written for it.
    var name: String?
    var picture: String?
    var text: String?
    /// Whether the output has everything that comes before this line.
    var finished: Bool?
    /// A checksum of the output: as it was at the beginning, or as it was written.
    var output: String?
  }

  /// Where a reading's line lies.
  private struct Place {
    let picture: String
    let range: Range<Int>
  }

  private let output: String
  private let path: String
  private let descriptor: Int32
  private var end = 0
  private var places: [String: Place] = [:]
  /// Names in the order in which they were first read.
  private var names: [String] = []
  private var isFinished = false
  /// Checksums of what the output may be without anybody having changed it.
  private var ownOutputs: Set<String> = []

  /// Readings that are there already.
  var count: Int { places.count }

  /// - Parameters:
  ///   - resumes: whether to go on with what is there; otherwise a run that was not finished is an error.
  ///   - replaces: whether an output that no such run has written may be replaced.
  init(output: String, head: Head, resumes: Bool, replaces: Bool) throws(Failure) {
    self.output = output
    path = output + ".resume"
    try PictureFile(path: output, format: .png, quality: 1).checkPlace()
    descriptor = SystemPath.withBytes(of: path) {
      open($0, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o666)
    }
    guard descriptor >= 0 else { throw Self.failure(path, "open") }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(.inputOutput, "cannot write '\(path)': it is no file")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw Failure(.inputOutput, "'\(path)': another process is writing to it")
    }
    let found = try read(size: Int(status.st_size))
    guard let found else {
      // Nothing is known of an output that is there without this file.
      if resumes, SystemPath.status(of: output) != nil {
        _ = SystemPath.withBytes(of: path) { unlink($0) }
        throw Failure(
          .data,
          "'\(output)' exists, but not '\(path)', which would say what is in it: choose another name, or "
            + "give --force in place of --resume to write it anew")
      }
      let isThere = SystemPath.status(of: output).map { $0.st_size > 0 } ?? false
      if !replaces, isThere {
        _ = SystemPath.withBytes(of: path) { unlink($0) }
        throw Failure(
          .usage,
          "-o '\(output)': expected a new file or readings to replace, found a file without '\(path)', which says "
            + "whose it is; --force replaces it")
      }
      if isThere { StandardError.note("replaces '\(output)'") }
      try start(head)
      return
    }
    let isForeign = Self.digest(of: output).map { !ownOutputs.contains($0) } ?? false
    if !replaces, isForeign {
      throw Failure(
        .usage,
        "-o '\(output)': it is not as this command wrote it; choose another name, or --force replaces it"
      )
    }
    if resumes {
      try Self.check(found, head, path)
      guard ftruncate(descriptor, off_t(end)) == 0 else { throw Self.failure(path, "write") }
      if isForeign { StandardError.note("replaces '\(output)', which was changed since") }
    } else {
      guard isFinished || places.isEmpty else {
        throw Failure(
          .data,
          "'\(path)' has \(places.count) readings of a run that was not finished: go on with --resume, or "
            + "remove that file")
      }
      if SystemPath.status(of: output) != nil {
        StandardError.note(
          "replaces '\(output)'"
            + (places.isEmpty
              ? "" : " with its \(places.count) reading\(places.count == 1 ? "" : "s")"))
      }
      (places, names) = ([:], [])
      try start(head)
    }
  }

  deinit { if descriptor >= 0 { _ = close(descriptor) } }

  private func start(_ head: Head) throws(Failure) {
    guard ftruncate(descriptor, 0) == 0 else { throw Self.failure(path, "write") }
    (end, isFinished) = (0, false)
    _ = try append(Line(head: head, output: Self.digest(of: output)))
    try Interrupt.check()
  }

  /// A checksum of a file; nil for one that is absent or empty.
  private static func digest(of path: String) -> String? {
    guard let file = try? MappedFile(path: path, access: .copied), file.count > 0 else {
      return nil
    }
    return Digest.sha256(of: file)
  }

  // MARK: Reading

  /// What the file begins with; nil for an empty one, or one with half of its first line.
  private func read(size: Int) throws(Failure) -> Head? {
    guard size > 0 else { return nil }
    let file: MappedFile
    do throws(FileError) {
      file = try MappedFile(path: path, access: .copied)
    } catch {
      throw Failure(error)
    }
    var head: Head?
    var start = 0
    while start < file.count {
      guard let stop = file.bytes[start...].firstIndex(of: 0x0A) else { break }
      let data = Data(file.bytes[start..<stop])
      guard let line = try? JSONDecoder().decode(Line.self, from: data) else { break }
      if let own = line.output { ownOutputs.insert(own) }
      if start == 0 {
        guard let first = line.head else { break }
        head = first
      } else if let name = line.name, let picture = line.picture, line.text != nil {
        put(name, Place(picture: picture, range: start..<stop))
        isFinished = false
      } else if line.finished == true {
        isFinished = true
      } else if line.output != nil {
        // Noted above.
      } else {
        break
      }
      start = stop + 1
    }
    end = start
    if head == nil, !file.withBytes(Self.isHalfOfHead) {
      throw Failure(
        .data, "'\(path)' is there and was not written by this command: remove or rename it")
    }
    return head
  }

  private static func isHalfOfHead(_ bytes: UnsafeRawBufferPointer) -> Bool {
    !bytes.contains(0x0A) && bytes.starts(with: "{\"head\":".utf8.prefix(bytes.count))
  }

  private static func check(_ found: Head, _ wanted: Head, _ path: String) throws(Failure) {
    guard found != wanted else { return }
    let problem: String
    if found.version != wanted.version {
      problem = "another version of janus-lite"
    } else if found.model != wanted.model {
      problem = "another model"
    } else {
      let keys = Set(found.options.keys).union(wanted.options.keys).sorted()
      let key = keys.first { found.options[$0] != wanted.options[$0] } ?? ""
      guard key != "--name" else {
        throw Failure(
          .data,
          "'\(path)' is of a run that wrote \(found.options[key] == "true" ? "names" : "no names") before "
            + "formulas; --name or --no-name says what is wanted")
      }
      problem =
        "other options (\(key): expected \(wanted.options[key] ?? "none"), found "
        + "\(found.options[key] ?? "none"))"
    }
    throw Failure(
      .data, "'\(path)' is of a run with \(problem): choose another output, or remove it")
  }

  private func put(_ name: String, _ place: Place) {
    if places.updateValue(place, forKey: name) == nil { names.append(name) }
  }

  /// Whether a picture of this name and these bytes was read.
  func has(_ name: String, picture: String) -> Bool { places[name]?.picture == picture }

  // MARK: Writing

  /// Keeps a reading.
  func add(_ name: String, picture: String, text: String) throws(Failure) {
    let range = try append(Line(name: name, picture: picture, text: text))
    put(name, Place(picture: picture, range: range))
  }

  private func append(_ line: Line) throws(Failure) -> Range<Int> {
    let bytes = Array(try JSONLine.encode(line).utf8) + [0x0A]
    let start = end
    try Interrupt.holdingBack { () throws(Failure) in
      var done = 0
      while done < bytes.count {
        let count = bytes.withUnsafeBytes {
          pwrite(descriptor, $0.baseAddress! + done, bytes.count - done, off_t(start + done))
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw Self.failure(path, "write") }
        done += count
      }
    }
    end = start + bytes.count
    return start..<end - 1
  }

  /// Writes the output: the readings of earlier runs that `order` does not name, then those of `order`.
  ///
  /// - Parameters:
  ///   - order: names of pictures, each once or more.
  ///   - others: what is written for pictures that have no reading.
  func finish(
    head: String, foot: String, order: [String], others: [String: String]
  ) throws(Failure) {
    let named = Set(order)
    var written: Set<String> = []
    var length = 0
    var digest = Digest(.sha256)
    let file: PartialFile
    do throws(FileError) {
      file = try PartialFile(destination: output, byteCount: 0)
    } catch {
      throw Failure(.inputOutput, "\(error)")
    }
    func write(_ text: String) throws(Failure) {
      do throws(FileError) {
        try file.write(Array(text.utf8), at: length)
      } catch {
        throw Failure(.inputOutput, "\(error)")
      }
      length += text.utf8.count
      var text = text
      text.withUTF8 { digest.update(UnsafeRawBufferPointer($0)) }
    }
    try Interrupt.holdingBack { () throws(Failure) in
      try write(head)
      for name in names.filter({ !named.contains($0) }) + order where written.insert(name).inserted
      {
        if let place = places[name] {
          try write(try text(at: place.range))
        } else if let text = others[name] {
          try write(text)
        }
      }
      try write(foot)
      // Before it has its name, so that a kill in between leaves nothing that nobody knows.
      _ = try append(Line(output: Digest.hexadecimal(digest.finalize())))
      do throws(FileError) {
        try file.commit()
      } catch {
        throw Failure(.inputOutput, "\(error)")
      }
    }
    _ = try append(Line(finished: true))
    isFinished = true
    try Interrupt.check()
  }

  private func text(at range: Range<Int>) throws(Failure) -> String {
    var bytes = [UInt8](repeating: 0, count: range.count)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        pread(
          descriptor, $0.baseAddress! + done, range.count - done, off_t(range.lowerBound + done))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure(path, "read") }
      done += count
    }
    guard let line = try? JSONDecoder().decode(Line.self, from: Data(bytes)), let text = line.text
    else {
      throw Failure(.inputOutput, "'\(path)' was changed by something else")
    }
    return text
  }

  private static func failure(_ path: String, _ operation: String) -> Failure {
    Failure(.inputOutput, "cannot \(operation) '\(path)': \(String(cString: strerror(errno)))")
  }
}
