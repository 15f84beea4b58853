/// From a pattern's syntax to the table of its deterministic automaton.
///
/// Thompson's construction, then the subset construction over ordered lists of instructions: the
/// order is the priority, and everything after a match in the list is cut off.
package struct PatternAutomaton {
  let classes: ScalarClasses
  private(set) var transitions: [UInt16] = []

  private let name: String
  private var program: [Instruction] = []
  /// For each set of the pattern, whether each class is in it.
  private let membership: [[Bool]]

  private enum Instruction {
    case scalar(set: Int)
    case endOrAhead(set: Int)
    /// Both, the first with priority.
    case fork(Int, Int)
    case match
  }

  private static let mostInstructions = 8192
  private static let mostStates = 4096

  init(_ syntax: PatternSyntax, named name: String) throws(TokenizerError) {
    self.name = name
    var sets: [ScalarSet] = []
    Self.collectSets(of: syntax, into: &sets)
    classes = ScalarClasses(partitioning: sets)
    guard classes.count < 256 else {
      throw .pattern(name, reason: "it distinguishes more than 255 kinds of characters")
    }
    let classes = classes
    membership = sets.map { set in classes.representatives.map { set.contains($0) } }
    try emit(syntax, sets)
    program.append(.match)
    try buildTransitions()
  }

  private static func collectSets(of syntax: PatternSyntax, into sets: inout [ScalarSet]) {
    switch syntax {
    case .scalar(let set), .endOrAhead(let set):
      if !sets.contains(set) { sets.append(set) }
    case .sequence(let items), .alternatives(let items):
      for item in items { collectSets(of: item, into: &sets) }
    case .repeated(let item, _, _):
      collectSets(of: item, into: &sets)
    }
  }

  /// Appends the instructions of `syntax`; each runs into the one that follows it.
  private mutating func emit(
    _ syntax: PatternSyntax, _ sets: [ScalarSet]
  ) throws(TokenizerError) {
    guard program.count < Self.mostInstructions else {
      throw .pattern(name, reason: "it is too long")
    }
    switch syntax {
    case .scalar(let set):
      program.append(.scalar(set: sets.firstIndex(of: set) ?? 0))
    case .endOrAhead(let set):
      program.append(.endOrAhead(set: sets.firstIndex(of: set) ?? 0))
    case .sequence(let items):
      for item in items { try emit(item, sets) }
    case .alternatives(let branches):
      var exits: [Int] = []
      for branch in branches.dropLast() {
        let fork = program.count
        program.append(.match)
        try emit(branch, sets)
        exits.append(program.count)
        program.append(.match)
        program[fork] = .fork(fork + 1, program.count)
      }
      if let last = branches.last { try emit(last, sets) }
      for exit in exits { program[exit] = .fork(program.count, program.count) }
    case .repeated(let item, let least, let most):
      for _ in 0..<least { try emit(item, sets) }
      if let most {
        var forks: [Int] = []
        for _ in least..<max(least, most) {
          forks.append(program.count)
          program.append(.match)
          try emit(item, sets)
        }
        for fork in forks { program[fork] = .fork(fork + 1, program.count) }
      } else {
        let fork = program.count
        program.append(.match)
        try emit(item, sets)
        program.append(.fork(fork, fork))
        program[fork] = .fork(fork + 1, program.count)
      }
    }
  }

  private mutating func buildTransitions() throws(TokenizerError) {
    let width = classes.count + 1
    var numbers: [[Int]: Int] = [[]: 0, [0]: 1]
    var lists: [[Int]] = [[], [0]]
    transitions = Array(repeating: 0, count: 2 * width)
    var state = 1
    while state < lists.count {
      for scalarClass in 0..<width {
        let ahead = scalarClass < classes.count ? scalarClass : nil
        let (next, accepts) = step(lists[state], ahead: ahead)
        if accepts, state == 1 { throw .pattern(name, reason: "it matches the empty text") }
        let known = numbers[next] ?? lists.count
        if known == lists.count {
          guard known < Self.mostStates else {
            throw .pattern(name, reason: "its automaton has more than \(Self.mostStates) states")
          }
          numbers[next] = known
          lists.append(next)
          transitions.append(contentsOf: repeatElement(0, count: width))
        }
        transitions[state * width + scalarClass] = UInt16(known << 1 | (accepts ? 1 : 0))
      }
      state += 1
    }
  }

  /// The list after the next scalar (`ahead`, nil: the text ends), and whether a match ends before
  /// it. Depth first in order of priority.
  private func step(_ list: [Int], ahead: Int?) -> (next: [Int], accepts: Bool) {
    var seen: Set<Int> = []
    var next: [Int] = []
    var pending = Array(list.reversed())
    while let instruction = pending.popLast() {
      guard seen.insert(instruction).inserted else { continue }
      switch program[instruction] {
      case .match:
        return (next, true)
      case .fork(let first, let second):
        pending.append(second)
        pending.append(first)
      case .endOrAhead(let set):
        if ahead.map({ membership[set][$0] }) ?? true { pending.append(instruction + 1) }
      case .scalar(let set):
        if let ahead, membership[set][ahead], !next.contains(instruction + 1) {
          next.append(instruction + 1)
        }
      }
    }
    return (next, false)
  }
}

/// The coarsest partition of all scalars that every given set is a union of.
package struct ScalarClasses {
  /// First scalar of each interval, ascending from 0, and the interval's class.
  private(set) var starts: [UInt32] = []
  private(set) var classes: [UInt8] = []
  /// One scalar of each class.
  private(set) var representatives: [UInt32] = []

  var count: Int { representatives.count }

  init(partitioning sets: [ScalarSet]) {
    let borders = sets.flatMap { $0.ranges.flatMap { [$0.lowerBound, $0.upperBound + 1] } }
    let intervals = Set(borders + [0]).sorted().filter { $0 <= 0x10FFFF }
    var signatures: [[Bool]] = []
    // Each set's ranges are walked along with the intervals, never searched.
    var cursors = Array(repeating: 0, count: sets.count)
    for start in intervals {
      let signature = sets.indices.map { index in
        let ranges = sets[index].ranges
        while cursors[index] < ranges.count, ranges[cursors[index]].upperBound < start {
          cursors[index] += 1
        }
        return cursors[index] < ranges.count && ranges[cursors[index]].lowerBound <= start
      }
      var number = signatures.firstIndex(of: signature) ?? signatures.count
      if number == signatures.count {
        signatures.append(signature)
        representatives.append(start)
      }
      number = min(number, 255)
      if classes.last != UInt8(number) {
        starts.append(start)
        classes.append(UInt8(number))
      }
    }
  }

  func `class`(of value: UInt32) -> UInt8 {
    classes[(starts.firstIndex { $0 > value } ?? starts.count) - 1]
  }
}
