import KernelsAVX2
import KernelsAVX512
import KernelsAVXVNNI
import KernelsNEON
import KernelsPortable

extension Kernels {
  /// Scalar code that runs everywhere. Every other tier is compared with it.
  public static let portable = Kernels(
    isa: .portable,
    matmulInt8: KernelsPortable.matmulInt8,
    matmulInt4: KernelsPortable.matmulInt4,
    expandInt4: KernelsPortable.expandInt4,
    matmulInt4Coded: KernelsPortable.matmulInt4Coded,
    codedExpansion: CodedExpansion(
      expand: KernelsPortable.expandInt4Coded, matmul: KernelsPortable.matmulInt8Coded),
    tabulateInt8: nil,
    matmulF32: KernelsPortable.matmulF32,
    matmulBF16: KernelsPortable.matmulBF16,
    quantizeActivations: KernelsPortable.quantizeActivations,
    rmsNorm: KernelsPortable.rmsNorm,
    layerNorm: KernelsPortable.layerNorm,
    sumChannels: KernelsPortable.sumChannels,
    scaleShift: KernelsPortable.scaleShift,
    rope: KernelsPortable.rope,
    softmax: KernelsPortable.softmax,
    quantizeExponentials: nil,
    siluMul: KernelsPortable.siluMul,
    gelu: KernelsPortable.gelu,
    add: KernelsPortable.add,
    multiply: KernelsPortable.multiply,
    scoresF32: KernelsPortable.scoresF32,
    scoresF16: KernelsPortable.scoresF16,
    weightedSumF32: KernelsPortable.weightedSumF32,
    weightedSumF16: KernelsPortable.weightedSumF16,
    scoresInt8: KernelsPortable.scoresInt8,
    weightedSumInt8: KernelsPortable.weightedSumInt8,
    quantizeRow: KernelsPortable.quantizeRow,
    bf16Attention: nil,
    f16ToF32: KernelsPortable.f16ToF32,
    f32ToF16: KernelsPortable.f32ToF16,
    bf16ToF32: KernelsPortable.bf16ToF32,
    f32ToBF16: KernelsPortable.f32ToBF16,
    encodeInt4: KernelsPortable.encodeInt4,
    encodeInt8: KernelsPortable.encodeInt8,
    searchInt4: KernelsPortable.searchInt4,
    fitInt4: KernelsPortable.fitInt4,
    packInt4: KernelsPortable.packInt4,
    integerPeak: KernelsPortable.integerPeak,
    productsPerRound: KernelsPortable.productsPerRound)
}

#if arch(x86_64)
  extension Kernels {
    /// Eight lanes, products by `vpmaddubsw`.
    static let avx2 = Kernels(
      isa: .avx2,
      matmulInt8: KernelsAVX2.matmulInt8,
      matmulInt4: KernelsAVX2.matmulInt4,
      expandInt4: nil,
      matmulInt4Coded: KernelsAVX2.matmulInt4Coded,
      codedExpansion: nil,
      tabulateInt8: nil,
      matmulF32: KernelsAVX2.matmulF32,
      matmulBF16: KernelsAVX2.matmulBF16,
      quantizeActivations: KernelsAVX2.quantizeActivations,
      rmsNorm: KernelsAVX2.rmsNorm,
      layerNorm: KernelsAVX2.layerNorm,
      sumChannels: KernelsAVX2.sumChannels,
      scaleShift: KernelsAVX2.scaleShift,
      rope: KernelsAVX2.rope,
      softmax: KernelsAVX2.softmax,
      quantizeExponentials: nil,
      siluMul: KernelsAVX2.siluMul,
      gelu: KernelsAVX2.gelu,
      add: KernelsAVX2.add,
      multiply: KernelsAVX2.multiply,
      scoresF32: KernelsAVX2.scoresF32,
      scoresF16: KernelsAVX2.scoresF16,
      weightedSumF32: KernelsAVX2.weightedSumF32,
      weightedSumF16: KernelsAVX2.weightedSumF16,
      scoresInt8: KernelsAVX2.scoresInt8,
      weightedSumInt8: KernelsAVX2.weightedSumInt8,
      quantizeRow: KernelsAVX2.quantizeRow,
      bf16Attention: nil,
      f16ToF32: KernelsAVX2.f16ToF32,
      f32ToF16: KernelsAVX2.f32ToF16,
      bf16ToF32: KernelsAVX2.bf16ToF32,
      f32ToBF16: KernelsAVX2.f32ToBF16,
      encodeInt4: KernelsAVX2.encodeInt4,
      encodeInt8: KernelsAVX2.encodeInt8,
      searchInt4: KernelsAVX2.searchInt4,
      fitInt4: KernelsAVX2.fitInt4,
      packInt4: KernelsAVX2.packInt4,
      integerPeak: KernelsAVX2.integerPeak,
      productsPerRound: KernelsAVX2.productsPerRound)

    /// VNNI in 256-bit registers; everything else as in `avx2`.
    static let avxvnni = {
      var kernels = avx2
      kernels.isa = .avxvnni
      kernels.matmulInt8 = KernelsAVXVNNI.matmulInt8
      kernels.matmulInt4 = KernelsAVXVNNI.matmulInt4
      kernels.expandInt4 = KernelsAVX2.expandInt4
      kernels.matmulInt4Coded = KernelsAVXVNNI.matmulInt4Coded
      kernels.codedExpansion = CodedExpansion(
        expand: KernelsAVX2.expandInt4Coded, matmul: KernelsAVXVNNI.matmulInt8Coded)
      kernels.integerPeak = KernelsAVXVNNI.integerPeak
      kernels.productsPerRound = KernelsAVXVNNI.productsPerRound
      return kernels
    }()

    /// VNNI in 512-bit registers.
    static let avx512 = Kernels(
      isa: .avx512,
      matmulInt8: KernelsAVX512.matmulInt8,
      matmulInt4: KernelsAVX512.matmulInt4,
      expandInt4: nil,
      matmulInt4Coded: KernelsAVX512.matmulInt4Coded,
      codedExpansion: nil,
      tabulateInt8: KernelsAVX512.tabulateInt8,
      matmulF32: KernelsAVX512.matmulF32,
      matmulBF16: KernelsAVX512.matmulBF16,
      quantizeActivations: KernelsAVX512.quantizeActivations,
      rmsNorm: KernelsAVX512.rmsNorm,
      layerNorm: KernelsAVX512.layerNorm,
      sumChannels: KernelsAVX512.sumChannels,
      scaleShift: KernelsAVX512.scaleShift,
      rope: KernelsAVX512.rope,
      softmax: KernelsAVX512.softmax,
      quantizeExponentials: KernelsAVX512.quantizeExponentials,
      siluMul: KernelsAVX512.siluMul,
      gelu: KernelsAVX512.gelu,
      add: KernelsAVX512.add,
      multiply: KernelsAVX512.multiply,
      scoresF32: KernelsAVX512.scoresF32,
      scoresF16: KernelsAVX512.scoresF16,
      weightedSumF32: KernelsAVX512.weightedSumF32,
      weightedSumF16: KernelsAVX512.weightedSumF16,
      scoresInt8: KernelsAVX512.scoresInt8,
      weightedSumInt8: KernelsAVX512.weightedSumInt8,
      quantizeRow: KernelsAVX512.quantizeRow,
      bf16Attention: hasAVX512BF16
        ? BF16Attention(
          round: KernelsAVX512.roundToBF16, packRow: KernelsAVX512.packRow,
          pack: KernelsAVX512.packPairs, product: KernelsAVX512.multiplyPairs) : nil,
      f16ToF32: KernelsAVX512.f16ToF32,
      f32ToF16: KernelsAVX512.f32ToF16,
      bf16ToF32: KernelsAVX512.bf16ToF32,
      f32ToBF16: KernelsAVX512.f32ToBF16,
      encodeInt4: KernelsAVX512.encodeInt4,
      encodeInt8: KernelsAVX512.encodeInt8,
      searchInt4: KernelsAVX512.searchInt4,
      fitInt4: KernelsAVX512.fitInt4,
      packInt4: KernelsAVX512.packInt4,
      integerPeak: KernelsAVX512.integerPeak,
      productsPerRound: KernelsAVX512.productsPerRound)
  }
#endif

#if arch(arm64)
  extension Kernels {
    /// The dot product of bytes. Encoding and sums over channels are the portable tier's, which the
    /// compiler turns into NEON code here.
    static let neon = Kernels(
      isa: .neon,
      matmulInt8: KernelsNEON.matmulInt8,
      matmulInt4: KernelsNEON.matmulInt4,
      expandInt4: KernelsNEON.expandInt4,
      matmulInt4Coded: KernelsNEON.matmulInt4Coded,
      codedExpansion: CodedExpansion(
        expand: KernelsNEON.expandInt4Coded, matmul: KernelsNEON.matmulInt8Coded),
      tabulateInt8: nil,
      matmulF32: KernelsNEON.matmulF32,
      matmulBF16: KernelsNEON.matmulBF16,
      quantizeActivations: KernelsNEON.quantizeActivations,
      rmsNorm: KernelsNEON.rmsNorm,
      layerNorm: KernelsNEON.layerNorm,
      sumChannels: KernelsPortable.sumChannels,
      scaleShift: KernelsPortable.scaleShift,
      rope: KernelsNEON.rope,
      softmax: KernelsNEON.softmax,
      quantizeExponentials: nil,
      siluMul: KernelsNEON.siluMul,
      gelu: KernelsNEON.gelu,
      add: KernelsNEON.add,
      multiply: KernelsNEON.multiply,
      scoresF32: KernelsNEON.scoresF32,
      scoresF16: KernelsNEON.scoresF16,
      weightedSumF32: KernelsNEON.weightedSumF32,
      weightedSumF16: KernelsNEON.weightedSumF16,
      scoresInt8: KernelsNEON.scoresInt8,
      weightedSumInt8: KernelsNEON.weightedSumInt8,
      quantizeRow: KernelsNEON.quantizeRow,
      bf16Attention: nil,
      f16ToF32: KernelsNEON.f16ToF32,
      f32ToF16: KernelsNEON.f32ToF16,
      bf16ToF32: KernelsNEON.bf16ToF32,
      f32ToBF16: KernelsNEON.f32ToBF16,
      encodeInt4: KernelsPortable.encodeInt4,
      encodeInt8: KernelsPortable.encodeInt8,
      searchInt4: KernelsPortable.searchInt4,
      fitInt4: KernelsPortable.fitInt4,
      packInt4: KernelsPortable.packInt4,
      integerPeak: KernelsNEON.integerPeak,
      productsPerRound: KernelsNEON.productsPerRound)
  }
#endif
