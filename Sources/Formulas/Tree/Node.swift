/// A piece of a formula, with the bytes of the source that it was read from.
///
/// Two nodes are equal if they say the same, wherever they stood.
package struct Node: Equatable, Sendable {
  package indirect enum Kind: Equatable, Sendable {
    /// A letter, a digit, a sign.
    case character(Unicode.Scalar)
    /// A command without arguments.
    case command(CommandID)
    /// A command that the table does not know, without its backslash.
    case unknown(String)
    /// A command with its arguments.
    case construct(CommandID, [Argument])
    case group([Node])
    /// An atom with what stands below and above it; `primes` stand before the superscript.
    case scripts(base: Node?, sub: [Node]?, sup: [Node]?, primes: Int)
    /// An operator with `\limits` or its like.
    case limited(Node, CommandID)
    /// `\left…\right`.
    case fenced(left: Node, [Node], right: Node)
    /// A delimiter behind `\middle`.
    case middle(Node)
    case environment(UInt16, [Argument], [Row])
    /// White space of text.
    case space
    /// A formula inside of text.
    case formula([Node])
    /// The end of a row outside of an environment.
    case newline
    /// An alignment mark outside of an environment.
    case alignment
  }

  package var kind: Kind
  /// Bytes of the source, of its UTF-8.
  package var range: Range<Int>

  package static func == (left: Node, right: Node) -> Bool { left.kind == right.kind }
}

/// An argument of a command or an environment.
package enum Argument: Equatable, Sendable {
  case absent
  case math([Node])
  case text([Node])
  case delimiter(Node)
  case rows([Row])
  /// Plain words: a length, a number, a star.
  case raw(String)

  package var nodes: [Node] {
    switch self {
    case .math(let nodes), .text(let nodes): nodes
    default: []
    }
  }
}

/// A row of an environment.
package struct Row: Equatable, Sendable {
  package var cells: [[Node]]
  /// The length behind the row's end, without brackets.
  package var spacing: String?
  /// The bytes of the row's end; empty for the last row.
  package var end: Range<Int>

  package static func == (left: Row, right: Row) -> Bool {
    left.cells == right.cells && left.spacing == right.spacing
  }

  /// Whether nothing stands in it.
  var isEmpty: Bool { cells.allSatisfy(\.isEmpty) }
}
