extension Grammar {
  // MARK: Names of environments

  mutating func takeName(_ lexeme: Lexeme) -> Fault? {
    let frame = top
    guard case .character(let scalar) = lexeme else {
      if lexeme == .space, frame.step == 0 { return nil }
      return frame.kind == .beginName ? .unknownEnvironment : .wrongEnd
    }
    if frame.step == 0 {
      guard scalar == "{" else { return .missingBrace }
      change { $0.step = 1 }
      return nil
    }
    return frame.kind == .beginName ? takeBeginName(scalar) : takeEndName(scalar)
  }

  /// The kinds of environments that may begin behind the `\begin` that was read.
  var allowedEnvironments: UInt32 {
    let below = stack[stack.count - 2]
    let isStart = below.kind == .top && !below.flags.contains(.hasContent)
    return isStart ? EnvironmentTable.inner | EnvironmentTable.outer : EnvironmentTable.inner
  }

  private mutating func takeBeginName(_ scalar: Unicode.Scalar) -> Fault? {
    let names = EnvironmentTable.shared.names
    let node = top.value
    guard scalar == "}" else {
      guard scalar.isASCII, let next = names.child(of: node, UInt8(scalar.value)) else {
        return .unknownEnvironment
      }
      guard names.roles[Int(next)] & allowedEnvironments != 0 else { return .misplacedEnvironment }
      change { $0.value = next }
      return nil
    }
    let id = names.value[Int(node)]
    guard id != NameTree.none else { return .unknownEnvironment }
    let environment = EnvironmentTable.shared[id]
    let role = environment.isOuter ? EnvironmentTable.outer : EnvironmentTable.inner
    guard role & allowedEnvironments != 0 else { return .misplacedEnvironment }
    stack.removeLast()
    change { $0.flags.subtract(.start) }
    push(Frame(.cells, id: id, flags: .start))
    if !environment.slots.isEmpty { push(Frame(.command, id: id, flags: .environment)) }
    return nil
  }

  private mutating func takeEndName(_ scalar: Unicode.Scalar) -> Fault? {
    let environment = environment(of: stack[stack.count - 2])
    let position = Int(top.value)
    if position < environment.nameBytes.count {
      guard scalar.value == UInt32(environment.nameBytes[position]) else { return .wrongEnd }
      change { $0.value += 1 }
      return nil
    }
    guard scalar == "}" else { return .wrongEnd }
    stack.removeLast()
    pop()
    finishAtom(isOperator: false)
    if environment.isOuter { change { $0.flags.insert(.sealed) } }
    return nil
  }

  // MARK: Words, numbers, lengths

  mutating func takeRaw(_ lexeme: Lexeme) -> Fault? {
    if top.kind == .gap { return takeGap(lexeme) }
    let slot = Slot(rawValue: UInt8(top.id))
    switch slot {
    case .columns: return takeColumns(lexeme)
    case .number, .style: return takeNumber(lexeme, digits: slot == .style ? 1 : 3)
    case .raw, .optionalRaw: return takeWords(lexeme, closer: slot == .raw ? "}" : "]")
    case .optionalPlace: return takePlace(lexeme)
    case .bracedDelimiter: return takeBracedDelimiter(lexeme)
    default: return takeLength(lexeme, slot ?? .dimension)
    }
  }

  private mutating func closeRaw() {
    pop()
    finishArgument()
  }

  private mutating func takeNumber(_ lexeme: Lexeme, digits: UInt8) -> Fault? {
    guard case .character(let scalar) = lexeme else { return .badNumber }
    if scalar == "}" {
      guard top.step > 0 || digits == 1 else { return .badNumber }
      closeRaw()
      return nil
    }
    guard ("0"..."9").contains(scalar), top.step < digits else { return .badNumber }
    if digits == 1, scalar > "3" { return .badNumber }
    // A count of nothing is none.
    if digits > 1, top.step == 0, scalar == "0" { return .badNumber }
    record(.leaf(lexeme))
    change { $0.step += 1 }
    return nil
  }

  private mutating func takeWords(_ lexeme: Lexeme, closer: Unicode.Scalar) -> Fault? {
    if lexeme == .space {
      record(.leaf(lexeme))
      return nil
    }
    guard case .character(let scalar) = lexeme else { return .badWords }
    if scalar == closer {
      guard top.step > 0 else { return .badWords }
      closeRaw()
      return nil
    }
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", ":", ".", ",", "-", "_", "!", "*", "+", "/", "(", ")",
      "@",
      "|", ";":
      record(.leaf(lexeme))
      change { $0.step = 1 }
      return nil
    default: return .badWords
    }
  }

  private mutating func takePlace(_ lexeme: Lexeme) -> Fault? {
    guard case .character(let scalar) = lexeme else { return .badWords }
    if top.step == 1 {
      guard scalar == "]" else { return .badWords }
      closeRaw()
      return nil
    }
    switch scalar {
    case "t", "b", "c", "l", "r":
      record(.leaf(lexeme))
      change { $0.step = 1 }
      return nil
    default: return .badWords
    }
  }

  private mutating func takeBracedDelimiter(_ lexeme: Lexeme) -> Fault? {
    if lexeme == .space { return nil }
    if lexeme == .character("}") {
      closeRaw()
      return nil
    }
    guard top.step == 0, Self.isDelimiter(lexeme) else {
      return lexeme == .unknown ? .unknownCommand : .missingDelimiter
    }
    record(.leaf(lexeme))
    change { $0.step = 1 }
    return nil
  }

  /// The steps of a length: sign, digits, point, digits, two letters of a unit.
  private mutating func takeLength(_ lexeme: Lexeme, _ slot: Slot) -> Fault? {
    let isMu = slot == .muDimension || slot == .bareMuDimension
    if lexeme == .space, top.step != 5 { return nil }
    guard case .character(let scalar) = lexeme, scalar.isASCII else {
      return lexeme == .unknown ? .unknownCommand : .badLength
    }
    let byte = UInt8(scalar.value)
    var step = top.step
    switch step {
    case 0 where scalar == "-" || scalar == "+": step = 1
    case 0 where scalar == "}" && slot == .bracedDimension:
      closeRaw()
      return nil
    case 0, 1:
      guard let next = Self.digitOrPoint(scalar), takeDigit(byte) else { return .badLength }
      step = next
    case 2:
      if let next = Self.digitOrPoint(scalar) {
        guard takeDigit(byte) else { return .badLength }
        step = next == 3 ? 4 : 2
      } else {
        guard Self.beginsUnit(byte, top.count, isMu: isMu) else { return .badLength }
        change { $0.value = UInt16(byte) }
        step = 5
      }
    case 3:
      guard Self.digitOrPoint(scalar) == 2 else { return .badLength }
      step = 4
    case 4:
      if Self.digitOrPoint(scalar) != 2 {
        guard Self.beginsUnit(byte, top.count, isMu: isMu) else { return .badLength }
        change { $0.value = UInt16(byte) }
        step = 5
      }
    case 5:
      let first = UInt8(top.value)
      guard Self.isUnit(first, byte, isMu: isMu), top.count <= Self.most(of: first, byte) else {
        return .badLength
      }
      step = 6
    default:
      let closer: Unicode.Scalar = slot == .optionalDimension ? "]" : "}"
      guard scalar == closer else { return .badLength }
      closeRaw()
      return nil
    }
    record(.leaf(lexeme))
    change { $0.step = step }
    if step == 6, slot == .bareDimension || slot == .bareMuDimension { closeRaw() }
    return nil
  }

  /// Counts a digit before the point; false where the number becomes larger than a length in points may be.
  private mutating func takeDigit(_ byte: UInt8) -> Bool {
    guard byte != UInt8(ascii: ".") else { return true }
    let whole = Int(top.count) * 10 + Int(byte - UInt8(ascii: "0"))
    guard whole <= Self.mostPoints else { return false }
    change { $0.count = UInt16(whole) }
    return true
  }

  /// TeX's lengths end below 16384 points.
  private static let mostPoints = 16_382

  /// The largest whole number of a unit. An em is 25 points in the largest size of LaTeX's own fonts.
  static func most(of first: UInt8, _ second: UInt8) -> UInt16 {
    switch (first, second) {
    case (UInt8(ascii: "i"), _): 225
    case (UInt8(ascii: "c"), UInt8(ascii: "m")): 574
    case (UInt8(ascii: "m"), UInt8(ascii: "m")): 5_756
    case (UInt8(ascii: "p"), UInt8(ascii: "c")): 1_364
    case (UInt8(ascii: "c"), UInt8(ascii: "c")): 1_274
    case (UInt8(ascii: "d"), _): 15_310
    case (UInt8(ascii: "b"), _): 16_321
    case (UInt8(ascii: "e"), UInt8(ascii: "m")): 650
    case (UInt8(ascii: "e"), _): 1_500
    default: UInt16(mostPoints)
    }
  }

  private static func digitOrPoint(_ scalar: Unicode.Scalar) -> UInt8? {
    ("0"..."9").contains(scalar) ? 2 : scalar == "." ? 3 : nil
  }

  static let units: [[UInt8]] = ["pt", "em", "ex", "cm", "mm", "in", "bp", "pc", "sp", "dd", "cc"]
    .map { Array($0.utf8) }

  private static func beginsUnit(_ byte: UInt8, _ count: UInt16, isMu: Bool) -> Bool {
    isMu
      ? byte == UInt8(ascii: "m")
      : units.contains { $0[0] == byte && count <= most(of: $0[0], $0[1]) }
  }

  private static func isUnit(_ first: UInt8, _ second: UInt8, isMu: Bool) -> Bool {
    isMu ? second == UInt8(ascii: "u") : units.contains { $0 == [first, second] }
  }

  // MARK: Columns

  /// The steps: 0 letters; 1 behind `*`, 2 and 3 its number, 4 before its columns; 5 behind `@`.
  private mutating func takeColumns(_ lexeme: Lexeme) -> Fault? {
    let frame = top
    if lexeme == .space, frame.step != 2, frame.step != 3 { return nil }
    guard case .character(let scalar) = lexeme else {
      return lexeme == .unknown ? .unknownCommand : .badColumns
    }
    let isNested = stack[stack.count - 2].kind == .raw
    switch frame.step {
    case 0:
      switch scalar {
      case "l", "c", "r": change { $0.count = min($0.count + 1, UInt16(Environment.mostColumns)) }
      case "|": break
      case "*":
        guard hasRoom(1), !isNested else { return .badColumns }
        change { $0.step = 1 }
      case "@":
        guard hasRoom(1), !isNested else { return .badColumns }
        change { $0.step = 5 }
      case "}":
        guard frame.count > 0 else { return .badColumns }
        closeColumns(isNested: isNested)
        return nil
      default: return .badColumns
      }
    case 1:
      guard scalar == "{" else { return .missingBrace }
      change { $0.step = 2 }
    case 2, 3:
      if scalar == "}", frame.step == 3 {
        change { $0.step = 4 }
      } else {
        guard ("0"..."9").contains(scalar), frame.value < 10, frame.step == 3 || scalar != "0"
        else {
          return .badNumber
        }
        change {
          $0.value = $0.value * 10 + UInt16(scalar.value - 48)
          $0.step = 3
        }
      }
    case 4:
      guard scalar == "{" else { return .missingBrace }
      record(.leaf(lexeme))
      stack.append(Frame(.raw, id: frame.id))
      return nil
    default:
      guard scalar == "{" else { return .missingBrace }
      record(.leaf(lexeme))
      stack.append(Frame(.gap))
      return nil
    }
    record(.leaf(lexeme))
    return nil
  }

  private mutating func closeColumns(isNested: Bool) {
    let columns = top.count
    if isNested {
      record(.leaf(.character("}")))
      stack.removeLast()
      change {
        // A hundred times all columns is more than the count can hold.
        let sum = Int($0.count) + Int(columns) * Int(min($0.value, 100))
        $0.count = UInt16(min(Environment.mostColumns, sum))
        $0.value = 0
        $0.step = 0
      }
      return
    }
    // The frame of the cells keeps how many columns were declared.
    if stack[stack.count - 2].flags.contains(.environment) {
      stack[stack.count - 3].count = columns
    }
    closeRaw()
  }

  /// What stands between columns: a few characters and spaces.
  private mutating func takeGap(_ lexeme: Lexeme) -> Fault? {
    switch lexeme {
    case .space: break
    case .character(let scalar):
      if scalar == "}" {
        record(.leaf(lexeme))
        stack.removeLast()
        change { $0.step = 0 }
        return nil
      }
      guard scalar.isASCII, scalar.value > 0x20, scalar.value < 0x7F,
        !"{$&#^_%~'".unicodeScalars.contains(scalar)
      else { return .badColumns }
    case .command(let id):
      guard CommandTable.shared.uses[Int(id.index)].contains(.mathSpace) else { return .badColumns }
    case .unknown: return .unknownCommand
    case .paragraph: return .badColumns
    }
    record(.leaf(lexeme))
    return nil
  }
}
