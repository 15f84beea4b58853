/// The sixteen values that an int4 weight can have, before its block's scale.
public struct Levels: Sendable, Equatable {
  /// Ascending, within ±127.
  public let values: [Int8]

  /// Levels within -32 … 31 that hold normally distributed weights with the smallest squared error
  /// under the encoder's scale search: none can be moved by one without a larger error over blocks
  /// of 32 normal values, which `LevelsTests` repeats. With levels within ±127 the error would be
  /// 1.5 % smaller.
  ///
  /// The range is narrow because sums of four products with int8 values then fit in 16 bits, so
  /// that AVX2 widens half as many sums. The levels are not symmetric: a scale may be negative, so
  /// the side that reaches further can be the side of the block's extreme value.
  public static let standard = Levels(
    unchecked: [-32, -25, -20, -16, -12, -9, -6, -3, 0, 3, 6, 9, 12, 16, 21, 27])

  /// `nil` unless there are 16 values, strictly ascending, without -128: kernels negate levels, and
  /// 128 does not fit in Int8.
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
