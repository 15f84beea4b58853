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

  public static let largestThickness = 4096

  /// - Parameters:
  ///   - margin: 0 or more.
  ///   - thickness: 1 to `largestThickness`.
  public init(margin: Int, thickness: Int, folds: Bool = false) {
    precondition(margin >= 0 && (1...Self.largestThickness).contains(thickness))
    self.margin = margin
    self.thickness = thickness
    self.folds = folds
  }

  /// The page of a picture: `side` × `side`, grey in three equal channels.
  ///
  /// - Parameter side: more than twice the margin.
  /// - Throws: `BlankPicture` where nothing stands out from the ground.
  public func laidOut(_ picture: Picture, side: Int) throws(BlankPicture) -> Picture {
    let ink = try Writing.ink(of: picture)
    return PageLayout(margin: margin, thickness: thickness, folds: folds).canvas(
      of: InkMap(width: ink.width, height: ink.height, values: ink.values), side: side)
  }
}
