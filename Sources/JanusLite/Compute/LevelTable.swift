import Quant

/// The sixteen values of an int4 nibble, each plus 128, in memory of their own for the kernels.
final class LevelTable: @unchecked Sendable {
  let pointer: UnsafePointer<UInt8>

  /// - Parameter levels: sixteen values within ±127.
  init(_ levels: [Int8]) {
    precondition(levels.count == 16)
    let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 16)
    for (index, level) in levels.enumerated() { table[index] = UInt8(Int(level) + 128) }
    pointer = UnsafePointer(table)
  }

  convenience init(_ levels: Levels) { self.init(levels.values) }

  deinit { pointer.deallocate() }
}
