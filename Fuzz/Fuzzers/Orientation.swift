@testable import JanusImages

extension FuzzTarget {
  /// The Exif block that says how a picture is to be turned.
  static let orientation = FuzzTarget("exif", mostBytes: 512) { input in
    let orientation = Orientation(exif: input)
    let picture = Picture(width: 3, height: 2, filledWith: [1, 2, 3]).turned(orientation)
    precondition(picture.width * picture.height == 6)
  }
}
