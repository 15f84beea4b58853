/// A set of Unicode scalars, as sorted ranges that neither touch nor overlap.
package struct ScalarSet: Hashable, Sendable {
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
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].lowerBound <= value
  }

  /// Unicode's White_Space, which is what `\s` means to Oniguruma.
  static let whitespace = ScalarSet([
    0x09...0x0D, 0x20...0x20, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A,
    0x2028...0x2029, 0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
  ])

  /// The scalars of a general category, `L` or `Lu`; nil for an unknown name, and for the
  /// categories of unassigned scalars, which change with each Unicode version.
  static func category(_ name: String) -> ScalarSet? { categories[name] }

  /// All in one walk over the scalars, which takes as long as for one of them.
  ///
  /// Planes 4 to 13 have no assigned scalar, 15 and 16 are for private use.
  private static let categories: [String: ScalarSet] = {
    let named = Unicode.GeneralCategory.named
    let numbers = Dictionary(
      uniqueKeysWithValues: named.enumerated().map { ($1.category, $0) })
    var ranges: [[ClosedRange<UInt32>]] = Array(repeating: [], count: named.count)
    for plane: UInt32 in [0, 1, 2, 3, 14] {
      for value in plane << 16...plane << 16 | 0xFFFF {
        guard let scalar = Unicode.Scalar(value),
          let number = numbers[scalar.properties.generalCategory]
        else { continue }
        if let open = ranges[number].last, open.upperBound + 1 == value {
          ranges[number][ranges[number].count - 1] = open.lowerBound...value
        } else {
          ranges[number].append(value...value)
        }
      }
    }
    var sets: [String: ScalarSet] = [:]
    for (number, category) in named.enumerated() {
      sets[category.name] = ScalarSet(ranges[number])
      sets[String(category.name.prefix(1)), default: ScalarSet()] =
        sets[String(category.name.prefix(1)), default: ScalarSet()].union(ScalarSet(ranges[number]))
    }
    return sets
  }()
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
