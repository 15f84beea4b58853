extension Grammar {
  /// The environment whose cells the frame holds.
  func environment(of frame: Frame) -> Environment { EnvironmentTable.shared[frame.id] }

  // MARK: Lists of atoms

  mutating func takeInMath(_ lexeme: Lexeme) -> Fault? {
    let frame = top
    if frame.kind == .fenced, frame.step != 1 { return takeFence(lexeme) }
    if !frame.flags.isDisjoint(with: .halfClosed) {
      guard lexeme == .character("$") else { return .dollarSign }
      endFormula()
      return nil
    }
    switch lexeme {
    case .space: return nil
    case .paragraph:
      return frame.kind == .top && !frame.flags.contains(.hasContent) ? nil : .blankLine
    case .character(let scalar): return takeCharacter(scalar)
    case .command(let id): return takeCommand(id)
    case .unknown: return .unknownCommand
    }
  }

  private mutating func takeCharacter(_ scalar: Unicode.Scalar) -> Fault? {
    let frame = top
    if frame.flags.contains(.sealed), scalar != "$" { return .afterDisplay }
    switch scalar {
    case "{":
      guard hasRoom(1) else { return .tooDeep }
      change { $0.flags.subtract(.start) }
      push(Frame(.group))
    case "}":
      guard frame.kind == .group || frame.kind == .rows else { return .unexpectedCloser }
      pop()
      if frame.flags.contains(.argument) {
        finishArgument()
      } else {
        finishAtom(isOperator: false)
      }
    case "]" where frame.kind == .bracket:
      pop()
      finishArgument()
    case "^":
      if frame.flags.contains(.sup), !frame.flags.contains(.prime) { return .doubleScript }
      guard hasRoom(2) else { return .tooDeep }
      change {
        $0.flags.insert([.sup, .hasContent])
        $0.flags.subtract([.prime, .start])
      }
      push(Frame(.script, id: 1))
    case "_":
      if frame.flags.contains(.sub) { return .doubleScript }
      guard hasRoom(2) else { return .tooDeep }
      change {
        $0.flags.insert([.sub, .hasContent])
        $0.flags.subtract([.prime, .start])
      }
      push(Frame(.script, id: 0))
    case "'":
      if frame.flags.contains(.sup), !frame.flags.contains(.prime) { return .doubleScript }
      change {
        $0.flags.insert([.sup, .prime, .hasContent])
        $0.flags.subtract(.start)
      }
      record(.leaf(.character(scalar)))
    case "&":
      let isCell =
        frame.kind == .cells
        ? environment(of: frame).allowsAlignment
        : frame.kind == .top && allowsBareRows
      guard isCell else { return .misplacedAlignment }
      startCell()
    case "$": return takeDollar()
    case "#", "%": return .specialCharacter
    case "~":
      change { $0.flags.subtract([.atom, .start]) }
      record(.leaf(.character(scalar)))
    default:
      if let fault = Self.faultInMath(scalar) { return fault }
      record(.leaf(.character(scalar)))
      finishAtom(isOperator: false)
    }
    return nil
  }

  private mutating func takeDollar() -> Fault? {
    let frame = top
    if frame.kind == .inlineMath, frame.flags.contains(.dollar) {
      pop()
      return nil
    }
    guard frame.kind == .top else { return .dollarSign }
    switch end {
    case .dollar: endFormula()
    case .twoDollars: change { $0.flags.insert(.halfClosed) }
    default: return .dollarSign
    }
    return nil
  }

  /// Why a character cannot stand in a formula.
  static func faultInMath(_ scalar: Unicode.Scalar) -> Fault? {
    if scalar.isASCII {
      return scalar.value < 0x20 || scalar.value == 0x7F ? .controlCharacter : nil
    }
    return isControl(scalar) ? .controlCharacter : .unsupportedCharacter
  }

  /// Controls, marks that turn the direction of writing, and what no text has.
  static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x206F, 0xFEFF,
      0xFFF9...0xFFFB, 0xFFFE, 0xFFFF, 0xE0000...0xE0FFF:
      true
    default: scalar.value & 0xFFFE == 0xFFFE || (0xFDD0...0xFDEF).contains(scalar.value)
    }
  }

  private mutating func takeCommand(_ id: CommandID) -> Fault? {
    let uses = CommandTable.shared.uses[Int(id.index)]
    guard !uses.isDisjoint(with: allowedUses()) else { return faultInMath(of: id, uses) }
    let command = CommandTable.shared[id]
    let leaf = Event.leaf(.command(id))
    if uses.contains(.mathClose) {
      let isInline = top.kind == .inlineMath
      let closer = isInline || end == .parenthesis ? ")" : "]"
      guard command.name == closer else { return .unexpectedCloser }
      if isInline { pop() } else { endFormula() }
      return nil
    }
    if uses.contains(.left) {
      change { $0.flags.subtract(.start) }
      push(Frame(.fenced, id: id.index))
    } else if uses.contains(.right) {
      record(leaf)
      change { $0.step = 2 }
    } else if uses.contains(.middle) {
      // TeX closes a group here and opens the next one.
      change {
        $0.step = 3
        $0.flags.remove(.infix)
      }
      record(leaf)
    } else if uses.contains(.begin) {
      stack.append(Frame(.beginName))
    } else if uses.contains(.end) {
      stack.append(Frame(.endName))
    } else if uses.contains(.newline) {
      startRow()
    } else if !command.slots.isEmpty {
      pushCommand(id, command)
    } else if uses.contains(.mathSymbol) {
      record(leaf)
      finishAtom(isOperator: command.atom == .operators || command.atom == .function)
    } else {
      record(leaf)
      let isRule = uses.contains(.rowStart)
      let resets = !command.roles.isDisjoint(with: [.space, .style, .infix])
      change {
        // A prime joins only with what follows it directly.
        $0.flags.remove(.prime)
        if resets { $0.flags.subtract(.atom) }
        if !isRule && command.roles != [.mark, .mathematical] { $0.flags.subtract(.start) }
        if uses.contains(.infix) { $0.flags.insert(.infix) }
        $0.flags.insert(.hasContent)
      }
    }
    return nil
  }

  private mutating func pushCommand(_ id: CommandID, _ command: Command) {
    if top.kind.isMathList {
      change {
        if command.roles.contains(.infix) { $0.flags.insert(.infix) }
        if command.roles.contains(.tag) { $0.flags.insert(.tagged) }
        $0.flags.remove(.prime)
        if command.roles.isDisjoint(with: [.rowStart, .mark, .tag]) { $0.flags.subtract(.start) }
        $0.flags.insert(.hasContent)
      }
    }
    push(Frame(.command, id: id.index))
  }

  /// Why a command that the state does not allow cannot stand here.
  private func faultInMath(of id: CommandID, _ uses: CommandUse) -> Fault {
    let frame = top
    if frame.flags.contains(.sealed) { return .afterDisplay }
    if !uses.isDisjoint(with: .nesting), !hasRoom(3),
      !uses.isDisjoint(with: allowedUses(ignoresRoom: true))
    {
      return .tooDeep
    }
    if uses.contains(.right) || uses.contains(.end) || uses.contains(.mathClose) {
      return .unexpectedCloser
    }
    if uses.contains(.newline) || uses.contains(.newlineWithSlots) { return .misplacedRow }
    if uses.contains(.limits) { return .limitsWithoutOperator }
    if uses.contains(.infix) || uses.contains(.infixWithSlots) { return .secondInfix }
    if !CommandTable.shared[id].roles.contains(.mathematical) { return .textCommandInFormula }
    return .misplacedCommand
  }

  // MARK: Delimiters

  private mutating func takeFence(_ lexeme: Lexeme) -> Fault? {
    if lexeme == .space { return nil }
    guard Self.isDelimiter(lexeme) else {
      if lexeme == .unknown { return .unknownCommand }
      return lexeme == .paragraph ? .blankLine : .missingDelimiter
    }
    record(.leaf(lexeme))
    if top.step == 2 {
      pop()
      finishAtom(isOperator: false)
    } else {
      change {
        $0.step = 1
        $0.flags.subtract(.atom)
      }
    }
    return nil
  }

  static func isDelimiter(_ lexeme: Lexeme) -> Bool {
    switch lexeme {
    case .character(let scalar):
      switch scalar {
      case "(", ")", "[", "]", "|", "/", ".", "<", ">": return true
      default: return false
      }
    case .command(let id): return CommandTable.shared[id].roles.contains(.delimiter)
    default: return false
    }
  }

  // MARK: Arguments

  /// An argument that is a formula: a group, one symbol, or a command with its own arguments.
  mutating func takeMathArgument(_ lexeme: Lexeme) -> Fault? {
    switch lexeme {
    case .space: return nil
    case .paragraph: return .blankLine
    case .unknown: return .unknownCommand
    case .character(let scalar):
      switch scalar {
      case "{":
        push(Frame(.group, flags: .argument))
        return nil
      case "}", "^", "_", "&", "'", "$", "#", "%", "~": return .missingArgument
      case "]" where isInBracket: return .missingArgument
      default:
        if let fault = Self.faultInMath(scalar) { return fault }
        record(.leaf(lexeme))
        finishArgument()
        return nil
      }
    case .command(let id):
      let uses = CommandTable.shared.uses[Int(id.index)]
      if uses.contains(.mathSymbol) {
        record(.leaf(lexeme))
        finishArgument()
        return nil
      }
      guard uses.contains(.argument) else { return .missingArgument }
      guard hasRoom(2) else { return .tooDeep }
      push(Frame(.command, id: id.index))
      return nil
    }
  }

  /// Whether a `]` would close a bracket, as it does wherever no brace is in between.
  private var isInBracket: Bool {
    var level = stack.count - 1
    while level > 0, stack[level].kind == .command || stack[level].kind == .script { level -= 1 }
    return stack[level].kind == .bracket
  }

  mutating func takeArgumentOfCommand(_ lexeme: Lexeme) -> Fault? {
    while true {
      let frame = top
      guard frame.kind == .command else { return take(lexeme) }
      let slot = slots(of: frame)[Int(frame.step)]
      if lexeme == .space {
        skipOptionalBeforeSpace(slot, frame)
        return nil
      }
      if slot.isOptional {
        let (opener, next): (Unicode.Scalar, Frame?) =
          switch slot {
          case .star: ("*", nil)
          case .optionalMath: ("[", Frame(.bracket))
          default: ("[", Frame(.raw, id: UInt16(slot.rawValue)))
          }
        if lexeme == .character(opener) {
          if let next {
            push(next)
          } else {
            record(.leaf(lexeme))
            finishArgument()
          }
          return nil
        }
        if Int(frame.step) + 1 == slots(of: frame).count {
          finishCommand()
          return take(lexeme)
        }
        change { $0.step += 1 }
        continue
      }
      return takeRequired(slot, lexeme)
    }
  }

  /// After a space an optional argument cannot follow: `\\ [x]` has no length.
  private mutating func skipOptionalBeforeSpace(_ slot: Slot, _ frame: Frame) {
    guard slot.isOptional, isOptionalRest(frame) else { return }
    finishCommand()
  }

  private mutating func takeRequired(_ slot: Slot, _ lexeme: Lexeme) -> Fault? {
    if lexeme == .paragraph { return .blankLine }
    switch slot {
    case .math: return takeMathArgument(lexeme)
    case .text: return takeTextArgument(lexeme)
    case .delimiter:
      guard Self.isDelimiter(lexeme) else {
        return lexeme == .unknown ? .unknownCommand : .missingDelimiter
      }
      record(.leaf(lexeme))
      finishArgument()
      return nil
    case .bracedDelimiter where lexeme != .character("{"):
      guard Self.isDelimiter(lexeme) else {
        return lexeme == .unknown ? .unknownCommand : .missingDelimiter
      }
      record(.leaf(lexeme))
      finishArgument()
      return nil
    case .bareDimension, .bareMuDimension:
      if lexeme == .unknown { return .unknownCommand }
      push(Frame(.raw, id: UInt16(slot.rawValue)))
      if let fault = takeRaw(lexeme) {
        stack.removeLast()
        if records { events.removeLast() }
        return fault
      }
      return nil
    default:
      guard lexeme == .character("{") else {
        return lexeme == .unknown ? .unknownCommand : .missingBrace
      }
      switch slot {
      case .bracedText: push(Frame(.text, flags: .argument))
      case .rows: push(Frame(.rows, flags: [.argument, .start]))
      default: push(Frame(.raw, id: UInt16(slot.rawValue)))
      }
      return nil
    }
  }
}
