import JanusSystem

/// A picture as the language model sees it: one row for each patch, `[N, D]`.
///
/// The vision tower writes it and the language model reads it; neither knows the other.
package final class PictureFeatures {
  let patchCount: Int
  private let columns: Int
  private let values: FloatBuffer

  /// - Parameter write: writes the rows.
  init(
    patchCount: Int, columns: Int, write: (Matrix) throws(MemoryError) -> Void
  ) throws(MemoryError) {
    self.patchCount = patchCount
    self.columns = columns
    values = try FloatBuffer(capacity: patchCount * columns)
    try write(values.matrix(patchCount, columns))
  }

  func row(_ index: Int) -> UnsafePointer<Float> { UnsafePointer(values.base + index * columns) }
}
