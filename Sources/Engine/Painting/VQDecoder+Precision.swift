import JanusModelFile

extension VQDecoder {
  /// Where the decoder multiplies in int8: in maps of these widths and above.
  ///
  /// Most of the work is in the finest maps, and noise that enters early passes through all later
  /// steps. The convolutions at both ends, shortcuts and attention stay in f32. They take little
  /// time, and in int8 they would cause most of the noise. Tiers without a dot product of bytes
  /// multiply everything in floats: with Winograd tiles that is a third of the products, and each
  /// takes as long.
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
