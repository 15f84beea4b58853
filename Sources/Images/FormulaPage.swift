/// How a picture of a formula is laid out for a model that learned to read at one size: the ink cut out, black on
/// white, at one stroke thickness, on one canvas.
///
/// Integer arithmetic and Pillow's bicubic passes only, so that training (Tools/train/page.py) and runtime give the
/// same pixels. What the steps are is in docs/MODEL.md.
public struct FormulaPage: Sendable, Equatable {
  /// Pixels of white at the left, and at least this many on every other side.
  public let margin: Int
  /// Mean width of a stroke on the page, in 1/4096 of the canvas.
  public let thickness: Int
  /// Whether a formula that is too wide is folded into rows; otherwise it is shrunk.
  public let folds: Bool
  /// The thicknesses of further pages, for a model that is not sure of what it read on the first.
  public let furtherThicknesses: [Int]

  public static let largestThickness = 4096

  /// - Parameters:
  ///   - margin: 0 or more.
  ///   - thickness: 1 to `largestThickness`, as each of `furtherThicknesses`.
  public init(
    margin: Int, thickness: Int, folds: Bool = false, furtherThicknesses: [Int] = []
  ) {
    precondition(margin >= 0)
    precondition(
      ([thickness] + furtherThicknesses).allSatisfy((1...Self.largestThickness).contains))
    self.margin = margin
    self.thickness = thickness
    self.folds = folds
    self.furtherThicknesses = furtherThicknesses
  }

  /// The page of a picture: `side` × `side`, grey in three equal channels.
  ///
  /// - Parameter side: more than twice the margin.
  /// - Throws: `BlankPicture` where nothing stands out from the ground.
  public func laidOut(_ picture: Picture, side: Int) throws(BlankPicture) -> Picture {
    layout(thickness).canvas(of: InkMap(try Writing.ink(of: picture)), side: side)
  }

  /// The pages of a picture, each as `laidOut(_:side:)` gives it: the first, and those of further thicknesses that differ from
  /// it and each other.
  ///
  /// - Parameter side: more than twice the margin.
  /// - Returns: the pages, and warnings: whether the writing is small is judged by the first page.
  /// - Throws: `BlankPicture` where nothing stands out from the ground.
  public func pages(
    of picture: Picture, side: Int
  ) throws(BlankPicture) -> (pages: [Picture], warnings: [PictureWarning]) {
    let (writing, plane) = try Writing.withInk(in: picture)
    let ink = InkMap(plane)
    let layouts = ([thickness] + furtherThicknesses).map(layout)
    let rows = layouts.map { $0.rows(of: ink, side: side) }
    var pages: [Picture] = []
    for (index, layout) in layouts.enumerated() where !rows[..<index].contains(rows[index]) {
      pages.append(layout.canvas(of: ink, rows[index], side: side))
    }
    // No row where all ink is faint.
    let scale = rows[0].first.map { Double($0.width) / Double($0.box.width) } ?? 1
    return (pages, writing.warnings(atScale: scale))
  }

  private func layout(_ thickness: Int) -> PageLayout {
    PageLayout(margin: margin, thickness: thickness, folds: folds)
  }
}
