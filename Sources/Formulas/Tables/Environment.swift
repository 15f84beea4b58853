/// An environment of LaTeX, as the table knows it.
package struct Environment: Sendable {
  package enum Kind: Sendable {
    /// A matrix or an array.
    case grid
    /// Lines that align, inside of a formula.
    case rows
    /// Lines that stand in the text by themselves.
    case display
    /// One displayed formula.
    case wrapper
  }

  package let name: String
  package let kind: Kind
  /// How many columns a row may have; nil for any, or for as many as its columns' argument tells.
  package let columns: Int?
  package let slots: [Slot]
  /// The alignment of the columns, repeated: l, c, r.
  package let alignment: [UInt8]
  /// The package that a document needs for it beside amsmath and amssymb.
  package let package: String?
  let nameBytes: [UInt8]

  /// Columns that an array may have. LaTeX has no limit; counts of columns have one here.
  static let mostColumns = 20_000

  var allowsAlignment: Bool { kind == .grid || kind == .rows || columns != 1 }
  /// Whether it may stand only by itself, not inside of a formula.
  package var isOuter: Bool { kind == .display || kind == .wrapper }
  /// Whether its cells hold text.
  var holdsText: Bool { name == "tabular" }

  /// Delimiters around it, for a matrix with brackets and for cases.
  package var fences: (left: String, right: String) {
    switch name.hasSuffix("*") ? String(name.dropLast()) : name {
    case "pmatrix", "psmallmatrix": ("(", ")")
    case "bmatrix", "bsmallmatrix": ("[", "]")
    case "Bmatrix", "Bsmallmatrix": ("{", "}")
    case "vmatrix", "vsmallmatrix": ("|", "|")
    case "Vmatrix", "Vsmallmatrix": ("‖", "‖")
    case "cases", "dcases": ("{", "")
    case "rcases", "drcases": ("", "}")
    default: ("", "")
    }
  }

  /// The environment that does the same inside of a formula; nil for a wrapper, which is not needed
  /// there.
  package var innerName: String? {
    switch name {
    case "align", "align*", "flalign", "flalign*", "eqnarray", "eqnarray*": "aligned"
    case "alignat", "alignat*", "xalignat": "alignedat"
    case "gather", "gather*", "multline", "multline*": "gathered"
    case "equation", "equation*", "displaymath", "math": nil
    default: name
    }
  }
}

/// All environments that a formula may have, found by name.
package struct EnvironmentTable: Sendable {
  package static let shared = EnvironmentTable()
  private(set) var environments: [Environment] = []
  private(set) var names = NameTree()

  static let inner: UInt32 = 1
  static let outer: UInt32 = 2

  package subscript(index: UInt16) -> Environment { environments[Int(index)] }

  package func index(of name: some StringProtocol) -> UInt16? { names.find(name.utf8) }

  private init() {
    for line in EnvironmentData.all.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      let kind: Environment.Kind =
        switch words[1] {
        case "grid": .grid
        case "rows": .rows
        case "display": .display
        default: .wrapper
        }
      let environment = Environment(
        name: words[0], kind: kind, columns: Int(words[2]),
        slots: words[3].utf8.compactMap(Slot.init(letter:)), alignment: Array(words[4].utf8),
        package: words.count > 5 ? words[5] : nil, nameBytes: Array(words[0].utf8))
      names.insert(
        words[0], value: UInt16(environments.count),
        roles: environment.isOuter ? Self.outer : Self.inner)
      environments.append(environment)
    }
  }
}
