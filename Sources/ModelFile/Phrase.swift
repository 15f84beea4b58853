/// Words in which metadata keys stand for the dimensions of a model.
///
/// A reader shows the keys as they are; a converter, whose user has never seen them, shows where each
/// number came from: `"\(.headCount) × \(.headDim)"`.
package struct Phrase: Equatable, Sendable, ExpressibleByStringInterpolation {
  fileprivate enum Piece: Equatable, Sendable {
    case words(String)
    case key(String)
  }

  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var pieces: [Piece] = []

    package init(literalCapacity: Int, interpolationCount: Int) {}

    package mutating func appendLiteral(_ literal: String) { pieces.append(.words(literal)) }

    package mutating func appendInterpolation(_ key: IntegerKey) { pieces.append(.key(key.name)) }

    package mutating func appendInterpolation(list key: IntegersKey) {
      pieces.append(.key(key.name))
    }

    package mutating func appendInterpolation(_ number: Int) { pieces.append(.words("\(number)")) }

    package mutating func appendInterpolation(_ phrase: Phrase) { pieces += phrase.pieces }
  }

  private let pieces: [Piece]

  package init(stringLiteral text: String) { pieces = [.words(text)] }

  package init(stringInterpolation: StringInterpolation) { pieces = stringInterpolation.pieces }

  /// - Parameter name: how a key, given by its name, is called.
  package func text(calling name: (String) -> String = { $0 }) -> String {
    pieces.map { piece in
      switch piece {
      case .words(let text): text
      case .key(let key): name(key)
      }
    }.joined()
  }
}

/// An extent of a shape: its number, and what that number is in the model.
package struct Extent: Equatable, Sendable {
  package let value: Int
  package let meaning: Phrase

  package init(_ value: Int, _ meaning: Phrase) {
    self.value = value
    self.meaning = meaning
  }

  package init(_ value: Int, _ key: IntegerKey) { self.init(value, "\(key)") }

  /// Dimensions are bounded where they are read, so that products of a few cannot overflow.
  static func * (a: Extent, b: Extent) -> Extent {
    Extent(a.value * b.value, "\(a.meaning) × \(b.meaning)")
  }
}
