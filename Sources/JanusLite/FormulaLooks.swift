import JanusImages

/// The looks at one picture of a formula.
///
/// Where the model is not sure of an answer, it writes another one from the picture's next view, in which the formula has
/// another size. The surest answer counts.
package struct FormulaLooks {
  /// An answer of at least this confidence is not tried again.
  package static let sureEnough = 0.8

  private var further: [Picture]
  /// The surest answer, the earlier one of equals; nil before there is one. Of a reading that was stopped it is cut short.
  package private(set) var surest: Answer?

  /// - Parameters:
  ///   - further: views for looks after the first, in their order.
  ///   - isGreedy: whether answers are the most likely ones. A drawn one counts as it is: the surest of several would not be
  ///     drawn from what the model says.
  package init(further: [Picture], isGreedy: Bool) {
    self.further = isGreedy ? further : []
  }

  /// Takes an answer that has ended.
  ///
  /// - Returns: whether it is the surest until now.
  package mutating func take(_ answer: Answer) -> Bool {
    guard var other = surest else {
      surest = answer
      return true
    }
    if answer.finishReason == .cancelled {
      // What was read stays, but without all looks it is not the result.
      other.finishReason = .cancelled
      surest = other
      return false
    }
    if !answer.isSurer(than: other) { return false }
    surest = answer
    return true
  }

  /// The view for the next look; nil where the surest answer is the result.
  package mutating func next() -> Picture? {
    guard let surest, surest.finishReason != .cancelled,
      surest.finishReason == .loop || surest.confidence < Self.sureEnough, !further.isEmpty
    else {
      further = []
      return nil
    }
    return further.removeFirst()
  }
}

extension Answer {
  /// One that ended by itself is surer than one that did not.
  fileprivate func isSurer(than other: Answer) -> Bool {
    let (ended, otherEnded) = (finishReason == .stop, other.finishReason == .stop)
    return ended == otherEnded ? confidence > other.confidence : ended
  }
}

extension Janus {
  /// What the model is to see of a picture of a formula, each for `pixels(ofView:)`: the picture cut to its writing, unless
  /// `trims` is false. For a model that reads pages, the page and those for further looks.
  ///
  /// - Throws: where there is no writing: a model would invent a formula.
  package func formulaViews(
    of picture: Picture, trims: Bool = true
  ) throws(BlankPicture) -> (views: [Picture], warnings: [PictureWarning]) {
    // A page finds the writing by itself.
    if let page = formulaPage {
      let (pages, warnings) = try page.pages(of: picture, side: vision.imageSize)
      return (pages, warnings)
    }
    let writing = try Writing(in: picture)
    let shown = trims ? picture.trimmed(to: writing) : picture
    let scale = Double(vision.imageSize) / Double(max(shown.width, shown.height))
    return ([shown], writing.warnings(atScale: scale))
  }

  /// Bytes of all pages of one picture; 0 where pictures are shown as they are.
  package var pageBytes: Int {
    formulaPage.map {
      (1 + $0.furtherThicknesses.count) * 3 * vision.imageSize * vision.imageSize
    } ?? 0
  }

  /// A view as the vision tower takes it, `[3, side, side]`.
  package func pixels(ofView view: Picture) -> [Float] { preprocessor.pixels(of: view) }
}
