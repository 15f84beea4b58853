/// Attention's products for many rows in bf16, which takes half of the time.
///
/// Keys and values are halves that hold numbers of bf16, of eight bits: `round` makes such. Products
/// are exact, and a sum takes its steps in their order, each rounded to f32: so the bits are those of
/// `Scores` and `WeightedSum` for operands that are rounded alike, but for subnormal numbers, which
/// count as zero here.
public struct BF16Attention: Sendable {
  /// Elements of packed pairs of `rows` rows and `columns` columns.
  public static func packedCount(rows: Int, columns: Int) -> Int {
    (rows + 1) / 2 * 2 * ((columns + 63) / 64 * 64)
  }

  /// `x` to the nearest (even) numbers of bf16, in place.
  public let round: @Sendable (_ x: UnsafeMutablePointer<Float>, _ count: Int) -> Void
  /// `x`, rounded so, in bf16: the two of each pair change places, and an odd one gets a zero.
  public let packRow:
    @Sendable (
      _ x: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutablePointer<UInt16>
    ) -> Void
  /// `rows` rows of halves as bf16 in pairs of rows: for each 64 columns
  /// `out[k / 2 * 128 + 2 * i + 1 - k % 2] = halves[k * stride + i]`, zero beyond rows and columns.
  public let pack:
    @Sendable (
      _ halves: UnsafePointer<UInt16>, _ stride: Int, _ rows: Int, _ columns: Int,
      _ out: UnsafeMutablePointer<UInt16>
    ) -> Void
  /// `out[r * outStride + i] = scale · Σ_k left[r, k] · right[k, i]` for packed rows, `leftStride`,
  /// even, apart, and packed pairs of `right: [steps, columns]`; or if `adding` the sum goes on from what
  /// `out` holds, without `scale`.
  public let product:
    @Sendable (
      _ left: UnsafePointer<UInt16>, _ leftStride: Int, _ rows: Int, _ pairs: UnsafePointer<UInt16>,
      _ steps: Int, _ columns: Int, _ scale: Float, _ adding: Bool,
      _ out: UnsafeMutablePointer<Float>, _ outStride: Int
    ) -> Void
}
