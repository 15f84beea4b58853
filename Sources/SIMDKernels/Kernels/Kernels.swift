import CIntrinsics

/// The hot loops of one instruction set, as a table of pure functions.
///
/// A kernel works on a range of rows or panels. It allocates nothing, starts no thread, cannot fail
/// and keeps no state; callers own every buffer and have checked every size. Buffers need only the
/// alignment of their element.
///
/// Letters: `T` tokens, `K` columns padded to whole blocks of 32, `B = K / 32` blocks,
/// `R` rows, `P` panels of 16 rows, `D` head dimension.
public struct Kernels: Sendable {
  /// Quantised matrix times quantised activations, for the panels `panelBegin..<panelEnd`.
  ///
  /// Row `r` of token `t` goes to `output[t * outputStride + r]`; rows at or above `rows` (the
  /// padding of the last panel) are neither read nor written. `panelStride` and `tokenStride` are
  /// the blocks from one panel and one token to the next. They are more than `blocks` for a part of
  /// the columns, and less for tokens that overlap, as the pixels under a convolution do. Every
  /// tier gives the same bits: block products are exact in Int32 and are accumulated in order of
  /// the blocks as `acc = fma(Float(dot), weightScale * activationScale, acc)`. `acc` starts from
  /// zero, or from what `output` holds if `adding`; the row's `bias` is added to that first, if
  /// there is one. Neither weights nor values are -128. `precision` is the `ScalePrecision` of all
  /// the tokens' scales, or `full` if the caller does not know it. Below `full` no scale is NaN or
  /// above `ScalePrecision.largest`.
  public typealias PanelMatmul =
    @Sendable (
      _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
      _ panelStride: Int, _ panelBegin: Int, _ panelEnd: Int, _ rows: Int,
      _ values: UnsafePointer<Int8>, _ scales: UnsafePointer<Float>,
      _ offsets: UnsafePointer<Int32>, _ precision: UInt32, _ tokenStride: Int, _ tokens: Int,
      _ bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
      _ adding: Bool
    ) -> Void

  /// Coded panels of 8 bits, for tiers whose look-up of a nibble takes time beside the
  /// multiplications.
  public struct CodedExpansion: Sendable {
    /// `count` coded panels of `blocks` blocks as coded panels of 8 bits with the same values, row
    /// scales and codes.
    public let expand:
      @Sendable (
        _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int, _ count: Int,
        _ out: UnsafeMutableRawPointer
      ) -> Void
    /// As `matmulInt4Coded`, with the same bits, for expanded panels; `levels` is not read.
    public let matmul: PanelMatmul
  }

  /// `blocks` blocks of int4 panels as blocks of int8 panels with the same values. Many tokens are
  /// then multiplied without looking the nibbles up each time, with the same bits.
  public typealias PanelExpansion =
    @Sendable (
      _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
      _ out: UnsafeMutableRawPointer
    ) -> Void

  /// The products of the scales of `blocks` blocks of int8 panels with each mantissa of three bits,
  /// `bytesPerTable` for each block.
  ///
  /// - Returns: false where a scale is zero, infinite or NaN. `out` is then not to be used.
  public typealias PanelTabulation =
    @Sendable (
      _ panels: UnsafeRawPointer, _ blocks: Int, _ out: UnsafeMutableRawPointer
    ) -> Bool

  /// Row-major float matrix `[R, K]` times float activations, rows `rowBegin..<rowEnd`:
  /// `output[t * outputStride + r] = Σ_k weights[r * columns + k] · x[t * xStride + k]`.
  public typealias FloatMatmul<Element> =
    @Sendable (
      _ weights: UnsafePointer<Element>, _ columns: Int, _ rowBegin: Int, _ rowEnd: Int,
      _ x: UnsafePointer<Float>, _ xStride: Int, _ tokens: Int,
      _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
    ) -> Void

  /// Keys of a chunk, of which the kernels of attention compute the scores together.
  public static let keysPerChunk = 64

  /// Attention scores of some query rows against one chunk of 64 keys, stored transposed `[D][64]`:
  /// `out[r * outStride + i] = scale · Σ_d q[r * qStride + d] · keys[d * 64 + i]` for `i < 64`.
  ///
  /// Summed in order of d by fused multiply-adds, starting from zero, then multiplied by `scale`:
  /// every tier and every number of rows gives the same bits. Keys that are not written yet may
  /// hold any bits; their scores are not used.
  public typealias Scores<Element> =
    @Sendable (
      _ q: UnsafePointer<Float>, _ qStride: Int, _ rows: Int, _ keys: UnsafePointer<Element>,
      _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
    ) -> Void

  /// Attention's weighted sums of `count` rows of values, added to what `out` holds:
  /// `out[r * outStride + d] += Σ_i weights[r * weightStride + i] · values[i * valueStride + d]` for
  /// `d < dim`.
  ///
  /// In order of i by fused multiply-adds: every tier and every number of rows gives the same bits.
  public typealias WeightedSum<Element> =
    @Sendable (
      _ weights: UnsafePointer<Float>, _ weightStride: Int, _ rows: Int,
      _ values: UnsafePointer<Element>, _ valueStride: Int, _ count: Int, _ dim: Int,
      _ out: UnsafeMutablePointer<Float>, _ outStride: Int
    ) -> Void

  public typealias Convert<From, To> =
    @Sendable (_ from: UnsafePointer<From>, _ to: UnsafeMutablePointer<To>, _ count: Int) -> Void

  /// The instruction set these functions are compiled for.
  public internal(set) var isa: InstructionSet

  /// int8 panels: 16 rows × 32 columns in 512 bytes of `value + 128` and 16 f16 scales. `precision`
  /// is `full`, and `levels` is not read; or `precision` is `threeBits`, and `levels` points to the
  /// panels' tables.
  public internal(set) var matmulInt8: PanelMatmul
  /// int4 panels: 16 rows × 32 columns in 256 bytes of nibbles and 16 f16 scales. A nibble stands
  /// for `levels[nibble] - 128`.
  public internal(set) var matmulInt4: PanelMatmul
  /// nil in a tier whose look-up of nibbles takes no time beside the multiplications.
  public internal(set) var expandInt4: PanelExpansion?
  /// Coded panels (`CodedPanel`), whose nibbles stand for `levels[nibble] - 128`. `panelStride` is
  /// the number of blocks that a panel has, of which the first `blocks` are multiplied.
  ///
  /// The sum over the blocks is `acc = fma(Float(dot), Float(code) * activationScale, acc)` from
  /// zero. The result is `fma(rowScale, acc, start)`, where `start` is zero or what `output` holds,
  /// plus the bias. A block's product is at most 32 · 127 · 127 < 2¹⁹ and exact. Any code is allowed.
  public internal(set) var matmulInt4Coded: PanelMatmul
  /// nil in a tier whose look-up of nibbles takes no time beside the multiplications.
  public internal(set) var codedExpansion: CodedExpansion?
  /// nil in a tier that gains nothing by it.
  public let tabulateInt8: PanelTabulation?
  public let matmulF32: FloatMatmul<Float>
  /// bf16 as its raw 16 bits.
  public let matmulBF16: FloatMatmul<UInt16>

  /// One token's activations to int8: for each block of 32, `scale = max|x| / 127`, `values =
  /// round(x · (1 / scale))` (to nearest even, within ±127; zero where the scale has no finite
  /// inverse), `offset = -128 · Σ values`. `columns` may end inside the last block; what follows
  /// counts as zero.
  ///
  /// Below `ScalePrecision.full` the scales are rounded up to `precision`, and are at least 2⁻¹⁰²
  /// (or NaN where `x` holds NaN). Returns whether `precision` may be passed on to `PanelMatmul`.
  public let quantizeActivations:
    @Sendable (
      _ x: UnsafePointer<Float>, _ columns: Int, _ precision: UInt32,
      _ values: UnsafeMutablePointer<Int8>, _ scales: UnsafeMutablePointer<Float>,
      _ offsets: UnsafeMutablePointer<Int32>
    ) -> Bool

  /// `out = x / sqrt(mean(x²) + epsilon) · weight` over `count` values. `out` may be `x`.
  public let rmsNorm:
    @Sendable (
      _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ epsilon: Float,
      _ out: UnsafeMutablePointer<Float>, _ count: Int
    ) -> Void
  /// `out = (x - mean) / sqrt(variance + epsilon) · weight + bias`. `out` may be `x`.
  public let layerNorm:
    @Sendable (
      _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
      _ epsilon: Float, _ out: UnsafeMutablePointer<Float>, _ count: Int
    ) -> Void
  /// Sums over a picture's pixels, `x: [pixels, channels]`, in their order and in Double:
  /// `sums[c] += x[·, c]` and `sums[channels + c] += x[·, c]²`. Every tier gives the same bits.
  public let sumChannels:
    @Sendable (
      _ x: UnsafePointer<Float>, _ pixels: Int, _ channels: Int,
      _ sums: UnsafeMutablePointer<Double>
    ) -> Void
  /// `out[p, c] = fma(x[p, c], scale[c], shift[c])` over `[pixels, channels]`. `out` may be `x`.
  public let scaleShift:
    @Sendable (
      _ x: UnsafePointer<Float>, _ scale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>,
      _ out: UnsafeMutablePointer<Float>, _ pixels: Int, _ channels: Int
    ) -> Void
  /// Rotary embedding in place, split-half layout: for each head, with `i < dim/2`,
  /// `(x[i], x[i+dim/2]) ← (x[i]·cos[i] - x[i+dim/2]·sin[i], x[i+dim/2]·cos[i] + x[i]·sin[i])`.
  public let rope:
    @Sendable (
      _ x: UnsafeMutablePointer<Float>, _ cos: UnsafePointer<Float>, _ sin: UnsafePointer<Float>,
      _ heads: Int, _ dim: Int
    ) -> Void
  /// Softmax in place over `count ≥ 1` values.
  public let softmax: @Sendable (_ x: UnsafeMutablePointer<Float>, _ count: Int) -> Void
  /// Softmax's numerators as activations: `quantizeActivations` of `127/128 · e^(x - max x)` for
  /// each of `rows` rows of `count ≥ 1` finite values, with scales of `ScalePrecision.threeBits`: the
  /// factor makes 1/128 the scale of the largest one, which needs no rounding. They are never
  /// stored as floats.
  ///
  /// Exponentials are off by less than 2⁻¹⁸ and a rounding of the difference, of which eight bits
  /// are kept. A row's entry of `sums` is their sum; the caller divides the products by it. It is
  /// NaN if one of `x` is. nil in a tier that gains nothing by it.
  public let quantizeExponentials:
    (
      @Sendable (
        _ x: UnsafePointer<Float>, _ xStride: Int, _ rows: Int, _ count: Int,
        _ values: UnsafeMutablePointer<Int8>, _ scales: UnsafeMutablePointer<Float>,
        _ offsets: UnsafeMutablePointer<Int32>, _ sums: UnsafeMutablePointer<Float>
      ) -> Void
    )?
  /// `out = silu(gate) · up`. `out` may be either input.
  public let siluMul:
    @Sendable (
      _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>,
      _ count: Int
    ) -> Void
  /// Exact GELU in place: `x · ½(1 + erf(x/√2))`, off by less than 2⁻²⁴ · |x| and two roundings.
  public let gelu: @Sendable (_ x: UnsafeMutablePointer<Float>, _ count: Int) -> Void
  /// `y += x`.
  public let add:
    @Sendable (_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) -> Void
  /// `y *= x`.
  public let multiply:
    @Sendable (_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) -> Void

  public let scoresF32: Scores<Float>
  /// f16 as its raw 16 bits.
  public let scoresF16: Scores<UInt16>
  public let weightedSumF32: WeightedSum<Float>
  public let weightedSumF16: WeightedSum<UInt16>
  /// Keys without their scales, which belong to the columns of the result.
  ///
  /// `ahead` is where the caller will read next, as many bytes again. A single row's kernel may
  /// prefetch it. Widening bytes takes so many instructions that the processor's own prefetching is
  /// late.
  public let scoresInt8:
    @Sendable (
      _ q: UnsafePointer<Float>, _ qStride: Int, _ rows: Int, _ keys: UnsafePointer<Int8>,
      _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>, _ outStride: Int,
      _ ahead: UnsafeRawPointer?
    ) -> Void
  /// Values without their scales, which belong to the weights. `ahead` as with `scoresInt8`.
  public let weightedSumInt8:
    @Sendable (
      _ weights: UnsafePointer<Float>, _ weightStride: Int, _ rows: Int,
      _ values: UnsafePointer<Int8>, _ valueStride: Int, _ count: Int, _ dim: Int,
      _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ ahead: UnsafeRawPointer?
    ) -> Void
  /// A row of a cache to int8 with one scale `a`, which is returned: `x ≈ a · values`.
  ///
  /// The largest magnitude becomes 127, 125 … or 113, whichever gives the least squared error, and
  /// `a` is the least-squares scale for these levels. Together they lower the error of `max|x| /
  /// 127` by a third. Sums are of integers (`x` in 32,512ths of the largest magnitude), so that
  /// every tier gives the same bits. A row that holds NaN or infinity gets zeros and a scale that
  /// is not finite. A row too small for `127 / max|x|` gets zeros and the scale zero. `values` has
  /// room for whole blocks of 32; what follows `count`, at most 1024, becomes zero.
  public let quantizeRow:
    @Sendable (
      _ x: UnsafePointer<Float>, _ count: Int, _ values: UnsafeMutablePointer<Int8>
    ) -> Float

  /// nil in a tier without a dot product of bf16.
  public let bf16Attention: BF16Attention?

  public let f16ToF32: Convert<UInt16, Float>
  public let f32ToF16: Convert<Float, UInt16>
  public let bf16ToF32: Convert<UInt16, Float>
  public let f32ToBF16: Convert<Float, UInt16>

  /// One block of an int4 panel: `block[column * 16 + row]` (32 × 16 finite values, zero where the
  /// matrix has none) to the 288 bytes of `out`. `importance` weighs the squared error of each of
  /// the 32 columns (all ≥ 0); `levels` are the 16 levels, ascending. Every tier writes the same
  /// bytes.
  public let encodeInt4:
    @Sendable (
      _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>,
      _ levels: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer
    ) -> Void
  /// One block of an int8 panel, as `encodeInt4`, to 544 bytes. Without `importance` the largest
  /// weight of a row becomes 127, and a row that holds NaN or infinity gets a scale that is not
  /// finite. With it the scale of least squared error is searched, which lowers that error by a
  /// quarter.
  public let encodeInt8:
    @Sendable (
      _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>?,
      _ out: UnsafeMutableRawPointer
    ) -> Void

  /// The scale of the least squared error for each row of a block, in f32 and without a code: the
  /// search of `encodeInt4`. Zero for a row of zeros.
  public let searchInt4:
    @Sendable (
      _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>,
      _ levels: UnsafePointer<Float>, _ scales: UnsafeMutablePointer<Float>
    ) -> Void
  /// How well a scale of each row fits a block: with `q` the levels nearest to the weights over
  /// the scale, `products` receives `Σ w·x·q` and `squares` `Σ w·q²`, with `w` the importance of the
  /// columns. The squared error is `Σ w·x² - 2·scale·product + scale²·square`. The inverse of a scale
  /// of zero is zero.
  public let fitInt4:
    @Sendable (
      _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>,
      _ levels: UnsafePointer<Float>, _ scales: UnsafePointer<Float>,
      _ products: UnsafeMutablePointer<Float>, _ squares: UnsafeMutablePointer<Float>
    ) -> Void
  /// The four lines of nibbles of a block whose rows' scales are given.
  public let packInt4:
    @Sendable (
      _ block: UnsafePointer<Float>, _ levels: UnsafePointer<Float>,
      _ scales: UnsafePointer<Float>, _ lines: UnsafeMutableRawPointer
    ) -> Void

  /// For benchmarks: the tier's integer dot product in registers only, `rounds` times
  /// `productsPerRound` multiply-accumulates. The result has no meaning.
  public internal(set) var integerPeak: @Sendable (_ rounds: Int) -> Int32
  public internal(set) var productsPerRound: Int
}
