extension Grammar {
  // MARK: Text

  mutating func takeInText(_ lexeme: Lexeme) -> Fault? {
    switch lexeme {
    case .space:
      record(.leaf(lexeme))
      return nil
    case .paragraph: return .blankLine
    case .unknown: return .unknownCommand
    case .character(let scalar):
      switch scalar {
      case "{":
        guard hasRoom(1) else { return .tooDeep }
        push(Frame(.text))
      case "}":
        let frame = pop()
        if frame.flags.contains(.argument) { finishArgument() }
      case "$":
        guard hasRoom(1) else { return .tooDeep }
        push(Frame(.inlineMath, flags: .dollar))
      case "^", "_", "&", "#", "%": return .specialCharacter
      default:
        if Self.isControl(scalar) { return .controlCharacter }
        record(.leaf(lexeme))
      }
      return nil
    case .command(let id):
      let uses = CommandTable.shared.uses[Int(id.index)]
      if uses.contains(.text) {
        record(.leaf(lexeme))
      } else if uses.contains(.textWithSlots) {
        guard hasRoom(2) else { return .tooDeep }
        push(Frame(.command, id: id.index))
      } else if uses.contains(.mathOpen), CommandTable.shared[id].name == "(" {
        guard hasRoom(1) else { return .tooDeep }
        push(Frame(.inlineMath))
      } else {
        return .commandInText
      }
      return nil
    }
  }

  /// An argument that is text: a group, or one character.
  mutating func takeTextArgument(_ lexeme: Lexeme) -> Fault? {
    switch lexeme {
    case .character(let scalar):
      switch scalar {
      case "{":
        push(Frame(.text, flags: .argument))
        return nil
      case "}", "$", "^", "_", "&", "#", "%", "~", "]": return .missingArgument
      default:
        if Self.isControl(scalar) { return .controlCharacter }
      }
    case .command(let id):
      guard CommandTable.shared.uses[Int(id.index)].contains(.textSymbol) else {
        return .missingArgument
      }
    case .unknown: return .unknownCommand
    default: return .missingArgument
    }
    record(.leaf(lexeme))
    finishArgument()
    return nil
  }
}
