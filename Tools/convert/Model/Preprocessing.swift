import JanusModelFile
import JanusSystem

/// How pictures become pixels, as a checkpoint's processor files state it.
struct Preprocessing: Equatable, Sendable {
  var mean: [Double]
  var deviation: [Double]
  var rescaleFactor: Double
  var minSize: Int
  /// Colour of the padding.
  var background: [Int]
  var normalizes: Bool
  /// How a picture of a formula is laid out; nil where pictures are shown as they are.
  var formulaPage: FormulaPage?

  /// `formula_page`, a key of ours.
  struct FormulaPage: Equatable, Sendable {
    /// In pixels.
    var margin: Int
    /// In 1/4096 of the picture's side.
    var thickness: Int
    /// Whether what is too wide is folded into rows; where the key is missing it is shrunk.
    var folds = false
    /// Of pages for further looks, in the same unit; `further_thicknesses`.
    var furtherThicknesses: [Int] = []
  }

  /// Reads `preprocessor_config.json` or, as transformers 5 may write it, the `image_processor` of
  /// `processor_config.json`.
  ///
  /// Only what both processors' code fixes has a default here; mean and deviation have none, for
  /// published files differ from the code.
  init(folder: CheckpointFolder, imageSize: Dimension) throws(ConversionError) {
    let config = try Self.section(folder)
    if config.has("image_size") {
      try config.demandEqual(config.dimension("image_size", .visionImageSize), imageSize)
    }
    if config.has("size") {
      let size = try config.section("size")
      for side in ["height", "width"] {
        try config.demandEqual(size.dimension(side, .visionImageSize), imageSize)
      }
    }
    for key in ["do_resize", "do_rescale", "do_pad"] { try config.demand(key, .bool(true)) }
    try config.demand("resample", .integer(3))
    normalizes = try config.bool("do_normalize", default: true)
    mean = [0.5, 0.5, 0.5]
    deviation = [0.5, 0.5, 0.5]
    if normalizes || config.has("image_mean") {
      mean = try config.numbers("image_mean", .imageMean)
    }
    if normalizes || config.has("image_std") {
      deviation = try config.numbers("image_std", .imageDeviation)
    }
    rescaleFactor = try config.number(
      "rescale_factor", .imageRescaleFactor, default: 1.0 / 255)
    minSize = try config.integer("min_size", default: 14, in: 1...imageSize.value)
    // Both processors compute it and ignore the file's `background_color`.
    background = mean.map { Int($0 * 255) }
    if config.has("formula_page") {
      let page = try config.section("formula_page")
      formulaPage = FormulaPage(
        margin: try page.integer("margin", in: 0...(imageSize.value - 1) / 2),
        thickness: try page.integer("thickness", in: IntegerKey.formulaPageThickness.range),
        folds: try page.bool("folds", default: false),
        furtherThicknesses: try page.integers(
          "further_thicknesses", .formulaPageFurther, default: []
        ).values)
    }
  }

  private static func section(_ folder: CheckpointFolder) throws(ConversionError) -> ConfigSection {
    // A folder's own files come before those that another lends it.
    for tree in folder.trees {
      let (alone, joint) = ("preprocessor_config.json", "processor_config.json")
      if tree.contains(alone) {
        let file = try tree.open(alone)
        return try ConfigSection(
          file: file.path, json: file.json(limit: CheckpointLimits.configurationBytes))
      }
      guard tree.contains(joint) else { continue }
      let file = try tree.open(joint)
      let json = try file.json(limit: CheckpointLimits.configurationBytes)
      if let processor = json.object?["image_processor"] {
        return try ConfigSection(file: file.path, path: "image_processor", json: processor)
      }
    }
    throw .missing(
      file: "\(folder.path)/preprocessor_config.json",
      why: "it states how pictures are normalised, which cannot be assumed; a base checkpoint can "
        + "lend it")
  }
}
