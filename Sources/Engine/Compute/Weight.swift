import JanusModelFile
import Quant

/// A matrix `[rows, columns]` of the model file, in whatever format it is stored.
///
/// It points into the mapped file, which the model keeps open for as long as weights are in use.
struct Weight: @unchecked Sendable {
  let format: ElementFormat
  /// Outputs of a product with this weight.
  let rows: Int
  /// Inputs.
  let columns: Int
  let bytes: UnsafeRawPointer
  /// The sixteen values of an int4 nibble, each plus 128.
  let levels: UnsafePointer<UInt8>

  /// Groups of 16 rows, the last perhaps partly filled.
  var panels: Int { (rows + ElementFormat.panelRows - 1) / ElementFormat.panelRows }

  /// Groups of 32 columns, the last perhaps partly filled.
  var blocks: Int {
    (columns + ElementFormat.blockColumns - 1) / ElementFormat.blockColumns
  }

  /// Zero for formats without panels.
  var bytesPerPanel: Int { format.bytesPerPanel(blocks: blocks) }

  /// For formats without levels; nobody reads it.
  nonisolated(unsafe) static let noLevels: UnsafePointer<UInt8> = {
    let levels = UnsafeMutablePointer<UInt8>.allocate(capacity: 16)
    levels.initialize(repeating: 128, count: 16)
    return UnsafePointer(levels)
  }()

  /// Of weights in two planes.
  nonisolated(unsafe) static let planeLevels: UnsafePointer<UInt8> = {
    let levels = UnsafeMutablePointer<UInt8>.allocate(capacity: 16)
    for (index, level) in PlanePanel.levels.enumerated() { levels[index] = UInt8(Int(level) + 128) }
    return UnsafePointer(levels)
  }()

  var floats: UnsafePointer<Float> { bytes.assumingMemoryBound(to: Float.self) }
  var halves: UnsafePointer<UInt16> { bytes.assumingMemoryBound(to: UInt16.self) }
}

/// A vector of the model file: a norm's weight, a bias. Always f32.
struct Vector: @unchecked Sendable {
  let count: Int
  let base: UnsafePointer<Float>
}

/// `y = W x + b`.
struct Linear: Sendable {
  let weight: Weight
  let bias: Vector?
}

/// The weight and bias of a LayerNorm.
struct Norm: Sendable {
  let weight: Vector
  let bias: Vector
}
