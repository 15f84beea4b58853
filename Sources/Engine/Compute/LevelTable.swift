import JanusModelFile
import Quant

/// The sixteen values of an int4 nibble, each plus 128, in memory of their own for the kernels.
package final class LevelTable: @unchecked Sendable {
  let pointer: UnsafePointer<UInt8>

  package init(_ levels: Levels) {
    let biased = levels.biased
    let table = UnsafeMutablePointer<UInt8>.allocate(capacity: biased.count)
    table.update(from: biased, count: biased.count)
    pointer = UnsafePointer(table)
  }

  deinit { pointer.deallocate() }
}
