/// Attention's products for many rows in bf16, which takes half of the time of f32.
///
/// Keys and values are f16 whose values have the eight bits of bf16; `round` makes them. Products
/// are exact. A sum takes its terms in order and rounds to f32 after each. So the bits are those of
/// `Scores` and `WeightedSum` for operands that are rounded in the same way. Only subnormal numbers
/// differ: they count as zero here.
public struct BF16Attention: Sendable {
  /// Elements of packed pairs of `rows` rows and `columns` columns.
  public static func packedCount(rows: Int, columns: Int) -> Int {
    (rows + 1) / 2 * 2 * ((columns + 63) / 64 * 64)
  }

  /// Rounds `x` to bf16 (nearest, ties to even), in place.
  public let round: @Sendable (_ x: UnsafeMutablePointer<Float>, _ count: Int) -> Void
  /// `x`, rounded like that, in bf16. The two of each pair change places. An odd last one gets a
  /// zero.
  public let packRow:
    @Sendable (
      _ x: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutablePointer<UInt16>
    ) -> Void
  /// `rows` rows of f16 as bf16 in pairs of rows: for each 64 columns `out[k / 2 * 128 + 2 * i + 1
  /// - k % 2] = halves[k * stride + i]`, zero beyond rows and columns.
  public let pack:
    @Sendable (
      _ halves: UnsafePointer<UInt16>, _ stride: Int, _ rows: Int, _ columns: Int,
      _ out: UnsafeMutablePointer<UInt16>
    ) -> Void
  /// `out[r * outStride + i] = scale · Σ_k left[r, k] · right[k, i]` for packed rows, `leftStride`,
  /// even, apart, and packed pairs of `right: [steps, columns]`. If `adding`, the sum starts from
  /// what `out` holds, and `scale` is not applied.
  public let product:
    @Sendable (
      _ left: UnsafePointer<UInt16>, _ leftStride: Int, _ rows: Int, _ pairs: UnsafePointer<UInt16>,
      _ steps: Int, _ columns: Int, _ scale: Float, _ adding: Bool,
      _ out: UnsafeMutablePointer<Float>, _ outStride: Int
    ) -> Void
}
