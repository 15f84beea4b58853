/// Why bytes did not become a picture, or a picture bytes. Each description is one line; the caller adds the
/// file's name.
public enum PictureError: Error, Equatable, CustomStringConvertible {
  /// No bytes at all.
  case empty
  /// Neither PNG nor JPEG; `looksLike` says what it seems to be, with its article.
  case unknownFormat(looksLike: String)
  /// The file ends before the picture does.
  case truncated(format: String, byteCount: Int)
  /// The decoder's own words.
  case damaged(format: String, reason: String)
  /// Valid, but of a kind that is not read.
  case unsupported(format: String, reason: String)
  case tooLarge(width: Int, height: Int, limits: PictureLimits)
  case cannotWrite(format: String, reason: String)

  public var description: String {
    switch self {
    case .empty:
      "empty file: expected a PNG or JPEG picture, found 0 bytes"
    case .unknownFormat(let kind):
      "not a picture that can be read: expected PNG or JPEG, found \(kind)"
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
    case .cannotWrite(let format, let reason):
      "cannot write the \(format) picture: \(reason)"
    }
  }
}
