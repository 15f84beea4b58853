import Foundation
import JanusSystem

/// Why bytes did not become a picture, or a picture bytes. Each description is one line; the caller adds the
/// file's name.
public enum PictureError: Error, Equatable, CustomStringConvertible {
  /// No bytes at all.
  case empty
  /// Of no kind in `PictureKind`; `looksLike` says what it seems to be, with its article.
  case unknownFormat(looksLike: String)
  /// The file ends before the picture does.
  case truncated(format: String, byteCount: Int)
  /// The decoder's own words.
  case damaged(format: String, reason: String)
  /// Valid, but of a kind that is not read.
  case unsupported(format: String, reason: String)
  /// Of a kind that is read with a library that this system lacks.
  case missingLibrary(PictureKind, PictureLibrary)
  case tooLarge(width: Int, height: Int, limits: PictureLimits)
  /// Decoding would take `needed` bytes: more than the limit, or without a limit more than the system gives.
  case memory(width: Int, height: Int, needed: Int, limit: Int?)
  case cannotWrite(format: String, reason: String)

  public var description: String {
    switch self {
    case .empty:
      "empty file: expected a picture, found 0 bytes"
    case .unknownFormat(let kind):
      "not a picture that can be read: expected \(PictureKind.list), found \(kind)"
    case .truncated(let format, let byteCount):
      "\(format) picture cut short: it goes on after the last of the \(byteCount) bytes"
        + " (was it copied or downloaded to its end?)"
    case .damaged(let format, let reason):
      "damaged \(format) picture: \(reason)"
    case .unsupported(let format, let reason):
      "unsupported \(format) picture: \(reason)"
    case .tooLarge(let width, let height, let limits):
      "picture too large: \(width) × \(height) pixels, at most \(limits.pixelsPerSide) a side and"
        + " \(limits.pixels) together are read (scale it down first)"
    case .missingLibrary(let kind, let library):
      "this is \(kind.named), which is read with \(library.rawValue): that library is not installed"
    case .memory(let width, let height, let needed, let limit):
      "picture too large for the memory that is there: its \(width) × \(height) pixels take"
        + " \(megabytes(needed, .up)) MB to decode, expected "
        + (limit.map { "at most \(megabytes($0, .down)) MB" } ?? "no more than the system gives")
    case .cannotWrite(let format, let reason):
      "cannot write the \(format) picture: \(reason)"
    }
  }

  private func megabytes(_ bytes: Int, _ rule: FloatingPointRoundingRule) -> Int {
    Int((Double(bytes) / 1e6).rounded(rule))
  }
}

/// A decoder's message, which may quote the file, fit for one line of a terminal.
func oneLine(_ message: String) -> String { DisplayText.line(message, limit: 160) }

extension PictureError: LocalizedError {
  /// `description`, for those who ask for `localizedDescription`.
  public var errorDescription: String? { description }
}
