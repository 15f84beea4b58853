/// Notices that an answer repeats itself without end, exactly or with changes.
///
/// Three signs, each with thresholds that real formulas keep away from:
///
/// - **Exact**: a run of tokens repeats with a period of at most 128, over at least 64 tokens and 12
///   rounds, or 6 rounds of a period above 40.
/// - **Drifting**: the last tokens have few different pairs of neighbours: at most 11 pairs in 96 tokens,
///   14 in 128 or 17 in 192. Two pieces that alternate at random, counts that change and delimiters
///   nested at random look so.
/// - **Nearly periodic**: seven of eight of the last 160 tokens are those of at most 13 tokens before.
///
/// Tables repeat by their nature: a matrix of zeros, a unit matrix, rows of dots. Where one token in ten
/// separates cells or rows, the drifting signs need 384 tokens.
package struct RepetitionGuard: Sendable {
  private static let longestPeriod = 128
  private static let leastTokens = 64
  /// How many tokens, and how many different pairs among them at most.
  private static let windows = [(96, 11), (128, 14), (192, 17)]
  private static let tableWindow = (384, 14)
  private static let longestLag = 13
  private static let lagWindow = 160

  private let alignmentTokens: Set<Int>
  private var tokens: [Int] = []
  /// For each period, how many of the last tokens equal the one that is a period before.
  private var matches = Array(repeating: 0, count: longestPeriod + 1)
  /// For each lag, how many of the last `lagWindow` tokens equal the one that is a lag before.
  private var lagMatches = Array(repeating: 0, count: longestLag + 1)
  private var windows: [PairWindow]
  private var tableWindow: PairWindow
  /// For each token, how many tokens of alignment came before it.
  private var alignments = [0]

  /// - Parameter alignmentTokens: the tokens that separate the cells or rows of a table, those with `&`
  ///   or `\\` in them. Without them long tables may be taken for loops.
  package init(alignmentTokens: Set<Int> = []) {
    self.alignmentTokens = alignmentTokens
    windows = Self.windows.map { PairWindow(length: $0.0) }
    tableWindow = PairWindow(length: Self.tableWindow.0)
  }

  /// Takes the next token; in a loop, returns how many tokens to keep: all before the loop, and its
  /// first round.
  package mutating func append(_ token: Int) -> Int? {
    tokens.append(token)
    alignments.append(alignments[alignments.count - 1] + (alignmentTokens.contains(token) ? 1 : 0))
    for index in windows.indices { windows[index].append(tokens) }
    tableWindow.append(tokens)
    let exact = exactLoop()
    let nearly = nearLoop()
    return exact ?? driftingLoop() ?? nearly
  }

  // MARK: Exact

  private mutating func exactLoop() -> Int? {
    let last = tokens.count - 1
    var found: Int?
    for period in 1..<min(Self.longestPeriod, last) + 1 {
      guard tokens[last - period] == tokens[last] else {
        matches[period] = 0
        continue
      }
      matches[period] += 1
      let length = matches[period] + period
      let rounds = period <= 40 || isTable(length) ? 12 : 6
      if found == nil, length >= Self.leastTokens, length >= period * rounds {
        found = tokens.count - matches[period]
      }
    }
    return found
  }

  // MARK: Drifting

  private func isTable(_ length: Int) -> Bool {
    let count = alignments[tokens.count] - alignments[max(0, tokens.count - length)]
    return count * 10 >= length
  }

  private func driftingLoop() -> Int? {
    for (window, (length, most)) in zip(windows, Self.windows)
    where window.isFull && window.different <= most && !isTable(length) {
      return firstRound(length)
    }
    let (length, most) = Self.tableWindow
    if tableWindow.isFull, tableWindow.different <= most { return firstRound(length) }
    return nil
  }

  /// Goes back from the last `length` tokens while no new pair turns up, then forward to the first pair
  /// that comes again.
  private func firstRound(_ length: Int) -> Int {
    var start = tokens.count - length
    var pairs: Set<Pair> = []
    for index in start..<tokens.count - 1 { pairs.insert(Pair(tokens[index], tokens[index + 1])) }
    while start > 0, pairs.contains(Pair(tokens[start - 1], tokens[start])) { start -= 1 }
    var seen: Set<Pair> = []
    for index in start..<tokens.count - 1
    where !seen.insert(Pair(tokens[index], tokens[index + 1])).inserted {
      return index
    }
    return start
  }

  // MARK: Nearly periodic

  private mutating func nearLoop() -> Int? {
    let last = tokens.count - 1
    var found: Int?
    for lag in 1...Self.longestLag where last >= lag {
      if tokens[last - lag] == tokens[last] { lagMatches[lag] += 1 }
      let old = last - Self.lagWindow
      if old >= lag, tokens[old - lag] == tokens[old] { lagMatches[lag] -= 1 }
      if found == nil, old >= lag, lagMatches[lag] * 8 >= Self.lagWindow * 7,
        !isTable(Self.lagWindow)
      {
        found = (old + 1 - lag..<tokens.count).first { $0 >= lag && tokens[$0 - lag] == tokens[$0] }
      }
    }
    return found
  }

  private struct Pair: Hashable, Sendable {
    let first: Int
    let second: Int
    init(_ first: Int, _ second: Int) {
      self.first = first
      self.second = second
    }
  }

  /// Counts the different pairs of neighbours among the last tokens.
  private struct PairWindow: Sendable {
    let length: Int
    private var counts: [Pair: Int] = [:]
    private(set) var isFull = false

    init(length: Int) { self.length = length }

    var different: Int { counts.count }

    mutating func append(_ tokens: [Int]) {
      let count = tokens.count
      isFull = count >= length
      guard count > 1 else { return }
      counts[Pair(tokens[count - 2], tokens[count - 1]), default: 0] += 1
      let old = count - length - 1
      guard old >= 0 else { return }
      let pair = Pair(tokens[old], tokens[old + 1])
      if let left = counts[pair] { counts[pair] = left > 1 ? left - 1 : nil }
    }
  }
}
