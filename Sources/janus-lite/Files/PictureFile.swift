import ArgumentParser
import Foundation
import GGUF
import JanusEngine
import JanusImages
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// A picture file to write. It is written beside its place and then renamed, so that it is whole or
/// absent.
struct PictureFile {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case png, jpeg, webp

    init?(argument: String) {
      self.init(rawValue: argument == "jpg" ? "jpeg" : argument)
    }

    /// Whether a file can be made smaller at the price of the picture.
    var hasQuality: Bool { self != .png }

    /// The ending of a file's name.
    var ending: String { self == .jpeg ? "jpg" : rawValue }

    /// Throws where the system lacks what writes this format.
    func checkLibrary() throws(Failure) {
      guard self == .webp, !PictureLibrary.webP.isInstalled else { return }
      throw Failure(
        .unavailable,
        "WebP pictures are written with libwebp, which is not installed\(PictureHint.installing(.webP))"
      )
    }
  }

  /// Of a JPEG or WebP, unless said.
  static let usualQuality = 90

  let path: String
  let format: Format
  let quality: Int

  /// - Throws: where the name's ending is not that of a format that can be written.
  init(path: String, quality: Int) throws(Failure) {
    switch URL(filePath: path).pathExtension.lowercased() {
    case "png": self.init(path: path, format: .png, quality: quality)
    case "jpg", "jpeg": self.init(path: path, format: .jpeg, quality: quality)
    case "webp":
      try Format.webp.checkLibrary()
      self.init(path: path, format: .webp, quality: quality)
    case let ending:
      throw Failure(
        .usage,
        "'\(path)': expected a name in .png, .jpg or .webp, found \(ending.isEmpty ? "none of them" : ".\(ending)")"
      )
    }
  }

  init(path: String, format: Format, quality: Int) {
    self.path = path
    self.format = format
    self.quality = quality
  }

  /// Writes `picture` with `text` in it.
  func write(_ picture: Picture, text: [(key: String, value: String)] = []) throws(Failure) {
    try write(encoded(picture, text: text))
  }

  /// The file of `picture` with `text` in it: as text chunks of a PNG, the comment of a JPEG, or the
  /// description of a WebP.
  func encoded(
    _ picture: Picture, text: [(key: String, value: String)]
  ) throws(Failure) -> [UInt8] {
    do throws(PictureError) {
      switch format {
      case .png: return try picture.encodePNG(text: text)
      case .jpeg:
        return try picture.encodeJPEG(quality: quality, comment: PictureText.comment(of: text))
      case .webp:
        return try picture.encodeWebP(quality: quality, description: PictureText.comment(of: text))
      }
    } catch {
      throw Failure(.internalError, "'\(path)': \(error)")
    }
  }

  /// - Parameter whole: called once the file is there, also where an interruption came meanwhile.
  func write(_ bytes: [UInt8], whole: () -> Void = {}) throws(Failure) {
    try Interrupt.holdingBack { () throws(Failure) in
      do throws(FileError) {
        let file = try PartialFile(destination: path, byteCount: bytes.count)
        try file.write(bytes, at: 0)
        try file.commit()
      } catch {
        throw Failure(.inputOutput, "\(error)")
      }
      whole()
    }
    try Interrupt.check()
  }

  /// Throws if a file of this name could not be made. Called before the work.
  func checkPlace() throws(Failure) {
    try Interrupt.holdingBack { () throws(Failure) in
      do throws(FileError) {
        try PartialFile(destination: path, byteCount: 0).discard()
      } catch {
        throw Failure(.inputOutput, "\(error)")
      }
    }
  }
}

extension Picture {
  /// A sheet and its pictures are all in memory.
  static let mostOnSheet = 256

  /// Pictures of one size in rows as square as can be, with a thin white line between.
  ///
  /// - Parameter captions: digits under each picture; none for no captions.
  static func contactSheet(_ pictures: [Picture], captions: [String] = []) -> Picture {
    let band = captions.isEmpty ? 0 : DigitFont.height + 6
    let pictures = zip(pictures, captions + Array(repeating: "", count: pictures.count)).map {
      band == 0 ? $0 : DigitFont.captioned($0, with: $1, band: band)
    }
    let (width, height) = (pictures[0].width, pictures[0].height)
    let columns = Int(Double(pictures.count).squareRoot().rounded(.up))
    let rows = (pictures.count + columns - 1) / columns
    let gap = 4
    let sheetWidth = columns * (width + gap) - gap
    let sheetHeight = rows * (height + gap) - gap
    var bytes = [UInt8](repeating: 255, count: sheetWidth * sheetHeight * 3)
    for (index, picture) in pictures.enumerated() {
      let (left, top) = (index % columns * (width + gap), index / columns * (height + gap))
      for y in 0..<height {
        let target = ((top + y) * sheetWidth + left) * 3
        let line = picture.bytes[y * width * 3..<(y + 1) * width * 3]
        bytes.replaceSubrange(target..<target + width * 3, with: line)
      }
    }
    return Picture(width: sheetWidth, height: sheetHeight, bytes: bytes)
  }
}
