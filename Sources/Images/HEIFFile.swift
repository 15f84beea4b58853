import CPictureLibraries

/// Reads the primary picture of a HEIC or AVIF file; see `Picture.init(decoding:limits:)`. libheif turns it.
func readHEIF(
  _ file: UnsafeRawBufferPointer, kind: PictureKind, limits: PictureLimits, library: HEIFLibrary?
) throws(PictureError) -> Raster {
  guard let library else { throw .missingLibrary(kind, .heif) }
  let format = kind.rawValue
  guard let context = library.allocateContext() else {
    throw .damaged(format: format, reason: "no memory to read it")
  }
  defer { library.freeContext(context) }
  library.setMostSide?(context, CInt(limits.pixelsPerSide))
  library.setMostThreads?(context, 0)
  if let security = library.limits?(context) {
    security.pointee.max_image_size_pixels = UInt64(limits.pixels)
    security.pointee.max_memory_block_size = UInt64(limits.bytes)
  }

  func check(_ outcome: heif_outcome) throws(PictureError) {
    // 2 is heif_error_Invalid_input, 100 heif_suberror_End_of_data; see heif.h.
    if outcome.code == 0 { return }
    if outcome.code == 2, outcome.subcode == 100 {
      throw .truncated(format: format, byteCount: file.count)
    }
    let message = outcome.message.map { String(cString: $0) } ?? "libheif cannot read it"
    // 3 and 4: file types and features that are not supported, or a decoder that is not installed.
    if outcome.code == 3 || outcome.code == 4 {
      throw .unsupported(format: format, reason: oneLine(message))
    }
    throw .damaged(format: format, reason: oneLine(message))
  }

  try check(library.read(context, file.baseAddress, file.count, nil))
  var handle: UnsafeMutableRawPointer?
  try check(library.primary(context, &handle))
  guard let handle else { throw .damaged(format: format, reason: "it has no primary picture") }
  defer { library.releaseHandle(handle) }
  let (width, height) = (Int(library.width(handle)), Int(library.height(handle)))
  guard width > 0, height > 0 else {
    throw .damaged(format: format, reason: "it is \(width) × \(height) pixels")
  }
  let channels = library.hasAlpha(handle) != 0 ? 4 : 3
  // The coded planes, those that they are converted to, and ours.
  try limits.check(
    width: width, height: height,
    bytesPerPixel: Raster.bytesPerPixel(
      channels: channels, decoder: 12, orientation: .topLeft))

  var image: UnsafeMutableRawPointer?
  let chroma = channels == 4 ? HEIF_CHROMA_INTERLEAVED_RGBA : HEIF_CHROMA_INTERLEAVED_RGB
  try check(
    library.decode(handle, &image, CInt(HEIF_COLOURSPACE_RGB), CInt(chroma), nil))
  guard let image else { throw .damaged(format: format, reason: "it has no pixels") }
  defer { library.releaseImage(image) }
  let channel = CInt(HEIF_CHANNEL_INTERLEAVED)
  var rowSize: CInt = 0
  guard let plane = library.plane(image, channel, &rowSize), Int(rowSize) >= width * channels,
    library.planeWidth(image, channel) == width, library.planeHeight(image, channel) == height
  else { throw .damaged(format: format, reason: "its pixels are not of the stated size") }
  let isPremultiplied = channels == 4 && (library.isPremultiplied?(handle) ?? 0) != 0
  return try Raster(width: width, height: height, channels: channels) { pixels in
    for y in 0..<height {
      let row = width * channels
      (pixels.baseAddress! + y * row).update(from: plane + y * Int(rowSize), count: row)
    }
    if isPremultiplied { divideByAlpha(pixels) }
  }
}
