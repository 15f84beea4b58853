/// A set of Unicode scalars, as sorted ranges that neither touch nor overlap.
package struct ScalarSet: Equatable, Sendable {
  private(set) var ranges: [ClosedRange<UInt32>]

  private static let last: UInt32 = 0x10FFFF

  init(_ ranges: [ClosedRange<UInt32>]) {
    self.ranges = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let open = self.ranges.last, range.lowerBound <= open.upperBound + 1 {
        let end = max(open.upperBound, range.upperBound)
        self.ranges[self.ranges.count - 1] = open.lowerBound...end
      } else {
        self.ranges.append(range)
      }
    }
  }

  init(_ scalars: Unicode.Scalar...) {
    self.init(scalars.map { $0.value...$0.value })
  }

  func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

  var inverted: ScalarSet {
    var gaps: [ClosedRange<UInt32>] = []
    var start: UInt32 = 0
    for range in ranges {
      if start < range.lowerBound { gaps.append(start...range.lowerBound - 1) }
      start = range.upperBound + 1
    }
    if start <= Self.last { gaps.append(start...Self.last) }
    return ScalarSet(gaps)
  }

  func contains(_ value: UInt32) -> Bool {
    ranges.contains { $0.contains(value) }
  }

  /// Unicode's White_Space, which is what `\s` means to Oniguruma.
  static let whitespace = ScalarSet([
    0x09...0x0D, 0x20...0x20, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A,
    0x2028...0x2029, 0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
  ])

  /// The scalars of a general category, `L` or `Lu`; nil for an unknown name, and for the
  /// categories of unassigned scalars, which change with each Unicode version.
  static func category(_ name: String) -> ScalarSet? {
    switch name {
    case "L": letters
    case "N": numbers
    default: assigned { $0 == name || $0.prefix(1) == name }
    }
  }

  private static let letters = assigned { $0.prefix(1) == "L" } ?? ScalarSet()
  private static let numbers = assigned { $0.prefix(1) == "N" } ?? ScalarSet()

  /// Planes 4 to 13 have no assigned scalar, 15 and 16 are for private use.
  private static func assigned(where matches: (String) -> Bool) -> ScalarSet? {
    let wanted = Unicode.GeneralCategory.named.filter { matches($0.name) }.map(\.category)
    guard !wanted.isEmpty else { return nil }
    var ranges: [ClosedRange<UInt32>] = []
    for plane: UInt32 in [0, 1, 2, 3, 14] {
      for value in plane << 16...plane << 16 | 0xFFFF {
        guard let scalar = Unicode.Scalar(value),
          wanted.contains(scalar.properties.generalCategory)
        else { continue }
        if let open = ranges.last, open.upperBound + 1 == value {
          ranges[ranges.count - 1] = open.lowerBound...value
        } else {
          ranges.append(value...value)
        }
      }
    }
    return ScalarSet(ranges)
  }
}

extension Unicode.GeneralCategory {
  fileprivate static let named: [(name: String, category: Unicode.GeneralCategory)] = [
    ("Lu", .uppercaseLetter), ("Ll", .lowercaseLetter), ("Lt", .titlecaseLetter),
    ("Lm", .modifierLetter), ("Lo", .otherLetter),
    ("Mn", .nonspacingMark), ("Mc", .spacingMark), ("Me", .enclosingMark),
    ("Nd", .decimalNumber), ("Nl", .letterNumber), ("No", .otherNumber),
    ("Pc", .connectorPunctuation), ("Pd", .dashPunctuation), ("Ps", .openPunctuation),
    ("Pe", .closePunctuation), ("Pi", .initialPunctuation), ("Pf", .finalPunctuation),
    ("Po", .otherPunctuation),
    ("Sm", .mathSymbol), ("Sc", .currencySymbol), ("Sk", .modifierSymbol), ("So", .otherSymbol),
    ("Zs", .spaceSeparator), ("Zl", .lineSeparator), ("Zp", .paragraphSeparator),
  ]
}
