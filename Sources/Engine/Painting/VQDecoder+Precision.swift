import JanusModelFile

extension VQDecoder {
  /// Where the decoder multiplies in int8: in maps of these widths and above.
  ///
  /// Most of the work is in the finest maps, and noise that enters early passes through all that
  /// follows. What maps colours in and out, shortcuts and attention stay in f32: they cost little
  /// time, and most of the noise if they were in int8. Tiers without a dot product of bytes multiply
  /// everything in floats: by tiles that is a third of the products, each as fast.
  struct Precision: Sendable {
    /// Inputs of residual blocks' 3×3 convolutions.
    let residuals: Int
    /// Inputs of convolutions that enlarge.
    let enlargements: Int

    static let float = Precision(residuals: .max, enlargements: .max)

    static func mixed(_ geometry: PaintingGeometry) -> Precision {
      let levels = geometry.channelMultipliers.count
      return Precision(
        residuals: geometry.gridSize << (levels / 2),
        enlargements: geometry.gridSize << (levels - 2))
    }
  }
}
