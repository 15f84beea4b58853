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
  private var steps = 0
  /// The latest visit that came to each instruction, and the one that took it into the next list.
  private var visits: [Int] = []
  private var takes: [Int] = []
  private var visit = 0

  init(_ syntax: PatternSyntax, named name: String) throws(TokenizerError) {
    self.name = name
    var numbers: [ScalarSet: Int] = [:]
    var sets: [ScalarSet] = []
    Self.collectSets(of: syntax, into: &sets, &numbers)
    guard sets.count <= TokenizerLimits.patternSets else {
      throw .pattern(
        name, reason: "it has more than \(TokenizerLimits.patternSets) sets of characters")
    }
    guard let classes = ScalarClasses(partitioning: sets) else {
      throw .pattern(name, reason: "it distinguishes more than 255 kinds of characters")
    }
    self.classes = classes
    membership = sets.map { set in classes.representatives.map { set.contains($0) } }
    try emit(syntax, numbers)
    program.append(.match)
    visits = Array(repeating: 0, count: program.count + 1)
    takes = visits
    try buildTransitions()
  }

  /// The different sets and their numbers; one more than the limit at most.
  private static func collectSets(
    of syntax: PatternSyntax, into sets: inout [ScalarSet], _ numbers: inout [ScalarSet: Int]
  ) {
    guard sets.count <= TokenizerLimits.patternSets else { return }
    switch syntax {
    case .scalar(let set), .endOrAhead(let set):
      if numbers[set] == nil {
        numbers[set] = sets.count
        sets.append(set)
      }
    case .sequence(let items), .alternatives(let items):
      for item in items { collectSets(of: item, into: &sets, &numbers) }
    case .repeated(let item, _, _):
      collectSets(of: item, into: &sets, &numbers)
    }
  }

  /// Appends the instructions of `syntax`; each runs into the one that follows it.
  private mutating func emit(
    _ syntax: PatternSyntax, _ sets: [ScalarSet: Int]
  ) throws(TokenizerError) {
    guard program.count < Self.mostInstructions else {
      throw .pattern(name, reason: "it is too long")
    }
    switch syntax {
    case .scalar(let set):
      program.append(.scalar(set: sets[set] ?? 0))
    case .endOrAhead(let set):
      program.append(.endOrAhead(set: sets[set] ?? 0))
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
    var numbers: [[UInt16]: Int] = [[]: 0, [0]: 1]
    var lists: [[UInt16]] = [[], [0]]
    transitions = Array(repeating: 0, count: 2 * width)
    var state = 1
    while state < lists.count {
      for scalarClass in 0..<width {
        let ahead = scalarClass < classes.count ? scalarClass : nil
        let (next, accepts) = try step(lists[state], ahead: ahead)
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
  private mutating func step(
    _ list: [UInt16], ahead: Int?
  ) throws(TokenizerError) -> (next: [UInt16], accepts: Bool) {
    visit += 1
    // Also the copy of the list counts, where a match at its beginning ends the step.
    steps += list.count
    guard steps <= TokenizerLimits.automatonSteps else {
      throw .pattern(name, reason: "its automaton takes too long to build")
    }
    var next: [UInt16] = []
    var pending = Array(list.reversed())
    while let top = pending.popLast() {
      steps += 1
      let instruction = Int(top)
      if visits[instruction] == visit { continue }
      visits[instruction] = visit
      switch program[instruction] {
      case .match:
        return (next, true)
      case .fork(let first, let second):
        pending.append(UInt16(second))
        pending.append(UInt16(first))
      case .endOrAhead(let set):
        if ahead.map({ membership[set][$0] }) ?? true { pending.append(top + 1) }
      case .scalar(let set):
        if let ahead, membership[set][ahead], takes[instruction + 1] != visit {
          takes[instruction + 1] = visit
          next.append(top + 1)
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

  private static let most = 255

  var count: Int { representatives.count }

  /// Nil where more than 255 classes are needed.
  init?(partitioning sets: [ScalarSet]) {
    let borders = sets.flatMap { $0.ranges.flatMap { [$0.lowerBound, $0.upperBound + 1] } }
    let intervals = Set(borders + [0]).sorted().filter { $0 <= 0x10FFFF }
    var numbers: [[Bool]: Int] = [:]
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
      let number = numbers[signature] ?? numbers.count
      if number == numbers.count {
        guard number < Self.most else { return nil }
        numbers[signature] = number
        representatives.append(start)
      }
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
