/// The writing of a picture, as ink of 0 to 255 in each pixel: what it stands on, frames, rules of paper and edges of scans left
/// out, writing of every colour equally dark, and level.
///
/// Integer arithmetic only, so that training and runtime see the same; the twin is Tools/train/inkmap.py. How it is found is
/// in docs/MODEL.md.
struct InkMap {
  /// 255 is the darkest; what is below `Ground.noise` is 0. Larger than the picture where that was turned, smaller where it
  /// was very large.
  let ink: Plane

  /// - Throws: `BlankPicture` where no writing stands out from the ground.
  init(of picture: Picture) throws(BlankPicture) {
    let level = try Self.unturned(picture)
    ink = Straightening(of: level).applied(to: level)
  }

  /// The ink of a picture at its places, askew or not.
  static func unturned(_ picture: Picture) throws(BlankPicture) -> Plane {
    let ground = Ground(of: picture)
    var distance = ground.distance
    var contrast = try checked(distance)
    var ink = distance.ink(contrast: contrast)
    // A dark frame hides what is paler than it until it is gone.
    for _ in 0..<4 {
      let marks = Marks(in: ink).mask
      if marks.isBlank { break }
      distance = distance.combined(with: marks) { $1 > 0 ? 0 : $0 }
      contrast = try checked(distance)
      ink = distance.ink(contrast: contrast)
    }
    let strengths = Strengths(distance, contrast: contrast, ripple: ground.ripple)
    if ground.isPlain && !strengths.differ { return ink }
    ink = strengths.levelled()
    return ink.combined(with: Marks(in: ink).mask) { $1 > 0 ? 0 : $0 }
  }

  private static func checked(_ distance: Plane) throws(BlankPicture) -> Int {
    let contrast = distance.largest
    if contrast < Ground.leastContrast { throw BlankPicture(contrast: contrast) }
    return contrast
  }
}

/// How strong the writing is from part to part: a term in a paler colour is as much writing as the rest.
private struct Strengths {
  private let distance: Plane
  private let contrast: Int
  /// All parts of ink, those far paler than the darkest as well.
  private let parts: Components
  /// The greatest difference in each; 0 where it may be noise.
  private let most: [Int]

  init(_ distance: Plane, contrast: Int, ripple: Int) {
    self.distance = distance
    self.contrast = contrast
    let least = max(20, contrast / 8, 2 * ripple)
    parts = Components(distance) { $0 >= least }
    most = parts.largest(distance).map {
      $0 >= max(40, 3 * ripple) || $0 * 4 >= contrast ? $0 : 0
    }
  }

  var differ: Bool {
    zip(parts.parts, most).contains { part, most in
      most > 0 && most * 5 < contrast * 2 && part.area >= 4
    }
  }

  /// Ink in which writing of any strength is as dark as the strongest.
  func levelled() -> Plane {
    let stroke = max(16, distance.thickness(from: (contrast + 3) / 4))
    let near = distance.highest((4 * stroke / 16 + 3) | 1)
    let kept = parts.mask(most.map { $0 > 0 }).highest(3)
    let ink = distance.combined(with: near) {
      let most = max(Int($1), 1)
      let ink = (Int($0) * 255 + Int($1) / 2) / most
      return ink < Ground.noise ? 0 : UInt8(ink)
    }
    return ink.combined(with: kept) { $1 > 0 ? $0 : 0 }
  }
}
