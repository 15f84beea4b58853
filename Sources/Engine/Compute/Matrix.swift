import CIntrinsics
import JanusModelFile
import JanusSystem

/// A row-major view of floats that someone else owns: activations, mostly `[T, D]`.
///
/// A view is valid until its owner (a `FloatBuffer`) grows or is freed.
package struct Matrix {
  let base: UnsafeMutablePointer<Float>
  package let rows: Int
  package let columns: Int
  /// Floats from one row to the next.
  let stride: Int

  init(_ base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
  }

  /// A view of the memory after another view, with as many rows.
  init(behind other: Matrix, columns: Int) {
    self.init(other[row: other.rows], rows: other.rows, columns: columns)
  }

  /// The start of row `index`.
  package subscript(row index: Int) -> UnsafeMutablePointer<Float> { base + index * stride }

  /// Prefetches `count` values of a row from `column` on; nothing beyond the last row.
  ///
  /// For loops over a few columns, two rows ahead. A processor prefetches within a page only, and
  /// the same columns of the next row are in another page.
  func prefetch(_ row: Int, _ column: Int, _ count: Int) {
    guard row < rows else { return }
    let values = self[row: row] + column
    for i in Swift.stride(from: 0, to: count, by: 16) { janus_prefetch(values + i) }
  }

  /// Rows `range` as a matrix of their own.
  func rows(_ range: Range<Int>) -> Matrix {
    Matrix(self[row: range.lowerBound], rows: range.count, columns: columns, stride: stride)
  }
}

/// Scratch memory of a network, kept between calls. It grows when a call needs more.
///
/// Where the system gives no memory, the buffer is empty after the error, and can be used again.
package final class FloatBuffer {
  private(set) var base: UnsafeMutablePointer<Float> = empty
  private(set) var capacity = 0

  init() {}

  init(capacity: Int) throws(MemoryError) { try replace(capacity) }

  deinit { release() }

  /// A view `[rows, columns]` of the start of the buffer. Its contents are undefined. Earlier views
  /// are invalid if the buffer had to grow.
  func matrix(_ rows: Int, _ columns: Int) throws(MemoryError) -> Matrix {
    try reserve(rows * columns)
    return Matrix(base, rows: rows, columns: columns)
  }

  func reserve(_ count: Int) throws(MemoryError) {
    if count > capacity { try replace(count) }
  }

  /// Frees the memory; views are invalid after.
  func release() {
    if capacity > 0 { PageMemory.deallocate(base, capacity * MemoryLayout<Float>.stride) }
    base = Self.empty
    capacity = 0
  }

  private func replace(_ count: Int) throws(MemoryError) {
    release()
    if count == 0 { return }
    let bytes = count * MemoryLayout<Float>.stride
    base = try PageMemory.allocate(bytes, inLargePages: true)
      .bindMemory(to: Float.self, capacity: count)
    capacity = count
  }

  private static var empty: UnsafeMutablePointer<Float> {
    PageMemory.none.assumingMemoryBound(to: Float.self)
  }
}
