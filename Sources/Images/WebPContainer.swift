private let format = "WebP"

/// The chunks of a WebP file that make its first picture (RFC 9649, 2).
struct WebPContainer {
  /// The whole canvas in pixels, where the file states one apart from the picture: larger than it only in
  /// animations.
  var canvas: (width: Int, height: Int)?
  /// Where an animation's first frame lies on the canvas, and its size.
  var frame: (left: Int, top: Int, width: Int, height: Int)?
  /// The chunk VP8 or VP8L with its header.
  var picture: Range<Int>
  /// The chunk ALPH with its header.
  var alpha: Range<Int>?
  /// The content of the chunk EXIF.
  var exif: Range<Int>?
  let file: UnsafeRawBufferPointer

  init(_ file: UnsafeRawBufferPointer) throws(PictureError) {
    guard let size = file.long(at: 4, .little) else {
      throw .truncated(format: format, byteCount: file.count)
    }
    let end = 8 + Int(size)
    guard end <= file.count else {
      throw .truncated(format: format, byteCount: file.count)
    }
    self.file = file
    var pieces = Pieces()
    try pieces.collect(file, from: 12, to: end)
    guard let picture = pieces.picture else {
      throw .damaged(format: format, reason: "expected a VP8 or VP8L chunk, found none")
    }
    self.picture = picture
    alpha = pieces.alpha
    exif = pieces.exif
    canvas = pieces.canvas
    frame = pieces.frame
  }

  private struct Pieces {
    var picture, alpha, exif: Range<Int>?
    var canvas: (width: Int, height: Int)?
    var frame: (left: Int, top: Int, width: Int, height: Int)?

    /// Takes the first chunk of each kind, of an animation those of its first frame.
    mutating func collect(
      _ file: UnsafeRawBufferPointer, from start: Int, to end: Int, isFrame: Bool = false
    ) throws(PictureError) {
      var position = start
      while end - position >= 8, let stated = file.long(at: position + 4, .little) {
        let size = Int(stated)
        let content = position + 8
        guard size <= end - content else {
          throw .damaged(
            format: format,
            reason: "a chunk at byte \(position) has \(size) bytes, its container \(end - content)")
        }
        let chunk = position..<content + size
        if file.holds("VP8 ", at: position) || file.holds("VP8L", at: position) {
          picture = picture ?? chunk
        } else if file.holds("ALPH", at: position) {
          if picture == nil { alpha = alpha ?? chunk }
        } else if file.holds("EXIF", at: position), !isFrame {
          exif = exif ?? content..<content + size
        } else if file.holds("VP8X", at: position), size >= 10, !isFrame {
          canvas = (file.triple(content + 4) + 1, file.triple(content + 7) + 1)
        } else if file.holds("ANMF", at: position), size >= 16, !isFrame, frame == nil,
          picture == nil
        {
          frame = (
            file.triple(content) * 2, file.triple(content + 3) * 2, file.triple(content + 6) + 1,
            file.triple(content + 9) + 1
          )
          try collect(file, from: content + 16, to: content + size, isFrame: true)
        }
        position = content + size + size % 2
      }
    }
  }

  /// Whether the picture may be transparent anywhere.
  var hasAlpha: Bool {
    if alpha != nil { return true }
    guard file.holds("VP8L", at: picture.lowerBound) else { return false }
    // After a signature byte: 14 bits of width, 14 of height, and this one (RFC 9649, 3.4).
    return (file.byte(at: picture.lowerBound + 12) ?? 0) & 0x10 != 0
  }

  /// The file of the first picture alone, with what decodes it and nothing else.
  ///
  /// - Parameters: what a chunk VP8X is to say, which is needed beside ALPH.
  func simpleFile(width: Int, height: Int) -> [UInt8] {
    var chunks: [UInt8] = []
    if let alpha {
      chunks += Array("VP8X".utf8) + littleEndian(10, 4) + [0x10, 0, 0, 0]
      chunks += littleEndian(width - 1, 3) + littleEndian(height - 1, 3)
      append(alpha, to: &chunks)
    }
    append(picture, to: &chunks)
    return Array("RIFF".utf8) + littleEndian(chunks.count + 4, 4) + Array("WEBP".utf8) + chunks
  }

  private func append(_ chunk: Range<Int>, to chunks: inout [UInt8]) {
    chunks += file[chunk]
    if !chunk.count.isMultiple(of: 2) { chunks.append(0) }
  }
}

extension UnsafeRawBufferPointer {
  /// A little-endian number of three bytes, which must be there.
  fileprivate func triple(_ offset: Int) -> Int {
    Int(self[offset]) | Int(self[offset + 1]) << 8 | Int(self[offset + 2]) << 16
  }
}
