import Testing

@testable import JanusFormulas

@Suite struct RepetitionGuardTests {
  /// How many tokens the guard keeps, and after how many it saw the loop; nil when it sees none.
  private func loop(_ tokens: [Int], alignment: Set<Int> = []) -> (keep: Int, seen: Int)? {
    var guardian = RepetitionGuard(alignmentTokens: alignment)
    for (index, token) in tokens.enumerated() {
      if let keep = guardian.append(token) { return (keep, index + 1) }
    }
    return nil
  }

  @Test(arguments: [1, 2, 3, 7, 20, 40, 41, 100, 128])
  func aLoopIsCutAfterItsFirstRound(_ period: Int) {
    let opening = Array(1000..<1017)
    let tokens = opening + (0..<100).flatMap { _ in 0..<period }
    #expect(loop(tokens)?.keep == opening.count + period)
  }

  @Test func aLoopIsNoticedWithinTheUsualLimitOfTokens() {
    for period in 1...80 {
      #expect(loop((0..<512).map { $0 % period })?.keep == period, "period \(period)")
    }
  }

  /// Walks over a chain: for each token, the next ones, one of which is drawn.
  private func walk(_ chain: [Int: [Int]], from start: Int, seed: UInt64, count: Int) -> [Int] {
    var generator = SplitMix(seed)
    var token = start
    var tokens: [Int] = []
    for _ in 0..<count {
      tokens.append(token)
      guard let next = chain[token] else { break }
      token = next[generator.below(next.count)]
    }
    return tokens
  }

  static let chains: [(String, [Int: [Int]])] = [
    ("counts that change", [1: [1, 1, 1, 1, 1, 2], 2: [1]]),
    ("two alternating pieces", [1: [2], 2: [3, 5], 3: [4], 4: [1], 5: [6], 6: [1]]),
    ("one letter of six", [1: [2], 2: [3], 3: [4, 5], 4: [6], 5: [6], 6: [1]]),
    (
      "delimiters nested",
      [1: [2, 3], 2: [1, 4], 3: [4, 1], 4: [5], 5: [6, 7], 6: [1], 7: [4, 1]]
    ),
    ("two tokens", [1: [1, 2], 2: [1, 2]]), ("three tokens", [1: [2, 3], 2: [1, 3], 3: [1, 2]]),
    (
      "a phrase of ten with one change",
      Dictionary(
        uniqueKeysWithValues: (1...9).map { ($0, [$0 + 1]) } + [
          (10, [11, 12, 13]), (11, [1]), (12, [1]), (13, [1]),
        ])
    ),
  ]

  @Test(arguments: chains)
  func aDriftingLoopEndsWithinTwoHundredTokens(_ name: String, _ chain: [Int: [Int]]) {
    for seed in 1...20 as ClosedRange<UInt64> {
      let found = loop(walk(chain, from: 1, seed: seed, count: 400))
      #expect((found?.seen ?? 999) <= 200, "\(name), seed \(seed)")
    }
  }

  @Test func theTextBeforeADriftingLoopIsKept() {
    let opening = Array(100..<140)
    for (name, chain) in Self.chains {
      let found = loop(opening + walk(chain, from: 1, seed: 3, count: 400))
      #expect((found?.keep ?? 0) >= opening.count, "\(name)")
      #expect((found?.keep ?? 999) <= opening.count + 40, "\(name)")
    }
  }

  /// Token ids of rows of a matrix: cells, and what separates cells and rows.
  private func matrix(rows: Int, columns: Int, cell: (Int, Int) -> [Int]) -> [Int] {
    (0..<rows).flatMap { row in
      (0..<columns).flatMap { $0 == 0 ? cell(row, $0) : [90] + cell(row, $0) } + [92]
    }
  }

  @Test func tablesAreNoLoops() {
    let signs: Set<Int> = [90, 92]
    for (rows, columns) in [(10, 10), (8, 3), (5, 16), (11, 4)] {
      let equal = matrix(rows: rows, columns: columns) { _, _ in [5] }
      #expect(loop([1, 2, 3] + equal + [4], alignment: signs) == nil)
    }
    for size in [6, 10, 12] {
      let unit = matrix(rows: size, columns: size) { [$0 == $1 ? 6 : 5] }
      #expect(loop([1] + unit + [4], alignment: signs) == nil, "unit matrix of \(size)")
      let dots = matrix(rows: min(size, 8), columns: min(size, 8)) { row, _ in
        row == 3 ? [7] : [8, 9, 10]
      }
      #expect(loop(dots, alignment: signs) == nil, "dots of \(size)")
    }
  }

  @Test func aTableThatNeverEndsIsALoop() {
    let endless = matrix(rows: 200, columns: 4) { row, column in [(row * 7 + column * row) % 3] }
    #expect(loop(endless, alignment: [90, 92]) != nil)
    #expect(loop(matrix(rows: 1, columns: 200) { _, _ in [5] }, alignment: [90, 92]) != nil)
  }

  @Test func growingSequencesAreNoLoops() {
    // a_{1}, a_{2}, a_{3}, …: a period but for one token.
    #expect(loop((0..<100).flatMap { [7, 8, 1000 + $0, 9] }) == nil)
    #expect(loop(Array(repeating: 3, count: 63)) == nil)
    #expect(loop([]) == nil)
  }

  @Test func longFormulasAreNoLoops() {
    // A sum of sixteen terms x_i y_i / z_i with indices of two digits, and a product of brackets.
    let sum = (0..<16).flatMap { index in [1, 2, 3, 20 + index, 4, 5, 2, 3, 20 + index, 4, 6, 7] }
    #expect(loop(sum) == nil)
    let brackets = (0..<24).flatMap { index in [1, 30 + index % 12, 2, 50 + index, 3] }
    #expect(loop(brackets) == nil)
  }
}
