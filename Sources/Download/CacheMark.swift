import Foundation
import JanusSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What this program has fetched of a commit for one use only, to remove it afterwards.
///
/// A file of lines, which grows: the revision that was asked for, the contents that were missing, and of these the
/// ones that this program fetched. What others had fetched before, or fetch meanwhile, is theirs.
struct CacheMark {
  /// The branch, tag or commit that was asked for.
  private(set) var revision = ""
  /// Contents that were missing.
  private(set) var wanted: Set<String> = []
  /// Contents that this program fetched.
  private(set) var fetched: Set<String> = []
  /// Whether the commit's folder was there before: it is not removed as a whole.
  private(set) var isShared = false
  /// Whether this program had all files at one time.
  private(set) var isWhole = false

  /// Bytes that a file of this program has at most.
  private static let limit = 1 << 22

  enum Line {
    case revision(String)
    case wanted(String)
    case fetched(String)
    case shared, whole

    fileprivate var text: String {
      switch self {
      case .revision(let name): "revision \(name)"
      case .wanted(let content): "wanted \(content)"
      case .fetched(let content): "fetched \(content)"
      case .shared: "shared"
      case .whole: "whole"
      }
    }
  }

  /// Reads the file; nil where there is none.
  init?(_ path: String) {
    guard let data = HubCache.contents(of: path, limit: Self.limit) else { return nil }
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
      switch (parts.first ?? "", parts.count > 1 ? parts[1] : "") {
      case ("revision", let name): revision = name
      // They become names of files.
      case ("wanted", let content) where Self.isContent(content): wanted.insert(content)
      case ("fetched", let content) where Self.isContent(content): fetched.insert(content)
      case ("shared", ""): isShared = true
      case ("whole", ""): isWhole = true
      default: break
      }
    }
  }

  private static func isContent(_ name: String) -> Bool {
    isHexadecimal(name, count: 40) || isHexadecimal(name, count: 64)
  }

  /// Adds lines to a file, which is made where there is none. One write: two processes may do it at once.
  static func append(_ lines: [Line], to path: String) throws(DownloadError) {
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else {
      throw .file(FileError(path: path, operation: "create", code: errno))
    }
    defer { _ = close(descriptor) }
    // A line that was cut by a full disk must not swallow the next one.
    let bytes = Array(("\n" + lines.map { $0.text + "\n" }.joined()).utf8)
    guard write(descriptor, bytes, bytes.count) == bytes.count else {
      throw .file(FileError(path: path, operation: "write to", code: errno))
    }
  }
}
