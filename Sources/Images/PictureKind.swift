/// The kinds of picture files that are read.
public enum PictureKind: String, Sendable, CaseIterable {
  case png = "PNG"
  case jpeg = "JPEG"
  case webP = "WebP"
  case gif = "GIF"
  case bmp = "BMP"
  case tiff = "TIFF"
  case heic = "HEIC"
  case avif = "AVIF"

  /// The kind that a file's first bytes say, or nil.
  ///
  /// - Parameter file: 64 bytes tell; fewer do of short files.
  public init?(of file: UnsafeRawBufferPointer) {
    guard case .picture(let kind) = FileContent(of: file) else { return nil }
    self = kind
  }

  /// The library that reads this kind where the system has it, or nil for kinds that are always read.
  public var library: PictureLibrary? {
    switch self {
    case .webP: .webP
    case .tiff: .tiff
    case .heic, .avif: .heif
    case .png, .jpeg, .gif, .bmp: nil
    }
  }

  /// With the article.
  var named: String { "\(self == .avif ? "an" : "a") \(rawValue) picture" }

  /// All of them, for messages.
  static let list: String = {
    let names = allCases.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " or \(names[names.count - 1])"
  }()
}
