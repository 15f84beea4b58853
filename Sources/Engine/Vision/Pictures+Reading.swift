import GGUF
import JanusImages
import JanusModelFile

extension MetadataReader {
  /// How pictures become pixels.
  package func preprocessor(imageSize: Int) throws(ModelFileError) -> ImagePreprocessor {
    let background = try integers(.imageBackground)
    let minSize = try integer(.imageMinSize)
    let (mean, deviation) = (try floats(.imageMean), try floats(.imageDeviation))
    let (factor, normalizes) = (try double(.imageRescaleFactor), try bool(.imageNormalize))
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
    let (margin, thickness) = (IntegerKey.formulaPageMargin, IntegerKey.formulaPageThickness)
    let metadata = container.metadata
    guard metadata.contains(margin) || metadata.contains(thickness) else { return nil }
    let (folds, further) = (BoolKey.formulaPageFolds, IntegersKey.formulaPageFurther)
    let page = FormulaPage(
      margin: try integer(margin), thickness: try integer(thickness),
      folds: metadata.contains(folds) ? try bool(folds) : false,
      furtherThicknesses: metadata.contains(further) ? try integers(further) : [])
    guard imageSize > 2 * page.margin else {
      throw .geometry(
        file: container.file.path, key: margin.name,
        expected: "less than half of the picture's \(imageSize) pixels", found: "\(page.margin)")
    }
    return page
  }
}
