import JanusImages

/// A picture in memory: `width × height` pixels of three bytes, red, green and blue, rows from the top.
public typealias Picture = JanusImages.Picture
/// Why a file or bytes are no picture.
public typealias PictureError = JanusImages.PictureError
