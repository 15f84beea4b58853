import JanusSystem

/// The limits of `docs/FORMAT.md` on a file's numbers.
///
/// They are checked before anything is allocated or multiplied, so that a hostile header costs
/// neither memory nor time.
public enum Limits {
  /// Everything before the data section.
  public static let headerBytes = 1 << 28
  /// Key–value pairs.
  public static let metadataCount = 1 << 12
  public static let keyBytes = 256
  /// A string value or an element of a string array.
  public static let stringBytes = 1 << 24
  /// Elements of an array.
  public static let arrayCount = 1 << 22
  public static let tensorCount = 1 << 16
  /// GGUF's own limit.
  public static let tensorNameBytes = 64
  /// GGUF's own limit.
  public static let dimensionCount = 4
  /// A single dimension of a logical shape.
  public static let dimension = (1 << 31) - 1
  /// Powers of two within this range: from a cache line to the largest page of any system.
  public static let alignment = 64...65536
}
