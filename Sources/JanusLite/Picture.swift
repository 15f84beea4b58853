import JanusImages
import JanusSystem

/// A picture in memory: `width × height` pixels of three bytes, red, green and blue, rows from the top.
public typealias Picture = JanusImages.Picture
/// Why a file or bytes are no picture.
public typealias PictureError = JanusImages.PictureError

extension JanusImages.Picture {
  /// Reads a picture's file, of any kind that can be decoded here.
  ///
  /// - Throws: `PictureError` where it is none, and an error of the file system where it cannot be read.
  public init(contentsOf path: String) throws {
    // Not mapped: a file that shrinks while it is used would end the process.
    self = try MappedFile(path: path, access: .copied).withBytes { bytes in
      try JanusImages.Picture(decoding: bytes)
    }
  }
}
