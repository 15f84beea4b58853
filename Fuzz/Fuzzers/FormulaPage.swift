import JanusImages

extension FuzzTarget {
  /// Pixels of any content and shape as a page: the first byte is the width, the rest are greys.
  static let formulaPage = FuzzTarget("formula-page", mostBytes: 4096) { input in
    guard let first = input.first, input.count > 1 else { return }
    let width = min(Int(first) + 1, input.count - 1)
    let height = (input.count - 1) / width
    let bytes = input[1..<(1 + width * height)].flatMap { [$0, $0 ^ 0x10, $0] }
    let picture = Picture(width: width, height: height, bytes: bytes)
    let page = FormulaPage(margin: 4, thickness: 60, folds: true, furtherThicknesses: [90, 30])
    if let (pages, warnings) = try? page.pages(of: picture, side: 64) {
      precondition((1...3).contains(pages.count) && warnings.count <= 2)
      precondition(pages.allSatisfy { $0.width == 64 && $0.height == 64 })
    }
  }
}
