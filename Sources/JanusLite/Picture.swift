import JanusImages
import JanusSystem

/// A picture in memory: `width × height` pixels of three bytes, red, green and blue, rows from the top.
public typealias Picture = JanusImages.Picture
/// Why a file or bytes are no picture.
public typealias PictureError = JanusImages.PictureError
/// The kinds of picture files that are read.
public typealias PictureKind = JanusImages.PictureKind
/// A library that reads or writes some kinds of pictures, where the system has it.
public typealias PictureLibrary = JanusImages.PictureLibrary
/// How large a picture may be to be decoded.
public typealias PictureLimits = JanusImages.PictureLimits

extension JanusImages.Picture {
  /// Reads a picture's file, of any kind that can be decoded here.
  ///
  /// - Parameter path: the file's path. Nothing else is taken from it, so that its bytes may be in any encoding.
  /// - Throws: `PictureError` where the file is no picture, `FileError` where it cannot be read.
  public init(contentsOf path: String) throws {
    // Not mapped: a file that shrinks while it is used would end the process.
    self = try MappedFile(path: path, access: .copied).withBytes { bytes in
      try JanusImages.Picture(decoding: bytes)
    }
  }
}
