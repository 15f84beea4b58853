/// How much a request may ask for.
package struct RequestLimits: Sendable {
  /// Bytes of a body.
  package var body: Int
  /// Tokens of an answer, and what it gets that asks for no number.
  package var tokens: Int
  /// Time to send a body in.
  package var sending: Duration

  package init(
    body: Int = 64 << 20, tokens: Int = 2_048, sending: Duration = .seconds(60)
  ) {
    self.body = body
    self.tokens = tokens
    self.sending = sending
  }

  static let messages = 4_096
  static let pictures = 64
  static let choices = 8
  static let paintings = 10
  static let partials = 24
  /// Side of a picture that a painting is enlarged to.
  static let paintedSide = 2_048
}
