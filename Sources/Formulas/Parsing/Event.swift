/// What the grammar tells the one that builds a tree.
enum Event: Sendable {
  /// The lexeme itself became part of the innermost frame.
  case leaf(Lexeme)
  /// A frame was opened.
  case open(Frame)
  /// The innermost frame was closed.
  case close(Frame)
  /// A new cell, a new row.
  case cell
  case row
}
