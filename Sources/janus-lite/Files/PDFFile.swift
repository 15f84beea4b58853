import Foundation
import JanusImages
import JanusSystem

/// A PDF, whose pages poppler's tools draw.
struct PDFFile {
  let path: String

  /// Resolution of the pages: a letter of 10 points gets as many pixels high as a model needs.
  private static let dotsPerInch = 200.0
  /// The longest side of a page that is drawn, in pixels; larger pages get a lower resolution.
  private static let longestSide = 6000.0
  private static let mostPages = 100_000
  private static let secondsPerPage = 120

  /// Whether a file's first bytes are those of a PDF.
  static func isPDF(_ path: String) -> Bool {
    guard let file = try? MappedFile(path: path) else { return false }
    return file.withBytes { $0.prefix(5).elementsEqual("%PDF-".utf8) }
  }

  func pageCount() throws(Failure) -> Int {
    let output = try run("pdfinfo", ["-"], limit: 1 << 20)
    guard let count = Self.number(after: "Pages:", in: output), count > 0 else {
      throw Failure(.data, "'\(path)': expected a PDF with pages, found none that can be read")
    }
    guard count <= Self.mostPages else {
      throw Failure(.data, "'\(path)': expected at most \(Self.mostPages) pages, found \(count)")
    }
    return count
  }

  /// - Parameter number: from 1.
  func page(_ number: Int) throws(Failure) -> Picture {
    let range = ["-f", "\(number)", "-l", "\(number)"]
    let dots: Double
    do throws(Failure) {
      dots = try resolution(range)
    } catch {
      // A page that is not there is refused like a file that is damaged.
      if let count = try? pageCount(), !(1...count).contains(number) {
        throw Failure(
          .data,
          "'\(path)': expected a page from 1 to \(count), found \(number)")
      }
      throw error
    }
    let bytes = try run(
      "pdftoppm", ["-q", "-png", "-r", Format.fixed(dots, 2)] + range + ["-"], limit: 1 << 30)
    do {
      return try bytes.withUnsafeBytes { try Picture(decoding: $0) }
    } catch {
      throw Failure(.data, "'\(path)', page \(number): pdftoppm drew no picture: \(error)")
    }
  }

  private func resolution(_ range: [String]) throws(Failure) -> Double {
    let output = try run("pdfinfo", range + ["-"], limit: 1 << 20)
    let text = String(decoding: output, as: UTF8.self)
    // "Page    3 size:  595.276 x 841.89 pts (A4)"
    for line in text.split(separator: "\n") where line.hasPrefix("Page ") && line.contains("size:")
    {
      let sides = line.split(separator: " ").compactMap { Double($0) }.suffix(2)
      if let longest = sides.max(), longest > 0 {
        return max(1, min(Self.dotsPerInch, Self.longestSide * 72 / longest))
      }
    }
    return Self.dotsPerInch
  }

  private static func number(after label: String, in output: [UInt8]) -> Int? {
    for line in String(decoding: output, as: UTF8.self).split(separator: "\n")
    where line.hasPrefix(label) {
      return Int(line.dropFirst(label.count).trimmingCharacters(in: .whitespaces))
    }
    return nil
  }

  // MARK: The tools

  /// What a tool writes when the file is its standard input: no name of ours is taken for an option.
  private func run(
    _ tool: String, _ arguments: [String], limit: Int
  ) throws(Failure) -> [UInt8] {
    guard let executable = Self.path(of: tool) else {
      throw Failure(
        .unavailable,
        "'\(path)': pages of a PDF are drawn by poppler's \(tool), which is not installed (Debian and "
          + "Ubuntu: apt install poppler-utils; Fedora: dnf install poppler-utils; macOS: brew install "
          + "poppler); or give the pages as pictures")
    }
    let descriptor = SystemPath.withBytes(of: path) { open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else {
      throw Failure(FileError(path: path, operation: "open", code: errno))
    }
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    process.standardInput = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    process.standardError = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    do {
      try process.run()
    } catch {
      throw Failure(
        .unavailable, "'\(path)': cannot run \(executable): \(error.localizedDescription)")
    }
    let watchdog = DispatchWorkItem { process.terminate() }
    DispatchQueue.global().asyncAfter(
      deadline: .now() + .seconds(Self.secondsPerPage), execute: watchdog)
    defer { watchdog.cancel() }
    var output: [UInt8] = []
    while let piece = try? pipe.fileHandleForReading.read(upToCount: 1 << 20), !piece.isEmpty {
      output += piece
      if output.count > limit {
        process.terminate()
        break
      }
    }
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0,
      output.count <= limit
    else {
      throw Failure(
        .data, "'\(path)': \(tool) cannot read this PDF (damaged, encrypted, or too large)")
    }
    return output
  }

  private static func path(of tool: String) -> String? {
    let folders = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return folders.split(separator: ":").map { "\($0)/\(tool)" }.first {
      access($0, X_OK) == 0
    }
  }
}
