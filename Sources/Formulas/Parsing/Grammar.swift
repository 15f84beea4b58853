/// The grammar of formulas as a machine that takes one lexeme after the other.
///
/// There is no other definition of what a valid formula is: the parser, the prefix that guides decoding
/// and the clean-up all run this machine. Its state is a stack of frames, at most `deepest` of them, and
/// each state can be completed: `Grammar.closing` writes how.
struct Grammar: Sendable {
  /// How many frames may be open at once: a pair of braces takes one or two. The writers go down as
  /// deep as a tree is, on threads whose stack may be half a megabyte.
  static let deepest = 64

  var stack: [Frame]
  let end: FormulaEnd
  /// Whether the delimiter that ends the formula was read.
  private(set) var hasEnded = false
  var events: [Event] = []
  let records: Bool

  /// Whether rows may stand without an environment around them.
  let allowsBareRows: Bool

  init(end: FormulaEnd = .text, allowsBareRows: Bool = false, records: Bool = false) {
    self.end = end
    self.allowsBareRows = allowsBareRows
    self.records = records
    stack = [Frame(.top)]
  }

  var depth: Int { stack.count }

  /// The events since the last call.
  mutating func takeEvents() -> [Event] {
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  /// Takes a lexeme; where it cannot stand, says why and stays as it was.
  mutating func take(_ lexeme: Lexeme) -> Fault? {
    if hasEnded { return .afterDisplay }
    let lexeme = plain(lexeme)
    switch stack[stack.count - 1].kind {
    case .top, .group, .bracket, .fenced, .cells, .rows, .inlineMath: return takeInMath(lexeme)
    case .text: return takeInText(lexeme)
    case .command: return takeArgumentOfCommand(lexeme)
    case .script: return takeMathArgument(lexeme)
    case .beginName, .endName: return takeName(lexeme)
    case .raw, .gap: return takeRaw(lexeme)
    }
  }

  /// Outside of text, α is `\alpha` and a full-width comma is a comma.
  func plain(_ lexeme: Lexeme) -> Lexeme {
    guard case .character(let scalar) = lexeme, !scalar.isASCII else { return lexeme }
    switch top.kind {
    case .text, .raw, .gap, .beginName, .endName: return lexeme
    case .command where slots(of: top)[Int(top.step)] == .text: return lexeme
    default:
      if let id = CommandTable.shared.characters[scalar] { return .command(id) }
      guard let plain = CommandTable.plain[scalar] else { return lexeme }
      guard let first = plain.unicodeScalars.first, first != " " else { return .space }
      return .character(first)
    }
  }

  /// Whether some character of `range`, which is not ASCII, can stand here.
  func acceptsCharacter(in range: ClosedRange<UInt32>) -> Bool {
    switch top.kind {
    case .text: return true
    case .raw, .gap, .beginName, .endName: return false
    case .command where slots(of: top)[Int(top.step)] == .text: return true
    default:
      return CommandTable.shared.someCharacter(in: range) { scalar in
        var copy = self
        return copy.take(.character(scalar)) == nil
      }
    }
  }

  /// Whether the formula may end here.
  var isComplete: Bool {
    if hasEnded { return true }
    guard end == .text else { return false }
    var level = stack.count - 1
    while level > 0, isOptionalRest(stack[level]) { level -= 1 }
    return level == 0 && stack[0].flags.isDisjoint(with: .halfClosed)
  }

  // MARK: The stack

  var top: Frame {
    @inline(__always) get { stack[stack.count - 1] }
  }

  @inline(__always)
  mutating func change(_ body: (inout Frame) -> Void) { body(&stack[stack.count - 1]) }

  @inline(__always)
  mutating func record(_ event: Event) {
    if records { events.append(event) }
  }

  mutating func push(_ frame: Frame) {
    record(.open(frame))
    stack.append(frame)
  }

  @discardableResult
  mutating func pop() -> Frame {
    let frame = stack.removeLast()
    record(.close(frame))
    return frame
  }

  mutating func endFormula() { hasEnded = true }

  func hasRoom(_ frames: Int) -> Bool { stack.count + frames <= Self.deepest }

  func slots(of frame: Frame) -> [Slot] {
    frame.flags.contains(.environment)
      ? EnvironmentTable.shared[frame.id].slots
      : CommandTable.shared[CommandID(index: frame.id)].slots
  }

  /// Whether nothing has to follow, though something may: `\\` before its length.
  func isOptionalRest(_ frame: Frame) -> Bool {
    guard frame.kind == .command else { return false }
    return slots(of: frame)[Int(frame.step)...].allSatisfy(\.isOptional)
  }

  // MARK: What was completed

  /// The innermost frame got an argument.
  mutating func finishArgument() {
    let frame = top
    switch frame.kind {
    case .script: pop()
    case .command:
      change { $0.step += 1 }
      if Int(top.step) == slots(of: top).count { finishCommand() }
    default: break
    }
  }

  mutating func finishCommand() {
    let frame = pop()
    if frame.flags.contains(.environment) { return }
    let command = CommandTable.shared[CommandID(index: frame.id)]
    if command.roles.contains(.construct) {
      finishAtom(isOperator: command.atom == .operators)
    } else if command.roles.contains(.newline) {
      if top.kind != .text { startRow() }
    } else if !command.roles.isDisjoint(with: [.space, .infix]), top.kind.isMathList {
      change { $0.flags.subtract(.atom) }
    }
  }

  /// An atom was completed in the frame that is now innermost.
  mutating func finishAtom(isOperator: Bool) {
    if top.kind.isMathList {
      change {
        $0.flags.subtract(isOperator ? [.sub, .sup, .prime, .start] : [.atom, .start])
        $0.flags.insert(
          isOperator ? [.operators, .hasContent, .hasAtom] : [.hasContent, .hasAtom])
      }
    } else {
      finishArgument()
    }
  }

  /// Takes a control word that the table does not know as if it were a symbol; false where none fits.
  mutating func takeUnknownAtom() -> Bool {
    let frame = top
    switch frame.kind {
    case .fenced where frame.step != 1: return false
    case .top, .group, .bracket, .fenced, .cells, .rows, .inlineMath:
      if !frame.flags.isDisjoint(with: [.sealed, .halfClosed]) { return false }
      finishAtom(isOperator: true)
    case .script: finishArgument()
    case .command:
      if isOptionalRest(frame) {
        finishCommand()
        return takeUnknownAtom()
      }
      let slot = slots(of: frame)[Int(frame.step)...].first { !$0.isOptional }
      guard slot == .math else { return false }
      while slots(of: top)[Int(top.step)] != .math { change { $0.step += 1 } }
      finishArgument()
    default: return false
    }
    return true
  }

  /// Lets something follow a displayed environment, which has become one that stands inside.
  mutating func unseal() { stack[0].flags.remove(.sealed) }

  mutating func startRow() {
    record(.row)
    change {
      $0.value = 0
      $0.flags.subtract([.atom, .infix, .tagged])
      $0.flags.insert([.start, .hasContent])
    }
  }

  mutating func startCell() {
    record(.cell)
    change {
      $0.value = min($0.value + 1, 10_000)
      $0.flags.subtract([.atom, .infix, .start])
      $0.flags.insert(.cellStart)
    }
  }
}
