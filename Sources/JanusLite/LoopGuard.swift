import JanusEngine
import JanusModelFile
import JanusSystem
import JanusWords

/// Notices that an answer repeats itself without end.
///
/// A loop is a run of tokens that repeats with a period of at most 128, over at least 64 tokens and
/// 12 rounds, or 6 rounds of a period above 40. Formulas repeat as well: a matrix of zeros repeats
/// its rows. The thresholds let ten equal rows of ten pass.
public struct LoopGuard: Sendable {
  private static let longestPeriod = 128
  private static let leastTokens = 64

  private var tokens: [Int] = []
  /// For each period, how many of the last tokens equal the one that is a period before.
  private var matches = Array(repeating: 0, count: longestPeriod + 1)

  public init() {}

  /// Takes the next token; in a loop, returns how many tokens to keep: all before the loop, and its
  /// first round.
  public mutating func append(_ token: Int) -> Int? {
    tokens.append(token)
    let last = tokens.count - 1
    for period in 1..<min(Self.longestPeriod, last) + 1 {
      guard tokens[last - period] == token else {
        matches[period] = 0
        continue
      }
      matches[period] += 1
      let length = matches[period] + period
      if length >= Self.leastTokens, length >= period * Self.leastRounds(period) {
        return tokens.count - matches[period]
      }
    }
    return nil
  }

  private static func leastRounds(_ period: Int) -> Int { period <= 40 ? 12 : 6 }
}
