import Foundation
import GGUF
import JanusEngine
import JanusImages
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// A picture as it is named on the command line: a file, `-` for standard input, or a page of a PDF.
struct PictureInput {
  /// As it was given; a page has `#page=N` behind its file's name.
  let name: String
  private let file: String
  /// The page of a PDF, from 1.
  private let page: Int?
  /// Why there is no picture, found while the arguments were looked at.
  private let failure: Failure?

  static let standardInput = InputFile.standardInput
  /// More than any picture within the limits of pixels takes.
  private static let byteLimit = 1 << 30

  init(name: String) {
    self.init(name: name, file: name, page: nil, failure: nil)
  }

  private init(name: String, file: String, page: Int?, failure: Failure?) {
    self.name = name
    self.file = file
    self.page = page
    self.failure = failure
  }

  func load() throws(Failure) -> Picture {
    if let failure { throw failure }
    if let page { return try PDFFile(path: file).page(page) }
    do {
      return try InputFile.withBytes(of: file, limit: Self.byteLimit) { try Picture(decoding: $0) }
    } catch let error as PictureError {
      let isStream = file == Self.standardInput
      throw Failure(.data, "\(shownName): \(error)\(PictureHint.text(error, isStream: isStream))")
    } catch {
      let failure = Failure(error)
      guard file != Self.standardInput, SystemPath.status(of: file) == nil else { throw failure }
      throw Failure(failure.code, failure.message + PictureHint.text(forMissing: name))
    }
  }

  /// A checksum of its bytes, for a picture that can be read again; nil for standard input and pipes.
  func digest() -> String? {
    guard failure == nil, file != Self.standardInput, let status = SystemPath.status(of: file),
      status.st_mode & S_IFMT == S_IFREG,
      status.st_size <= Self.byteLimit, let mapped = try? MappedFile(path: file, access: .copied)
    else { return nil }
    return Digest.sha256(of: mapped) + (page.map { "#\($0)" } ?? "")
  }

  /// Whether it lies in a file that the system describes so.
  func isFile(_ other: stat) -> Bool {
    file != Self.standardInput && other.isSame(as: file)
  }

  /// Its name in messages.
  var shownName: String { InputFile.shownName(name) }

  /// What the arguments name: pictures, and how many files of folders are none.
  struct List {
    var inputs: [PictureInput] = []
    var skipped = 0
    /// Folders in folders that are not looked through.
    var folders = 0
    /// Whether a folder was named, whose pictures nobody listed.
    var hasFolder = false
    /// Whether one picture was named, by itself.
    var isOne = false
  }

  /// The pictures that the arguments name: a folder stands for the pictures in it, by name, and a PDF for
  /// its pages.
  ///
  /// - Parameter recursive: whether folders in folders are looked through, too.
  static func list(_ names: [String], recursive: Bool = false) -> List {
    var list = List()
    for name in names {
      guard name != standardInput, isFolder(name) else {
        add(file: name, to: &list)
        continue
      }
      list.hasFolder = true
      let (count, folders) = (list.inputs.count, list.folders)
      var seen = SeenFolders()
      add(folder: name, recursive: recursive, &seen, to: &list)
      guard list.inputs.count == count else { continue }
      list.inputs.append(
        PictureInput(
          name: name, file: name, page: nil,
          failure: Failure(
            .data,
            "'\(name)': expected a folder with pictures, found none"
              + (list.folders == folders ? "" : " (--recursive looks in its folders, too)"))))
    }
    list.isOne =
      names.count == 1 && list.inputs.count == 1 && list.inputs[0].page == nil
      && (names[0] == standardInput || !isFolder(names[0]))
    return list
  }

  /// A file, or the pages of one.
  private static func add(file name: String, to list: inout List) {
    if let (file, page) = pageReference(name) {
      return list.inputs.append(PictureInput(name: name, file: file, page: page, failure: nil))
    }
    guard name != standardInput, isRegular(name), PDFFile.isPDF(name) else {
      list.inputs.append(PictureInput(name: name))
      return
    }
    do throws(Failure) {
      for page in 1...(try PDFFile(path: name).pageCount()) {
        list.inputs.append(
          PictureInput(name: "\(name)#page=\(page)", file: name, page: page, failure: nil))
      }
    } catch {
      list.inputs.append(PictureInput(name: name, file: name, page: nil, failure: error))
    }
  }

  /// `FILE#page=N`, as names of pages are written; nil where a file has that very name, or FILE is no PDF.
  private static func pageReference(_ name: String) -> (file: String, page: Int)? {
    guard let mark = name.range(of: "#page=", options: .backwards),
      let page = Int(name[mark.upperBound...]), SystemPath.status(of: name) == nil
    else { return nil }
    let file = String(name[..<mark.lowerBound])
    return isRegular(file) && PDFFile.isPDF(file) ? (file, page) : nil
  }

  /// Folders that were looked through, under whatever name: links may lead back to one.
  struct SeenFolders {
    private struct Identity: Hashable {
      let device: UInt64
      let file: UInt64
    }

    private var seen: Set<Identity> = []

    /// False for one that was seen before. One that cannot be described counts as new.
    mutating func insert(_ folder: String) -> Bool {
      guard let status = SystemPath.status(of: folder) else { return true }
      return seen.insert(
        Identity(
          device: UInt64(truncatingIfNeeded: status.st_dev),
          file: UInt64(truncatingIfNeeded: status.st_ino))
      ).inserted
    }
  }

  static func isFolder(_ path: String) -> Bool {
    SystemPath.status(of: path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
  }

  private static func isRegular(_ path: String) -> Bool {
    SystemPath.status(of: path).map { $0.st_mode & S_IFMT == S_IFREG } ?? false
  }

  /// Endings that a shell offers.
  static let completions = endings.sorted() + endings.sorted().map { $0.uppercased() }

  /// How the names of pictures end, and of PDFs.
  private static let endings: Set<String> = [
    "png", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif",
    "avif", "pdf",
  ]

  /// Folders in folders, deeper than anybody goes.
  static let deepest = 64

  /// Files that are pictures by their content or their name. One that turns out to be none is told
  /// as a failure, not passed over. A folder that links lead back to is looked through once.
  private static func add(
    folder: String, recursive: Bool, _ seen: inout SeenFolders, depth: Int = 0,
    to list: inout List
  ) {
    guard seen.insert(folder) else { return }
    guard let names = SystemPath.names(in: folder) else {
      let reason = String(cString: strerror(errno))
      // The others are read all the same.
      list.inputs.append(
        PictureInput(
          name: folder, file: folder, page: nil,
          failure: Failure(.inputOutput, "cannot list '\(folder)': \(reason)")))
      return
    }
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    for name in names.sorted() where !name.hasPrefix(".") {
      let path = prefix + name
      let status = SystemPath.status(of: path)
      if let status, status.st_mode & S_IFMT == S_IFDIR {
        if recursive, depth < deepest {
          add(folder: path, recursive: true, &seen, depth: depth + 1, to: &list)
        } else {
          list.folders += 1
        }
        continue
      }
      // Nobody may ever write to a pipe that lies in a folder.
      if let status, status.st_mode & S_IFMT != S_IFREG {
        list.skipped += 1
        continue
      }
      if isPicture(named: name) || hasPicture(path) {
        add(file: path, to: &list)
      } else {
        list.skipped += 1
      }
    }
  }

  /// Whether a name ends as those of pictures do.
  static func isPicture(named name: String) -> Bool {
    endings.contains(name.split(separator: ".").last.map { $0.lowercased() } ?? "")
  }

  private static func hasPicture(_ path: String) -> Bool {
    guard let file = try? MappedFile(path: path) else { return false }
    return file.withBytes { bytes in
      PictureKind(of: UnsafeRawBufferPointer(rebasing: bytes.prefix(64))) != nil
        || bytes.prefix(5).elementsEqual("%PDF-".utf8)
    }
  }
}

extension stat {
  /// Whether it describes the file that a path leads to.
  func isSame(as path: String) -> Bool {
    guard let other = SystemPath.status(of: path) else { return false }
    return other.st_dev == st_dev && other.st_ino == st_ino
  }
}

/// What to do about a picture that cannot be read.
enum PictureHint {
  /// About a name that no file has.
  static func text(forMissing name: String) -> String {
    let lower = name.lowercased()
    if lower.hasPrefix("http://") || lower.hasPrefix("https://") {
      return "; pictures come from files: download it first"
    }
    let hasBraces = name.contains("{") && name.contains("}")
    let isLaTeX = name.hasPrefix("\\") || name.hasPrefix("$") || hasBraces
    guard isLaTeX, !PictureInput.isPicture(named: name) else { return "" }
    return "; 'janus-lite formula' converts LaTeX that is there already"
  }

  static func text(_ error: PictureError, isStream: Bool = false) -> String {
    if case .unknownFormat("a PDF file") = error {
      return isStream ? "; give it as a file, whose pages are read" : "; save the page as PNG first"
    }
    guard case .missingLibrary(_, let library) = error else { return "" }
    return installing(library) + "; or convert it to PNG"
  }

  /// How to get a library, in brackets.
  static func installing(_ library: PictureLibrary) -> String {
    let (debian, brew) =
      switch library {
      case .webP: ("libwebp7", "webp")
      case .tiff: ("libtiff6", "libtiff")
      case .heif: ("libheif1", "libheif")
      }
    return " (Debian and Ubuntu: apt install \(debian); macOS: brew install \(brew))"
  }
}
