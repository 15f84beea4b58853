import KernelsPortable

extension Kernels {
  /// The scalar truth: it runs everywhere, and every other tier is judged against it.
  public static let portable = Kernels(
    isa: .portable,
    matmulInt8: KernelsPortable.matmulInt8,
    matmulInt4: KernelsPortable.matmulInt4,
    matmulF32: KernelsPortable.matmulF32,
    matmulBF16: KernelsPortable.matmulBF16,
    quantizeActivations: KernelsPortable.quantizeActivations,
    rmsNorm: KernelsPortable.rmsNorm,
    layerNorm: KernelsPortable.layerNorm,
    rope: KernelsPortable.rope,
    softmax: KernelsPortable.softmax,
    siluMul: KernelsPortable.siluMul,
    gelu: KernelsPortable.gelu,
    add: KernelsPortable.add,
    dotRowsF32: KernelsPortable.dotRowsF32,
    dotRowsF16: KernelsPortable.dotRowsF16,
    sumRowsF32: KernelsPortable.sumRowsF32,
    sumRowsF16: KernelsPortable.sumRowsF16,
    f16ToF32: KernelsPortable.f16ToF32,
    f32ToF16: KernelsPortable.f32ToF16,
    bf16ToF32: KernelsPortable.bf16ToF32,
    f32ToBF16: KernelsPortable.f32ToBF16,
    encodeInt4: KernelsPortable.encodeInt4,
    encodeInt8: KernelsPortable.encodeInt8)
}
