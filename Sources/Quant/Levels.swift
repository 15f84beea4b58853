/// The sixteen values that an int4 weight can have, before its block's scale.
public struct Levels: Sendable, Equatable {
  /// Ascending, within ±127.
  public let values: [Int8]

  /// Levels that hold normally distributed weights with the smallest squared error under the
  /// encoder's scale search: Lloyd's iteration (assign, then move each level to the mean of its
  /// weights) over blocks of 32 normal values, to convergence. `LevelsTests` repeats a step of it.
  ///
  /// They are lopsided on purpose: a scale may be negative, so that the longer arm can lie on
  /// either side, where the block's extreme value is.
  public static let standard = Levels(
    unchecked: [-127, -98, -77, -61, -46, -33, -21, -9, 2, 13, 24, 36, 49, 64, 81, 104])

  /// `nil` unless there are 16 values, strictly ascending, without -128: its negative is no Int8,
  /// and kernels negate.
  public init?(_ values: [Int8]) {
    guard values.count == 16, values[0] > -128,
      zip(values, values.dropFirst()).allSatisfy({ $0 < $1 })
    else { return nil }
    self.values = values
  }

  private init(unchecked values: [Int8]) {
    self.values = values
  }

  /// `value + 128`, as the matmul kernels take them.
  public var biased: [UInt8] { values.map { UInt8(Int($0) + 128) } }
}
