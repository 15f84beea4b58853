import GGUF
import JanusImages
import JanusModelFile

extension GeometryReader {
  /// How pictures become pixels.
  package func preprocessor(imageSize: Int) throws(ModelFileError) -> ImagePreprocessor {
    let background = try read { (m) throws(ContainerError) in
      try m.integers("janus.image.background", in: 0...255)
    }
    let (minSize, mean, deviation) = (
      try integer("image.min_size", 1...4_096),
      try read { (m) throws(ContainerError) in try m.floats("janus.image.mean") },
      try read { (m) throws(ContainerError) in try m.floats("janus.image.std") }
    )
    let (factor, normalizes) = (
      try read { (m) throws(ContainerError) in try m.double("janus.image.rescale_factor") },
      try read { (m) throws(ContainerError) in try m.bool("janus.image.normalize") }
    )
    do throws(ImagePreprocessorError) {
      return try ImagePreprocessor(
        imageSize: imageSize, minSize: minSize, mean: mean, standardDeviation: deviation,
        rescaleFactor: factor, background: background.map { UInt8($0) }, normalizes: normalizes)
    } catch {
      throw .geometry(
        file: container.file.path, key: "janus.image (\(error.parameter))",
        expected: error.expected, found: error.found)
    }
  }

  /// How pictures are laid out before they become pixels; nil where they are shown as they are.
  package func formulaPage(imageSize: Int) throws(ModelFileError) -> FormulaPage? {
    let keys = ["margin", "thickness"].map { "image.formula_page." + $0 }
    guard keys.contains(where: { container.metadata.contains("janus." + $0) }) else { return nil }
    let folds = "janus.image.formula_page.folds"
    return FormulaPage(
      margin: try integer(keys[0], 0...(imageSize - 1) / 2),
      thickness: try integer(keys[1], 1...FormulaPage.largestThickness),
      folds: try container.metadata.contains(folds)
        ? read { (m) throws(ContainerError) in try m.bool(folds) } : false)
  }
}
